#include "suites/checkers/lease.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// When the delivery was first settled or its lease moved by a request, or never.
Time touched(const View& view, const Delivery& delivery) {
  Time earliest = history::kNever;
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    for (const Operation& operation : view.operations(action))
      if (operation.delivery == delivery.delivery)
        earliest = std::min(earliest, operation.invoked);
  return std::min(earliest, released_early(view, delivery));
}

/// A delivery whose lease was left to run out, with the one that followed it, if any.
struct Left {
  const Delivery* first;
  const Delivery* next;
  Time earliest_start, lease, touched;
};

std::vector<Left> left_alone(const View& view, const contract::Claims& claims,
                             const std::vector<Delivery>& all) {
  std::vector<Left> found;
  const auto starts = earliest_lease_starts(view, claims, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto lease = lease_of(view, claims, all[i].subscription);
    if (!lease || all[i].message == 0) continue;
    const Delivery* next = i + 1 < all.size() ? &all[i + 1] : nullptr;
    found.push_back({&all[i], next, starts[i], *lease, touched(view, all[i])});
  }
  return found;
}

template <typename Each>
void for_each_left(const View& view, const contract::Claims& claims,
                   const std::map<Group, ByMessage>& groups, Each each) {
  for (const auto& [group, came] : groups)
    for (const auto& [message, all] : came)
      for (const Left& left : left_alone(view, claims, all)) each(group, came, left);
}

}  // namespace

Judgement judge_attempts(const View& view, const contract::Claims& claims) {
  const bool exact = claims.trait("queue", "attempts") == "exact";
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    for (const auto& [message, all] : came) {
      if (all.front().attempt != 1)
        return Judgement::violated(
            "attempt_not_counted_from_1",
            fmt::format("The first delivery of m{} said attempt {}.", message, all.front().attempt),
            {all.front().index});
      for (std::size_t i = 1; i < all.size(); ++i) {
        const bool raised = exact ? all[i].attempt > all[i - 1].attempt : all[i].attempt > 1;
        if (!raised)
          return Judgement::violated(
              "attempt_not_raised",
              fmt::format("Message m{} came again with attempt {} after {}.", message,
                          all[i].attempt, all[i - 1].attempt),
              {all[i - 1].index, all[i].index});
        ++judged;
      }
    }
  }
  return Judgement::met(judged);
}

Judgement judge_not_early(const View& view, const contract::Claims& claims) {
  const auto groups = deliveries_by_group(view);
  const Time granularity = declared(claims, "time_granularity_ms").value_or(Time::zero());
  std::optional<Judgement> wrong;
  std::uint64_t judged = 0;
  for_each_left(view, claims, groups, [&](const Group&, const ByMessage&, const Left& left) {
    if (wrong || left.next == nullptr || left.touched <= left.next->at) return;
    ++judged;
    const Time earliest_end = left.earliest_start + left.lease - granularity;
    if (left.next->at < earliest_end)
      wrong = Judgement::violated(
          "early_redelivery",
          fmt::format("Message m{} came again at least {:.1f} ms before its lease of {} ms ended.",
                      left.first->message, millis(earliest_end - left.next->at),
                      millis(left.lease)),
          {left.first->index, left.next->index});
  });
  return wrong ? *wrong : Judgement::met(judged);
}

Judgement judge_not_late(const View& view, const contract::Claims& claims) {
  const auto grace = declared(claims, "redelivery_grace_ms");
  if (!grace) return Judgement::unverified("redelivery_grace_ms is not declared");
  const auto groups = deliveries_by_group(view);
  std::optional<Judgement> wrong;
  std::uint64_t judged = 0;
  for_each_left(view, claims, groups, [&](const Group& group, const ByMessage& came,
                                          const Left& left) {
    if (wrong || left.touched < left.first->at + left.lease + *grace) return;
    const Time due = left.first->at + left.lease + *grace;
    const Time allowed = due + own_delay(view, left.first->at, due + *grace);
    if (left.next != nullptr) {
      ++judged;
      if (left.next->at > allowed)
        wrong = Judgement::violated(
            "late_redelivery",
            fmt::format("Message m{} came again {:.0f} ms after its lease and grace had ended.",
                        left.first->message, millis(left.next->at - due)),
            {left.first->index, left.next->index});
      return;
    }
    // A fence that was published after the redelivery was due, and came, shows the way was open.
    const auto fence = fence_published_after(view, came, group.first, allowed);
    if (fence)
      wrong = Judgement::violated(
          "never_redelivered",
          fmt::format("Message m{} was not settled and never came again, though a message "
                      "published {:.0f} ms after it was due did.",
                      left.first->message, millis(fence->invoked - due)),
          {left.first->index, fence->invoke_index});
  });
  return wrong ? *wrong : Judgement::met(judged);
}

}  // namespace busproof::checkers
