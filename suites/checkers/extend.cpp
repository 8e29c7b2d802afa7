#include "suites/checkers/extend.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/room.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::kNever;
using history::Operation;
using history::Time;
using history::View;

/// A delivery that was extended, and the one of the same message after it, if any.
struct Extended {
  const Operation* extend;
  const Delivery* delivery;
  const Delivery* next;
  std::size_t times;  ///< How often the message came in all.
  Time touched;       ///< When something else may have ended it.
  [[nodiscard]] Time length() const { return std::chrono::milliseconds(extend->amount); }
};

/// The one extend of a delivery, where it succeeded and is the only one.
const Operation* extend_of(const View& view, const Delivery& delivery) {
  const Operation* found = nullptr;
  for (const Operation& extend : view.on_delivery(Action::extend, delivery.delivery)) {
    if (found != nullptr || !extend.ok()) return nullptr;
    found = &extend;
  }
  return found;
}

Time touched(const View& view, const Delivery& delivery) {
  Time first = released_early(view, delivery);
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.on_delivery(action, delivery.delivery))
      first = std::min(first, settle.invoked);
  for (const Operation& remove : view.on_message(Action::remove, delivery.message))
    first = std::min(first, remove.invoked);
  return first;
}

/// Left out: what others had in their hands before, too, long under way.
template <typename Each>
std::optional<Judgement> for_each_extended(const View& view, Each each) {
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (std::size_t i = 0; i < all.size() && message != 0; ++i) {
        const Operation* extend = extend_of(view, all[i]);
        const Delivery* next = i + 1 < all.size() ? &all[i + 1] : nullptr;
        const auto same_session = [session = all[i].session](const Delivery& other) {
          return other.session == session;
        };
        const bool alone = std::all_of(all.begin(), all.end(), same_session);
        if (extend == nullptr || !alone) continue;
        const Extended one{extend, &all[i], next, all.size(), touched(view, all[i])};
        if (std::optional<Judgement> wrong = each(group, came, one)) return wrong;
      }
  return std::nullopt;
}

/// Whether another member of the group may hold it and never show it, or it may be dead or expired.
bool may_stay_away(const View& view, const contract::Claims& claims, const Group& group,
                   const Extended& one) {
  const auto attempts =
      std::max<std::int64_t>(one.delivery->attempt, static_cast<std::int64_t>(one.times));
  if (const auto most = claims.limit("attempts_max"); most && attempts >= *most) return true;
  const Operation* publish = view.publish_of(one.delivery->message);
  if (publish == nullptr || publish->asked.if_contains("ttl_ms") != nullptr) return true;
  const auto all = view.operations(Action::subscribe);
  return std::count_if(all.begin(), all.end(), [&](const Operation& subscribe) {
           return group_of(view, subscribe.subscription) == group;
         }) != 1;
}

}  // namespace

Judgement judge_extension_holds(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto wrong = for_each_extended(
      view, [&](const Group&, const ByMessage&, const Extended& one) -> std::optional<Judgement> {
        if (one.next == nullptr || one.touched <= one.next->at) return std::nullopt;
        // What was received before the request was made may have crossed it.
        if (one.next->at <= one.extend->invoked) return std::nullopt;
        const Time until =
            view.earliest_after(one.extend->invoked, one.length() - granularity(claims));
        if (one.next->at < until)
          return Judgement::violated(
              "extension_not_held",
              fmt::format("Message m{} came again at least {:.1f} ms before its extension of {} ms "
                          "ended.",
                          one.delivery->message, millis(until - one.next->at), one.extend->amount),
              {one.delivery->index, one.extend->invoke_index, one.extend->answer_index,
               one.next->index});
        const auto lease = lease_of(view, claims, one.delivery->subscription);
        if (lease && until > one.delivery->at + *lease) ++judged;
        return std::nullopt;
      });
  return wrong ? *wrong : Judgement::met(judged);
}

Judgement judge_extension_ends(const View& view, const contract::Claims& claims) {
  const auto grace = declared(claims, "redelivery_grace_ms");
  if (!grace) return Judgement::unverified("redelivery_grace_ms is not declared");
  std::uint64_t judged = 0;
  const auto wrong = for_each_extended(
      view,
      [&](const Group& group, const ByMessage& came,
          const Extended& one) -> std::optional<Judgement> {
        const Time due = one.extend->answered + one.length() + *grace + granularity(claims);
        if (one.touched < due ||
            !has_room(view, claims, one.delivery->subscription, one.delivery->at, due))
          return std::nullopt;
        if (one.next != nullptr) {
          ++judged;
          if (one.next->at <= due + own_delay(view, one.extend->invoked, one.next->at))
            return std::nullopt;
          return Judgement::violated(
              "extension_ended_late",
              fmt::format("Message m{} came again {:.0f} ms after its extension and the grace had "
                          "ended.",
                          one.delivery->message, millis(one.next->at - due)),
              {one.delivery->index, one.extend->answer_index, one.next->index});
        }
        const Operation* fence = fence_published_after(
            view, came, group.first, due + own_delay(view, one.extend->invoked, due));
        if (fence == nullptr || one.touched < fence->invoked ||
            may_stay_away(view, claims, group, one))
          return std::nullopt;
        return Judgement::violated(
            "never_came_again",
            fmt::format("Message m{} never came again, though one published {:.0f} ms after its "
                        "extension and the grace had ended did.",
                        one.delivery->message, millis(fence->invoked - due)),
            {one.delivery->index, one.extend->answer_index, fence->invoke_index});
      });
  return wrong ? *wrong : Judgement::met(judged);
}

}  // namespace busproof::checkers
