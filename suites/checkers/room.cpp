#include "suites/checkers/room.hpp"

#include <algorithm>
#include <set>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {

using history::Action;
using history::Operation;
using history::Time;
using history::View;

std::optional<std::int64_t> least_credit(const View& view, const contract::Claims& claims,
                                         std::uint32_t subscription, Time from, Time to) {
  const Operation* subscribe = view.subscribe_of(subscription);
  if (subscribe == nullptr) return std::nullopt;
  auto least = credit_of(claims, *subscribe);
  for (const Operation& change : view.operations(Action::credit)) {
    if (change.subscription != subscription || change.invoked > to) continue;
    const bool in_force = change.ok() && change.answered < from;
    least = in_force ? change.amount : std::min(least.value_or(change.amount), change.amount);
  }
  return least;
}

std::optional<std::int64_t> most_credit(const View& view, const contract::Claims& claims,
                                        const Operation& subscribe, Time from, Time to) {
  auto most = credit_of(claims, subscribe);
  if (!most) return std::nullopt;
  for (const Operation& change : view.operations(Action::credit)) {
    if (change.subscription != subscribe.subscription || change.invoked > to) continue;
    const bool in_force = change.ok() && change.answered < from;
    most = in_force ? change.amount : std::max(*most, change.amount);
  }
  return most;
}

bool has_room(const View& view, const contract::Claims& claims, std::uint32_t subscription,
              Time from, Time to) {
  const Operation* subscribe = view.subscribe_of(subscription);
  const auto credit = least_credit(view, claims, subscription, from, to);
  if (!credit || subscribe == nullptr) return false;
  const auto group = group_of(view, subscription);
  std::set<std::uint32_t> members;
  for (const Operation& other : view.operations(Action::subscribe))
    if (group_of(view, other.subscription) == group) members.insert(other.subscription);
  std::int64_t unsettled = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.destination != subscribe->destination || publish.invoked > to ||
        publish.outcome == history::Phase::fail)
      continue;
    const auto acks = view.on_message(Action::ack, publish.message);
    const bool settled = std::any_of(acks.begin(), acks.end(), [&](const Operation& ack) {
      return ack.ok() && ack.answered < from && members.contains(ack.subscription);
    });
    unsettled += settled ? 0 : 1;
  }
  return unsettled <= *credit;
}

}  // namespace busproof::checkers
