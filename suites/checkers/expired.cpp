#include "suites/checkers/expired.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/life.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/remains.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// One message and one group, with what came of it there.
struct Copy {
  const Operation* publish;
  Group group;
  std::vector<Delivery> came;
  std::vector<Time> starts;  ///< The earliest begin of each delivery.
};

/// Every accepted queue message whose life is known, for every group that is certainly owed it.
std::vector<Copy> copies(const View& view, const contract::Claims& claims) {
  std::vector<Copy> found;
  for (const auto& [group, by_message] : deliveries_by_group(view))
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!publish.ok() || !life_of(publish) || publish.destination != group.first ||
          text_of(publish.asked, "mode") == "topic")
        continue;
      Copy copy{&publish, group, {}, {}};
      if (const auto it = by_message.find(publish.message); it != by_message.end()) {
        copy.came = it->second;
        copy.starts = earliest_lease_starts(view, claims, copy.came);
      }
      found.push_back(std::move(copy));
    }
  return found;
}

/// The publish of a fence that came to the group and was invoked after `after`; or null.
const Operation* fence_after(const View& view, const Group& group, Time after) {
  const auto groups = deliveries_by_group(view);
  return fence_published_after(view, groups.at(group), group.first, after);
}

/// The first instant from which on the message is certainly to be out of the way.
Time settled_end(const View& view, const contract::Claims& claims, const Operation& publish) {
  const Time plain = publish.answered + *life_of(publish) + grace_of(claims) + granularity(claims);
  // What was added to the clock since brings it nearer.
  Time end = plain;
  for (const Operation& control : view.operations(Action::control))
    if (control.ok() && control.answered < end &&
        certainly_over(view, claims, publish, control.answered, grace_of(claims)))
      end = control.answered;
  return end;
}

Judgement delivered_late(const Copy& copy, std::size_t which, std::string_view finding) {
  return Judgement::violated(
      std::string(finding),
      fmt::format("Message m{} was delivered although its {:.0f} ms and the grace were over.",
                  copy.publish->message, millis(*life_of(*copy.publish))),
      {copy.publish->invoke_index, copy.publish->answer_index, copy.came[which].index});
}

bool touched(const View& view, std::uint32_t message) {
  for (const Action action : {Action::ack, Action::reject, Action::remove})
    if (!view.on_message(action, message).empty()) return true;
  return !view.deliveries_of(message).empty();
}

/// Whether nobody made another group at that destination, so that this one is owed everything.
bool is_only_group(const View& view, const Group& group) {
  const auto all = view.operations(Action::subscribe);
  return group.second == "default" && std::all_of(all.begin(), all.end(), [&](const auto& one) {
           const auto its = group_of(view, one.subscription);
           return !its || its->first != group.first || its == group;
         });
}

/// Whether something else may have settled what the ack is for.
bool otherwise_settled(const View& view, const Operation& ack) {
  for (const Action action : {Action::reject, Action::remove})
    for (const Operation& operation : view.on_message(action, ack.message))
      if (operation.invoked < ack.answered) return true;
  return false;
}

/// What statistics say of a group's expired; nothing where they don't.
std::optional<std::int64_t> expired_in(const Operation& stats, const std::string& destination,
                                       const std::string& group) {
  const boost::json::object* at = &stats.said;
  for (const std::string& key :
       {std::string("destinations"), destination, std::string("groups"), group}) {
    const auto* next = at->if_contains(key);
    if (next == nullptr || !next->is_object()) return std::nullopt;
    at = &next->get_object();
  }
  if (!at->contains("expired")) return std::nullopt;
  return number_of(*at, "expired", -1);
}

}  // namespace

Judgement judge_expired_not_delivered(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Copy& copy : copies(view, claims)) {
    if (!copy.came.empty() &&
        certainly_over(view, claims, *copy.publish, copy.starts.front(), grace_of(claims)))
      return delivered_late(copy, 0, "delivered_after_expiry");
    const Time end = settled_end(view, claims, *copy.publish);
    if (copy.came.empty() && fence_after(view, copy.group, end) != nullptr) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_expired_dropped(const View& view, const contract::Claims& claims) {
  const auto over = [&](const Operation& publish, const Operation& request) {
    return certainly_over(view, claims, publish, request.invoked,
                          grace_of(claims) + settle_time(claims));
  };
  std::uint64_t judged = 0;
  if (const Operation* wrong = counts_too_many(view, claims, over, judged); wrong != nullptr)
    return Judgement::violated(
        "expired_in_queue",
        fmt::format("{} messages are counted in a queue where fewer can still live.",
                    counted(*wrong, claims)),
        {wrong->invoke_index, wrong->answer_index});
  if (const Operation* wrong = lists_ended(view, "bus/dead_letters", over, judged);
      wrong != nullptr)
    return Judgement::violated("expired_among_dead",
                               "A message whose life is over is among the dead letters.",
                               {wrong->invoke_index, wrong->answer_index});
  return Judgement::met(judged);
}

Judgement judge_expired_counted(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& stats : view.operations(Action::call)) {
    if (!stats.ok() || text_of(stats.asked, "method") != "bus/stats") continue;
    for (const auto& [group, came] : deliveries_by_group(view)) {
      if (!is_only_group(view, group)) continue;
      const auto expired = expired_in(stats, view.history().text(group.first), group.second);
      if (!expired) continue;
      std::int64_t certain = 0, possible = 0;
      for (const Operation* publish : queued_at(view, group.first, stats.answered)) {
        certain += !touched(view, publish->message) &&
                   certainly_over(view, claims, *publish, stats.invoked,
                                  grace_of(claims) + settle_time(claims));
        possible += maybe_over(view, claims, *publish, stats.answered);
      }
      const std::vector<std::size_t> events{stats.invoke_index, stats.answer_index};
      if (*expired < certain)
        return Judgement::violated(
            "not_counted",
            fmt::format("{} messages are counted as expired and {} are.", *expired, certain),
            events);
      if (*expired > possible)
        return Judgement::violated(
            "counted_again",
            fmt::format("{} messages are counted as expired and at most {} are.", *expired,
                        possible),
            events);
      judged += certain > 0;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_expired_acked(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Copy& copy : copies(view, claims))
    for (std::size_t i = 0; i < copy.came.size(); ++i)
      for (const Operation& ack : view.on_delivery(Action::ack, copy.came[i].delivery)) {
        if (ack.session != copy.came[i].session || otherwise_settled(view, ack)) continue;
        if (!certainly_over(view, claims, *copy.publish, ack.invoked)) continue;
        const Time lease_end = earliest_end(view, claims, copy.came[i], copy.starts[i]);
        if (ack.answered >= lease_end || (!ack.ok() && is_momentary(ack))) continue;
        if (!ack.ok())
          return Judgement::violated(
              "ack_refused",
              fmt::format("The ack of message m{}, which expired under its lease, was refused: {}.",
                          ack.message, ack.error),
              {copy.publish->invoke_index, copy.came[i].index, ack.answer_index});
        ++judged;
        break;  // A second ack is another rule's.
      }
  return Judgement::met(judged);
}

namespace {

/// When the last delivery of that copy was certainly over, given back after the message's end; or
/// nothing: settled, or never given back.
std::optional<Time> given_back_expired(const View& view, const contract::Claims& claims,
                                       const Copy& copy) {
  const Delivery& last = copy.came.back();
  const auto ended_at = [&](Time at) {
    return certainly_over(view, claims, *copy.publish, at, grace_of(claims));
  };
  if (!view.on_delivery(Action::ack, last.delivery).empty()) return std::nullopt;
  const auto rejects = view.on_delivery(Action::reject, last.delivery);
  if (!rejects.empty()) {
    const Operation& reject = rejects.front();
    return reject.ok() && reject.amount == 1 && ended_at(reject.invoked)
               ? std::optional<Time>(reject.answered)
               : std::nullopt;
  }
  const Operation* subscribe = view.subscribe_of(last.subscription);
  if (subscribe == nullptr || !ended_at(released_early(view, last))) return std::nullopt;
  return given_back(view, claims, *subscribe, history::kNever);
}

}  // namespace

Judgement judge_expired_not_redelivered(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Copy& copy : copies(view, claims)) {
    for (std::size_t i = 1; i < copy.came.size(); ++i)
      if (certainly_over(view, claims, *copy.publish, copy.starts[i], grace_of(claims)))
        return delivered_late(copy, i, "redelivered_after_expiry");
    if (copy.came.empty()) continue;
    const auto back = given_back_expired(view, claims, copy);
    if (back && fence_after(view, copy.group, *back) != nullptr) ++judged;
  }
  return Judgement::met(judged);
}

namespace {

/// Whether the message's end with its grace lies wholly between a stop of the bus and its start.
bool ended_while_down(const View& view, const contract::Claims& claims, const Operation& publish) {
  std::optional<Time> down;
  for (const history::Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    if (note.name == "stop" || note.name == "kill") down = note.at;
    if (note.name != "started" || !down) continue;
    if (!maybe_over(view, claims, publish, *down) &&
        certainly_over(view, claims, publish, note.at, grace_of(claims)))
      return true;
    down.reset();
  }
  return false;
}

Judgement outlived(const Operation& publish, std::size_t sign) {
  return Judgement::violated(
      "outlived_restart",
      fmt::format("Message m{} fell due while the bus was down and was still there afterwards.",
                  publish.message),
      {publish.invoke_index, publish.answer_index, sign});
}

}  // namespace

Judgement judge_expired_while_down(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !ended_while_down(view, claims, *publish)) continue;
    if (!certainly_over(view, claims, *publish, retrieve.invoked, grace_of(claims))) continue;
    if (retrieve.ok()) return outlived(*publish, retrieve.answer_index);
    judged += says_gone(retrieve) && !gone_otherwise(view, claims, *publish, retrieve);
  }
  for (const Copy& copy : copies(view, claims)) {
    if (!ended_while_down(view, claims, *copy.publish)) continue;
    for (std::size_t i = 0; i < copy.came.size(); ++i)
      if (certainly_over(view, claims, *copy.publish, copy.starts[i], grace_of(claims)))
        return outlived(*copy.publish, copy.came[i].index);
    const Time end = settled_end(view, claims, *copy.publish);
    judged += copy.came.empty() && fence_after(view, copy.group, end) != nullptr;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
