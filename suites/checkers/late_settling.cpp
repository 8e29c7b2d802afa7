#include "suites/checkers/late_settling.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

Time grace_of(const contract::Claims& claims) {
  return declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise) + granularity(claims);
}

/// Whether anything was ever done to that delivery.
bool touched(const View& view, const Delivery& delivery) {
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    if (!view.on_delivery(action, delivery.delivery).empty()) return true;
  return released_early(view, delivery) != history::kNever;
}

/// The first thing that was done to the delivery, or null.
const Operation* first_touch(const View& view, const Delivery& delivery) {
  const Operation* first = nullptr;
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    for (const Operation& operation : view.on_delivery(action, delivery.delivery))
      if (first == nullptr || operation.invoked < first->invoked) first = &operation;
  return first;
}

/// What a request that comes too late must be answered with; what is wrong otherwise, or nothing.
/// One that got no answer is left out by the caller.
std::optional<Judgement> accepted(const Operation& late, std::string_view what,
                                  std::vector<std::size_t> events) {
  events.push_back(late.answer_index);
  if (late.ok())
    return Judgement::violated(
        fmt::format("late_{}_accepted", what),
        fmt::format("An {} of m{} was accepted after its lease had ended.", what, late.message),
        std::move(events));
  if (late.error != "lease_lost")
    return Judgement::violated(
        "wrong_error",
        fmt::format("An {} of m{} after its lease had ended was refused with {}.", what,
                    late.message, late.error),
        std::move(events));
  return std::nullopt;
}

/// A request about a delivery whose message had come again by then, to `holder`.
struct Late {
  const Operation* request;
  const Delivery* former;
  const Delivery* holder;
  std::size_t times;  ///< How many deliveries there were, the holder's counted.
};

std::vector<Late> too_late(const View& view, const std::vector<Delivery>& all, Action action) {
  std::vector<Late> found;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const Operation* request = first_touch(view, all[i]);
    if (request == nullptr || request->action != action || all[i].message == 0 ||
        request->session != all[i].session || !answered_for_itself(*request))
      continue;
    // The holder's must be the younger delivery, and have come before the request was made.
    if (all[i + 1].at < request->invoked && sent_in_order(view, all[i], all[i + 1]) &&
        released_early(view, all[i]) > request->answered)
      found.push_back({request, &all[i], &all[i + 1], i + 2});
  }
  return found;
}

/// The findings where the holder, who did nothing, lost the message at once, kept it for longer
/// than its lease, or for good; null: none.
struct Effects {
  const char* early;
  const char* late;
  const char* never;
};

std::optional<Judgement> effect(const View& view, const contract::Claims& claims,
                                const Group& group, const ByMessage& came, const Late& late,
                                const Effects& effects) {
  const auto lease = lease_of(view, claims, late.holder->subscription);
  if (!lease || touched(view, *late.holder)) return std::nullopt;
  const auto broken = [&](const char* finding, const char* what, std::size_t index) {
    return Judgement::violated(
        finding, fmt::format("A late request about m{} {}.", late.request->message, what),
        {late.holder->index, late.request->invoke_index, index});
  };
  const Time start = earliest_lease_starts(view, claims, {*late.former, *late.holder}).back();
  const Delivery* next = next_after(came.at(late.holder->message), *late.holder);
  if (effects.early != nullptr && next != nullptr && sent_in_order(view, *late.holder, *next) &&
      next->at > late.request->invoked &&
      next->at < earliest_end(view, claims, *late.holder, start))
    return broken(effects.early, "took it from its holder", next->index);
  if (may_be_used_up(claims, *late.holder, late.times)) return std::nullopt;
  const Comeback back = comeback(view, claims, group, came, *late.holder,
                                 late.holder->at + *lease + grace_of(claims));
  if (back.came == Came::never && effects.never != nullptr)
    return broken(effects.never, "settled what another held", back.fence->invoke_index);
  if (back.came == Came::late && effects.late != nullptr)
    return broken(effects.late, "prolonged what another held", back.next->index);
  return std::nullopt;
}

Judgement judge(const View& view, const contract::Claims& claims, Action action,
                std::string_view what, const Effects& effects) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (const Late& late : too_late(view, all, action)) {
        if (auto wrong = accepted(*late.request, what, {late.former->index, late.holder->index}))
          return *wrong;
        if (auto wrong = effect(view, claims, group, came, late, effects)) return *wrong;
        ++judged;
      }
  return Judgement::met(judged);
}

/// A late ack before the message came again: where it counts until then.
std::optional<Judgement> counted(const Operation& ack, const Delivery& delivery,
                                 const Delivery* next) {
  if (!ack.ok())
    return Judgement::violated(
        "late_ack_refused",
        fmt::format("An ack of m{} after its lease was refused with {}, though it counts until the "
                    "next delivery.",
                    ack.message, ack.error),
        {delivery.index, ack.answer_index});
  if (next != nullptr)
    return Judgement::violated(
        "acked_came_again",
        fmt::format("Message m{} was acked late, which counts, and came again.", ack.message),
        {ack.answer_index, next->index});
  return std::nullopt;
}

/// Whether no member of the group had any credit within [from, to]: nobody can have been given
/// what a lease's end set free.
bool all_paused(const View& view, const Group& group, Time from, Time to) {
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (group_of(view, subscribe.subscription) != group || subscribe.invoked > to) continue;
    const Operation* last = nullptr;
    for (const Operation& credit : view.operations(Action::credit))
      if (credit.subscription == subscribe.subscription && credit.invoked <= to) last = &credit;
    if (last == nullptr || !last->ok() || last->amount != 0 || last->answered >= from) return false;
  }
  return true;
}

/// When the members certainly had credit again after that ack, if it was taken from them.
Time reopened(const View& view, const Group& group, const Operation& ack) {
  Time open = ack.answered;
  for (const Operation& credit : view.operations(Action::credit))
    if (credit.ok() && group_of(view, credit.subscription) == group)
      open = std::max(open, credit.answered);
  return open + std::chrono::microseconds(1);
}

}  // namespace

Judgement judge_late_ack(const View& view, const contract::Claims& claims) {
  return judge(view, claims, Action::ack, "ack", {nullptr, nullptr, "settled_by_late_ack"});
}

Judgement judge_late_reject(const View& view, const contract::Claims& claims) {
  return judge(view, claims, Action::reject, "reject",
               {"freed_by_late_reject", nullptr, "settled_by_late_reject"});
}

Judgement judge_late_extend(const View& view, const contract::Claims& claims) {
  return judge(view, claims, Action::extend, "extend",
               {nullptr, "prolonged_by_late_extend", "prolonged_by_late_extend"});
}

Judgement judge_ack_between(const View& view, const contract::Claims& claims) {
  const bool refused = claims.trait("queue", "late_ack") == "refused";
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (const Delivery& delivery : all) {
        const Operation* ack = first_touch(view, delivery);
        const auto lease = lease_of(view, claims, delivery.subscription);
        const Delivery* next = next_after(all, delivery);
        if (message == 0 || ack == nullptr || ack->action != Action::ack || !lease ||
            ack->session != delivery.session || !answered_for_itself(*ack) ||
            (next != nullptr && next->at <= ack->answered) ||
            released_early(view, delivery) <= ack->answered)
          continue;
        const Time over = delivery.at + *lease + grace_of(claims);
        if (ack->invoked <= over + own_delay(view, delivery.at, ack->invoked)) continue;
        if (!refused) {
          if (!all_paused(view, group, delivery.at + *lease, ack->answered)) continue;
          if (auto wrong = counted(*ack, delivery, next)) return *wrong;
          ++judged;
          continue;
        }
        if (auto wrong = accepted(*ack, "ack", {delivery.index})) return *wrong;
        ++judged;
        if (may_be_used_up(claims, delivery, all.size())) continue;
        const Comeback back =
            comeback(view, claims, group, came, delivery, reopened(view, group, *ack));
        if (back.came == Came::never)
          return Judgement::violated(
              "settled_by_late_ack",
              fmt::format("A late ack of m{} was refused, and it never came again.", message),
              {delivery.index, ack->answer_index, back.fence->invoke_index});
      }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
