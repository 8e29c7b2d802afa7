// Nodes that die, leave and come: what becomes of what they held, and of those they served.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/nodes.hpp"
#include "suites/checkers/progress.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using contract::Verdict;
using history::Action;
using history::Delivery;
using history::kNever;
using history::Note;
using history::Operation;
using history::Time;
using history::View;

std::int64_t node_of(const View& view, std::uint32_t session) {
  for (const Note& mark : view.marks("at_node"))
    if (mark.session == session) return mark.amount;
  return 0;
}

/// When that session's node was killed; kNever.
Time killed(const View& view, std::uint32_t session) {
  const std::int64_t node = node_of(view, session);
  for (const Note& mark : view.marks("node_killed"))
    if (mark.amount == node && node != 0) return mark.at;
  return kNever;
}

/// What a node that was then killed had delivered and nobody had settled.
bool was_held(const View& view, const Delivery& delivery, Time killed_at) {
  if (killed_at == kNever || delivery.at > killed_at) return false;
  const auto settled = [&](Action action) {
    const auto all = view.on_delivery(action, delivery.delivery);
    return all.begin() != all.end();  // Answered or not: it may have been done.
  };
  return !settled(Action::ack) && !settled(Action::reject) && !settled(Action::extend);
}

/// The first sign, after `due`, that the bus still hands out to the group's member elsewhere: a
/// fence published after that and received by the member.
const Delivery* sign_of_life(const View& view, const ByMessage& came, Time due) {
  for (const Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    const auto found = came.find(mark.message);
    if (publish != nullptr && publish->invoked > due && found != came.end())
      return &found->second.front();
  }
  return nullptr;
}

}  // namespace

Judgement judge_dead_node(const View& view, const Claims& claims) {
  const Time grace = declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise);
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    for (const auto& [message, all] : came) {
      const Delivery& first = all.front();
      const Time died = killed(view, first.session);
      if (message == 0 || !was_held(view, first, died)) continue;
      const auto again = std::find_if(all.begin(), all.end(), [&](const Delivery& later) {
        return later.at > died && killed(view, later.session) == kNever;
      });
      const bool timed = claims.trait("queue", "lease") == "timed";
      const auto term = timed ? lease_of(view, claims, first.subscription)
                              : declared(claims, "recovery_ms").value_or(kGraceOtherwise);
      if (!term) continue;
      // A lease begins before its delivery is received.
      const Time due = std::max(died, first.at) + *term + grace;
      const Delivery* sign = again == all.end() ? sign_of_life(view, came, due) : nullptr;
      if (again == all.end() && sign == nullptr) {
        open = true;
        continue;
      }
      const Time at = sign == nullptr ? again->at : view.publish_of(sign->message)->invoked;
      if (sign == nullptr && at <= due + own_delay(view, died, at)) {
        ++judged;
        continue;
      }
      if (at <= due + own_delay(view, died, at) || !had_credit(view, claims, group, due, at)) {
        open = true;
        continue;
      }
      return Judgement::violated(
          "held_on",
          fmt::format(
              "Message m{} was held at a node that was killed, its lease was over {:.0f} ms "
              "after that at the latest, and {} {:.0f} ms after it.",
              message, millis(due - grace - died),
              sign == nullptr ? "it came elsewhere" : "it had not come elsewhere",
              millis(at - died)),
          {first.index, sign == nullptr ? again->index : sign->index});
    }
  }
  if (open)
    return Judgement::inconclusive("a message did not come, and nothing shows for how long");
  return Judgement::met(judged);
}

Judgement judge_rolling_restart(const View& view, const Claims& claims) {
  const Judgement judgement = judge_none_lost(view, claims);
  if (judgement.verdict() != Verdict::met) return judgement;
  std::set<std::int64_t> restarted;
  std::uint64_t meanwhile = 0;
  for (const Note& stopping : view.marks("node_stopping"))
    for (const Note& started : view.marks("node_started")) {
      if (started.amount != stopping.amount || started.at < stopping.at) continue;
      restarted.insert(stopping.amount);
      for (const Operation& publish : view.operations(Action::publish))
        if (publish.ok() && publish.invoked > stopping.at && publish.answered < started.at)
          ++meanwhile;
    }
  if (restarted.size() < 2) return Judgement::inconclusive("two nodes were not restarted");
  if (meanwhile == 0) return Judgement::inconclusive("nothing was accepted meanwhile");
  return judgement;
}

Judgement judge_started_at_once(const View& view, const Claims& claims) {
  for (const Note& mark : view.marks("node_not_started"))
    return Judgement::violated(
        "not_started",
        fmt::format("Node {}, started at once with others on empty stores, does not serve: {}.",
                    mark.amount, history::text_of(mark.said, "why")),
        {mark.index});
  if (view.marks("node_started").size() < 2)
    return Judgement::inconclusive("no two nodes were started at once");
  return judge_queue_over_nodes(view, claims);
}

Judgement judge_back_elsewhere(const View& view, const Claims& claims) {
  const Time within = std::chrono::milliseconds(claims.limit_or_default("recovery_ms"));
  const auto lost = view.marks("node_killed");
  if (lost.empty()) return Judgement::inconclusive("no node was killed");
  const Time died = lost.front().at;
  std::uint64_t judged = 0;
  for (const Note& back : view.marks("back")) {
    if (back.at <= died + within + own_delay(view, died, back.at)) {
      judged += static_cast<std::uint64_t>(back.amount);
      continue;
    }
    return Judgement::violated(
        "not_served",
        fmt::format("{} clients of a node that was killed were served {:.0f} ms later; recovery_ms "
                    "is {:.0f}.",
                    back.amount, millis(back.at - died), millis(within)),
        {lost.front().index, back.index});
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
