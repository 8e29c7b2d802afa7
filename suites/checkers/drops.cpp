// What a full queue let go of: QUE-24.counted.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "suites/checkers/books.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/overflow.hpp"
#include "suites/checkers/owed.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// Whether something else than a drop can have made an end of messages there.
bool ended_otherwise(const View& view, const Group& group) {
  for (const Action action : {Action::reject, Action::remove})
    for (const Operation& end : view.operations(action)) {
      const Operation* its = view.publish_of(end.message);
      if (its == nullptr || its->destination == group.first) return true;
    }
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.destination == group.first && publish.asked.contains("ttl_ms")) return true;
  const auto calls = view.operations(Action::call);
  return std::any_of(calls.begin(), calls.end(), [](const Operation& call) {
    const std::string method = text_of(call.asked, "method");
    return method == "bus/purge" || method == "bus/redrive";
  });
}

/// Whether others shared the destination: then each group has drops of its own.
bool is_only_group(const View& view, const Group& group) {
  const auto all = view.operations(Action::subscribe);
  return group.second == "default" && std::all_of(all.begin(), all.end(), [&](const auto& one) {
           const auto its = group_of(view, one.subscription);
           return !its || its->first != group.first || its == group;
         });
}

bool was_acked(const View& view, std::uint32_t message) {
  const auto all = view.operations(Action::ack);
  return std::any_of(all.begin(), all.end(),
                     [&](const Operation& ack) { return ack.message == message && ack.ok(); });
}

/// The publishes of a queue, and which of them were certainly dropped.
struct Queue {
  std::vector<const Operation*> accepted;  ///< For certain, in the order of asking.
  std::vector<bool> dropped;               ///< One for each of those.
  std::int64_t certain = 0, possible = 0;  ///< Drops.
  Time shown = history::kNever;            ///< When the last fence that shows it had come.
};

Queue read(const View& view, const contract::Claims& claims, const Group& group,
           const ByMessage& came) {
  const Owed owed(view, claims, group, came);
  Queue queue;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.destination != group.first || publish.outcome == Phase::fail) continue;
    if (text_of(publish.asked, "mode") == "topic") continue;
    queue.possible += was_acked(view, publish.message) ? 0 : 1;
    const auto due = owed.due(publish);
    if (!due) continue;
    const bool dropped = !came.contains(publish.message) && owed.fence_behind(*due) != nullptr;
    queue.accepted.push_back(&publish);
    queue.dropped.push_back(dropped);
    queue.certain += dropped ? 1 : 0;
  }
  if (const auto fence = fence_seen(view, came, group.first)) queue.shown = *fence;
  return queue;
}

/// Whether these were published one after the other by one session, all alike.
bool alike_in_turn(const Operation& one, const Operation& next) {
  return one.session == next.session && one.answered <= next.invoked &&
         number_of(one.asked, "priority", -1) == number_of(next.asked, "priority", -1) &&
         number_of(one.asked, "size", -1) == number_of(next.asked, "size", -1) &&
         !one.asked.contains("delay_ms") && !next.asked.contains("delay_ms");
}

/// Whether whatever was published from `since` on found room for certain: more had been acked by
/// then than published meanwhile. Else it may have pushed out one of those before.
bool all_fit(const View& view, const Group& group, Time since) {
  std::int64_t meanwhile = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.destination != group.first || publish.answered <= since) continue;
    const auto acks = view.operations(Action::ack);
    const auto acked = std::count_if(acks.begin(), acks.end(), [&](const Operation& ack) {
      const Operation* its = view.publish_of(ack.message);
      return ack.ok() && ack.answered <= publish.invoked && its != nullptr &&
             its->destination == group.first;
    });
    if (acked <= meanwhile++) return false;
  }
  return true;
}

/// Before anybody took anything from the queue, what is dropped lies all at one end of it.
std::optional<Judgement> dropped_other(const View& view, const contract::Claims& claims,
                                       const Group& group, const Queue& queue,
                                       const ByMessage& came) {
  Time untouched = history::kNever;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    untouched = std::min(untouched, subscribe.invoked);
  if (!all_fit(view, group, untouched)) return std::nullopt;
  const bool oldest = claims.trait("queue", "overflow") == "drop_oldest";
  for (std::size_t i = 1; i < queue.accepted.size(); ++i) {
    const Operation &before = *queue.accepted[i - 1], &after = *queue.accepted[i];
    if (after.answered > untouched || !alike_in_turn(before, after)) break;
    const std::size_t gone = oldest ? i : i - 1, stayed = oldest ? i - 1 : i;
    if (!queue.dropped[gone] || !came.contains(queue.accepted[stayed]->message)) continue;
    return Judgement::violated(
        "dropped_other",
        fmt::format("Message m{} was dropped and m{}, the {} one, was not.",
                    queue.accepted[gone]->message, queue.accepted[stayed]->message,
                    oldest ? "older" : "newer"),
        {queue.accepted[gone]->answer_index, queue.accepted[stayed]->answer_index});
  }
  return std::nullopt;
}

const boost::json::object* member(const boost::json::object* object, std::string_view key) {
  const auto* value = object == nullptr ? nullptr : object->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// What statistics say of a group; null where they don't know it.
const boost::json::object* group_in(const View& view, const Operation& stats, const Group& group) {
  const auto* destination =
      member(member(&stats.said, "destinations"), view.history().text(group.first));
  return member(member(destination, "groups"), group.second);
}

}  // namespace

Judgement judge_drops_counted(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    if (!is_only_group(view, group) || ended_otherwise(view, group)) continue;
    const Queue queue = read(view, claims, group, came);
    if (queue.certain == 0) continue;
    if (auto wrong = dropped_other(view, claims, group, queue, came)) return *wrong;
    for (const Operation& stats : view.operations(Action::call)) {
      if (!stats.ok() || stats.invoked < queue.shown) continue;
      const auto* numbers = group_in(view, stats, group);
      if (numbers == nullptr) continue;
      const std::int64_t deleted = number_of(*numbers, "deleted", -1);
      const bool right = deleted >= queue.certain && deleted <= queue.possible;
      open = !right;
      if (right) judged += static_cast<std::uint64_t>(queue.certain);
      if (right || !Books(view, claims, stats).at_rest()) continue;
      return Judgement::violated(
          deleted < 0               ? "no_number"
          : deleted < queue.certain ? "uncounted"
                                    : "overcounted",
          fmt::format("{} messages were dropped, and {} are counted as deleted.", queue.certain,
                      deleted),
          {stats.invoke_index, stats.answer_index});
    }
  }
  if (open) return Judgement::inconclusive("the last statistics came before the bus was at rest");
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
