// Nodes that die, leave and come: what becomes of what they held, and of those they served.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

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

/// One try of a client to be served by another node: a connection, a hello and a publish.
struct Attempt {
  Time begun{};
  Time ended = kNever;  ///< When it failed, or was served.
  bool served = false;
  bool whole = true;  ///< Not left off by the client itself.
  std::string why;    ///< What it failed with.
  std::size_t index = 0;
};

/// The next thing that a client did on that session; true where it went well.
bool went_well(const View& view, Action action, std::uint32_t session, Attempt& attempt) {
  for (const Operation& operation : view.operations(action)) {
    if (operation.session != session) continue;
    attempt.ended = operation.answered;
    attempt.index = operation.answer_index;
    attempt.why = operation.error.empty() ? "no answer" : operation.error;
    // Silence counts once it lasts longer than what the harness itself may have lost.
    if (operation.error == "no_answer" || operation.answered == kNever)
      attempt.whole = operation.answered != kNever &&
                      operation.answered > operation.invoked + own_delay(view, operation.invoked,
                                                                         operation.answered);
    return operation.ok();
  }
  attempt.whole = false;
  return false;
}

/// What the clients of each session tried elsewhere, in order.
std::map<std::uint32_t, std::vector<Attempt>> attempts_elsewhere(const View& view) {
  std::map<std::uint32_t, std::vector<Attempt>> found;
  for (const Note& begun : view.marks("return"))
    found[begun.session].push_back({.begun = begun.at, .whole = false, .why = "", .index = 0});
  const auto under_way = [&](std::uint32_t session, Time at) -> Attempt* {
    Attempt* latest = nullptr;
    for (Attempt& attempt : found[session])
      if (attempt.begun <= at && attempt.ended == kNever) latest = &attempt;
    return latest;
  };
  for (const Note& refused : view.marks("not_returned")) {
    Attempt* attempt = under_way(refused.session, refused.at);
    if (attempt == nullptr) continue;
    *attempt = {attempt->begun, refused.at, false, true, "not connected", refused.index};
  }
  for (const Note& returned : view.marks("returned")) {
    Attempt* attempt = under_way(static_cast<std::uint32_t>(returned.amount), returned.at);
    if (attempt == nullptr) continue;
    attempt->whole = true;
    attempt->served = went_well(view, Action::hello, returned.session, *attempt) &&
                      went_well(view, Action::publish, returned.session, *attempt);
  }
  return found;
}

struct Comeback {
  bool served = false;
  const Attempt* turned_away = nullptr;  ///< The first that a bus owes being served.
};

/// A bus may turn a client away until recovery_ms after this tried first, and may take that long
/// to answer. Who did not try again after that shows nothing.
Comeback comeback_of(const View& view, const std::vector<Attempt>& attempts, Time within) {
  Comeback comeback;
  const Time first = attempts.front().begun;
  for (const Attempt& attempt : attempts) {
    const Time delay = own_delay(view, first, std::max(first, attempt.begun));
    const bool late = attempt.begun >= first + within + delay;
    const Time slow = attempt.begun + within;
    const bool waited =
        attempt.served && attempt.ended > slow + own_delay(view, attempt.begun, attempt.ended);
    if (attempt.served && !waited) {
      comeback.served = true;
      return comeback;
    }
    if (waited || (late && attempt.whole && !attempt.served)) {
      comeback.turned_away = &attempt;
      return comeback;
    }
  }
  return comeback;
}

/// Whether its client had been served before.
bool was_served(const View& view, std::uint32_t session) {
  const auto all = view.operations(Action::publish);
  return std::any_of(all.begin(), all.end(), [&](const Operation& publish) {
    return publish.session == session && publish.ok();
  });
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
  const auto lost = view.marks("node_killed");
  if (lost.empty()) return Judgement::inconclusive("no node was killed");
  const Time within = std::chrono::milliseconds(claims.limit_or_default("recovery_ms"));
  const std::map<std::uint32_t, std::vector<Attempt>> clients = attempts_elsewhere(view);
  std::uint64_t judged = 0, open = 0;
  for (const Note& mark : view.marks("at_node"))
    if (!clients.contains(mark.session) && killed(view, mark.session) != kNever &&
        was_served(view, mark.session))
      ++open;  // Where it went nobody saw.
  std::optional<Judgement> found;
  for (const auto& [session, attempts] : clients) {
    if (killed(view, session) == kNever || !was_served(view, session)) continue;
    const Comeback comeback = comeback_of(view, attempts, within);
    if (comeback.served) {
      ++judged;
    } else if (comeback.turned_away == nullptr) {
      ++open;
    } else if (!found) {
      const Attempt& at = *comeback.turned_away;
      found = Judgement::violated(
          "not_served",
          fmt::format(
              "A client of a node that was killed tried another for {:.0f} ms and was not "
              "served ({}); recovery_ms is {:.0f}.",
              millis(std::min(at.ended, view.history().events.back().at) - attempts.front().begun),
              at.why, millis(within)),
          {lost.front().index, at.index});
    }
  }
  if (found) return *found;
  if (open > 0)
    return Judgement::inconclusive(
        fmt::format("{} clients were not seen to be served, nor to try for long enough", open));
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
