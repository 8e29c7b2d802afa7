#include "suites/checkers/holders.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// The earliest instant at which a delivery can have stopped being held; nothing where the bus does
/// not say how long its leases are.
std::optional<Time> held_until(const View& view, const contract::Claims& claims,
                               const Delivery& delivery) {
  if (claims.trait("queue", "lease") == "timed" && !lease_of(view, claims, delivery.subscription))
    return std::nullopt;
  const Time start = earliest_lease_starts(view, claims, {delivery}).front();
  Time end = earliest_end(view, claims, delivery, start);
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.operations(action))
      if (settle.delivery == delivery.delivery) end = std::min(end, settle.invoked);
  return end;
}

/// How many subscriptions the group has had.
std::size_t members(const View& view, const Group& group) {
  const auto all = view.operations(Action::subscribe);
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const Operation& subscribe) {
        return subscribe.ok() && group_of(view, subscribe.subscription) == group;
      }));
}

std::optional<Judgement> held_twice(const View& view, const contract::Claims& claims,
                                    const std::vector<Delivery>& all) {
  for (std::size_t later = 1; later < all.size(); ++later) {
    const auto later_end = held_until(view, claims, all[later]);
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const auto earlier_end = held_until(view, claims, all[earlier]);
      if (!earlier_end || !later_end) continue;
      // Either may have been sent first: the other must then have been under way for a whole lease.
      if (all[later].at < *earlier_end && all[earlier].at < *later_end)
        return Judgement::violated(
            "held_twice",
            fmt::format("Message m{} was in the hands of two at once.", all[later].message),
            {all[earlier].index, all[later].index});
    }
  }
  return std::nullopt;
}

}  // namespace

Judgement judge_one_holder(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    if (members(view, group) < 2) continue;
    const auto fence = fence_seen(view, came, group.first);
    for (const auto& [message, all] : came) {
      if (message == 0) continue;  // Nobody's: several of them need not be the same.
      if (auto wrong = held_twice(view, claims, all)) return *wrong;
      const bool known = held_until(view, claims, all.front()).has_value();
      if (known && fence && !is_fence(view, message)) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_every_group(const View& view, const contract::Claims& claims) {
  std::map<history::Text, int> groups;
  int most = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    most = std::max(most, ++groups[group.first]);
  const Judgement judgement = judge_delivered(view, claims);
  if (judgement.verdict() == contract::Verdict::met && most < 2)
    return Judgement::inconclusive("no destination had two groups");
  return judgement;
}

Judgement judge_late_group(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    if (group.second == "default") continue;  // A publish alone may have made it.
    Time named = history::kNever;
    for (const Operation& subscribe : view.operations(Action::subscribe))
      if (group_of(view, subscribe.subscription) == group)
        named = std::min(named, subscribe.invoked);
    const auto fence = fence_seen(view, came, group.first);
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!publish.ok() || publish.destination != group.first || publish.answered >= named)
        continue;
      if (const auto found = came.find(publish.message); found != came.end())
        return Judgement::violated(
            "came_to_late_group",
            fmt::format("Message m{} was accepted before the group {} was, and came to it.",
                        publish.message, group.second),
            {publish.answer_index, found->second.front().index});
      if (fence) ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
