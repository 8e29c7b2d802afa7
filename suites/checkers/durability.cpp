#include "suites/checkers/durability.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/recovery.hpp"
#include "suites/checkers/settling.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

using Settled = std::map<std::uint32_t, std::vector<Time>>;

/// For each message, when the subscriptions were begun on which its settling was asked for.
Settled settled_on(const View& view) {
  Settled found;
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& operation : view.operations(action))
      if (const Operation* subscribe = view.subscribe_of(operation.subscription))
        found[operation.message].push_back(subscribe->invoked);
  return found;
}

/// Whether the settling was asked for of the bus that was killed: the message may rightly be gone.
/// The request may have been on its way when the kill was announced.
bool excused(const Settled& settled, std::uint32_t message, Time kill) {
  const auto found = settled.find(message);
  return found != settled.end() && std::any_of(found->second.begin(), found->second.end(),
                                               [&](Time subscribed) { return subscribed < kill; });
}

/// Whether it came to somebody who subscribed after the kill.
bool came_after(const View& view, const ByMessage& came, std::uint32_t message, Time kill) {
  const auto found = came.find(message);
  return found != came.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const Delivery& delivery) {
           const Operation* subscribe = view.subscribe_of(delivery.subscription);
           return subscribe != nullptr && subscribe->invoked > kill;
         });
}

bool used_up(const contract::Claims& claims, const ByMessage& came, std::uint32_t message) {
  const auto most = claims.limit("attempts_max");
  const auto found = came.find(message);
  return most && found != came.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const Delivery& delivery) { return delivery.attempt >= *most; });
}

/// How the bus went: the mark, the finding, and words for it; and how young may be lost with it.
struct Going {
  std::string_view mark, finding, word;
  Time window = Time::zero();
};

Judgement lost(const Going& going, const Operation& publish, const history::Note& kill,
               std::size_t fence) {
  return Judgement::violated(
      std::string(going.finding),
      fmt::format("Message m{} was accepted {:.1f} ms before the {} and never came again.",
                  publish.message, millis(kill.at - publish.answered), going.word),
      {publish.invoke_index, publish.answer_index, kill.index, fence});
}

Judgement survive(const View& view, const contract::Claims& claims, const Going& going) {
  const auto kills = view.marks(going.mark);
  if (kills.empty())
    return Judgement::inconclusive(fmt::format("there was no {} of the bus", going.word));
  const Settled settled = settled_on(view);
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Operation& publish : view.operations(Action::publish)) {
      const auto due = owed.due(publish);
      if (!due) continue;
      // Each kill that it was owed beyond; one without a fence behind it is open only if none had.
      bool was_owed = false, proven = false;
      for (const history::Note& kill : kills) {
        if (kill.at <= publish.answered + going.window ||
            excused(settled, publish.message, kill.at))
          continue;
        const bool survived = came_after(view, came, publish.message, kill.at);
        if (!survived && used_up(claims, came, publish.message)) continue;
        was_owed = true;
        const Operation* fence = owed.fence_behind(std::max(kill.at, *due));
        if (!survived && fence != nullptr) return lost(going, publish, kill, fence->invoke_index);
        proven = proven || survived;
      }
      if (proven) ++judged;
      open = open || (was_owed && !proven);
    }
  }
  if (open)
    return Judgement::inconclusive(
        fmt::format("no fence came after the {}: silence proves nothing", going.word));
  return Judgement::met(judged);
}

/// What is violated first: that, or that what was acked is over, where acks are durable.
Judgement with_acks(const View& view, const contract::Claims& claims, const Judgement& survived) {
  if (survived.verdict() == contract::Verdict::violated ||
      claims.trait("queue", "ack") != "durable")
    return survived;
  const Judgement acked = judge_acked_on_later_connection(view, claims);
  return acked.verdict() == contract::Verdict::violated ? acked : survived;
}

/// A publish that was not accepted between that instant and the next stop, and not for want of
/// room; or null.
const Operation* refused_after(const View& view, Time from) {
  Time until = history::kNever;
  for (const history::Note& stop : view.marks("stop"))
    if (stop.at > from) until = std::min(until, stop.at);
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.invoked > from && publish.answered < until && !publish.ok() &&
        publish.error != "backpressure" && publish.error != "rate_limited")
      return &publish;
  return nullptr;
}

}  // namespace

Judgement judge_publishes_survive(const View& view, const contract::Claims& claims) {
  return survive(view, claims, {"kill", "lost_in_crash", "kill"});
}

Judgement judge_waiting_survives(const View& view, const contract::Claims& claims) {
  return survive(view, claims, {"stop", "lost_in_restart", "restart"});
}

Judgement judge_publishes_survive_server(const View& view, const contract::Claims& claims) {
  return survive(view, claims, {"store_killed", "lost_with_server", "end of a server"});
}

Judgement judge_acks_survive_server(const View& view, const contract::Claims& claims) {
  const auto kills = view.marks("store_killed");
  const auto acks = view.operations(Action::ack);
  const bool met = std::any_of(acks.begin(), acks.end(), [&](const Operation& ack) {
    return ack.ok() && !kills.empty() && ack.answered < kills.back().at;
  });
  if (!met) return Judgement::inconclusive("no server ended after an ack had been answered");
  return judge_acked_on_later_connection(view, claims);
}

Judgement judge_recovers_from_server_loss(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const history::Note& back : view.marks("store_back")) {
    Time until = history::kNever;
    for (const char* name : {"store_killed", "started"})
      for (const history::Note& note : view.marks(name))
        if (note.at > back.at) until = std::min(until, note.at);
    const auto [accepted, late] = recovery(view, claims, back.at, until);
    if (accepted) ++judged;
    if (late != nullptr)
      return Judgement::violated(
          "did_not_recover",
          fmt::format("{:.1f} s after its server was back the publish of m{} was still refused "
                      "({}).",
                      millis(late->invoked - back.at) / 1000, late->message, late->error),
          {back.index, late->invoke_index, late->answer_index});
  }
  return Judgement::met(judged);
}

Judgement judge_power_cut_survived(const View& view, const contract::Claims& claims) {
  return with_acks(view, claims,
                   survive(view, claims, {"power_cut", "lost_in_power_cut", "power cut"}));
}

Judgement judge_loss_window(const View& view, const contract::Claims& claims) {
  const auto window = declared(claims, "loss_window_ms");
  if (!window) return Judgement::unverified("limit loss_window_ms is not declared");
  // The bus shares its machine: what kept the harness waiting may have kept it from its sync.
  return survive(view, claims,
                 {"power_cut", "lost_beyond_window", "power cut",
                  *window + granularity(claims) + own_delay(view, Time::zero(), history::kNever)});
}

Judgement judge_second_start(const View& view, const contract::Claims& claims) {
  const auto refused = view.marks("second_refused");
  if (refused.empty() && view.marks("second_serves").empty())
    return Judgement::inconclusive("no second bus was started");
  for (const history::Note& second : refused)
    if (const Operation* publish = refused_after(view, second.at))
      return Judgement::violated(
          "disturbed",
          fmt::format("A second bus refused to start, and from then on the first did not accept "
                      "message m{} ({}).",
                      publish->message, publish->error),
          {second.index, publish->invoke_index, publish->answer_index});
  return with_acks(view, claims, survive(view, claims, {"stop", "lost", "restart"}));
}

}  // namespace busproof::checkers
