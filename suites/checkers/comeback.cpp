#include "suites/checkers/comeback.hpp"

#include <algorithm>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/room.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

bool redriven(const View& view, Time from, Time to) {
  const auto all = view.operations(Action::call);
  return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
    return history::text_of(call.asked, "method") == "bus/redrive" && call.invoked < to &&
           call.answered > from;
  });
}

bool may_be_used_up(const contract::Claims& claims, const Delivery& delivery, std::size_t times) {
  const std::int64_t attempts =
      std::max<std::int64_t>(delivery.attempt, static_cast<std::int64_t>(times));
  const auto most = claims.limit("attempts_max");
  return most && attempts >= *most;
}

bool may_stay_away(const View& view, const contract::Claims& claims, const Group& group,
                   const Delivery& delivery, Time due, Time until) {
  if (const Operation* publish = view.publish_of(delivery.message)) {
    const std::int64_t ttl = history::number_of(publish->asked, "ttl_ms");
    if (ttl > 0 && publish->invoked + std::chrono::milliseconds(ttl) <= due) return true;
  }
  for (const Operation& remove : view.on_message(Action::remove, delivery.message))
    if (remove.invoked < until) return true;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.session != delivery.session && subscribe.invoked < until &&
        group_of(view, subscribe.subscription) == group &&
        given_back(view, claims, subscribe, until) > delivery.at)
      return true;
  return false;
}

const Delivery* next_after(const std::vector<Delivery>& all, const Delivery& before) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Delivery& delivery) {
    return delivery.index > before.index;
  });
  return found == all.end() ? nullptr : &*found;
}

Comeback comeback(const View& view, const contract::Claims& claims, const Group& group,
                  const ByMessage& came, const Delivery& before, Time due) {
  const auto mine = came.find(before.message);
  const Delivery* next = mine == came.end() ? nullptr : next_after(mine->second, before);
  const auto allowed_by = [&](std::uint32_t subscription, Time seen) {
    const Operation* subscribe = view.subscribe_of(subscription);
    const Time asked = subscribe == nullptr ? history::kNever : subscribe->answered;
    return asked >= seen ? history::kNever
                         : std::max(due, asked) + own_delay(view, before.at, seen);
  };
  if (next != nullptr) {
    const Time allowed = allowed_by(next->subscription, next->at);
    const bool late =
        next->at > allowed && has_room(view, claims, next->subscription, due, next->at);
    return {late ? Came::late : Came::in_time, next, nullptr};
  }
  for (const history::Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    const auto received = came.find(mark.message);
    if (publish == nullptr || publish->destination != group.first || received == came.end())
      continue;
    const Delivery& fence = received->second.front();
    if (publish->invoked > allowed_by(fence.subscription, fence.at) &&
        has_room(view, claims, fence.subscription, due, fence.at) &&
        !may_stay_away(view, claims, group, before, due, fence.at))
      return {Came::never, nullptr, publish};
  }
  return {};
}

}  // namespace busproof::checkers
