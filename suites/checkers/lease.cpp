#include "suites/checkers/lease.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/room.hpp"
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
    for (const Operation& operation : view.on_delivery(action, delivery.delivery))
      earliest = std::min(earliest, operation.invoked);
  return std::min(earliest, released_early(view, delivery));
}

/// A delivery whose lease was left to run out, with the one that followed it, if any.
struct Left {
  const Delivery* first;
  const Delivery* next;
  Time earliest_start, lease;
  Time touched;     ///< When something was first done to it.
  Time superseded;  ///< The same of one received before it that may have been sent after it.
};

std::vector<Left> left_alone(const View& view, const contract::Claims& claims,
                             const std::vector<Delivery>& all) {
  std::vector<Left> found;
  const auto starts = earliest_lease_starts(view, claims, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto lease = lease_of(view, claims, all[i].subscription);
    if (!lease || all[i].message == 0) continue;
    Time superseded = history::kNever;
    for (std::size_t j = 0; j < i; ++j)
      if (!sent_in_order(view, all[j], all[i]))
        superseded = std::min(superseded, touched(view, all[j]));
    const Delivery* next = i + 1 < all.size() ? &all[i + 1] : nullptr;
    found.push_back({&all[i], next, starts[i], *lease, touched(view, all[i]), superseded});
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

/// Whether `next` may have been sent first, its lease over by the time that `first` was received:
/// it was under way, on another connection, for as long as that.
bool may_be_older(const View& view, const contract::Claims& claims, const Delivery& first,
                  const Delivery& next) {
  if (sent_in_order(view, first, next)) return false;
  const Time start = earliest_lease_starts(view, claims, {next}).front();
  return first.at >= earliest_end(view, claims, next, start);
}

/// Whether another member may have been sent the message before and never have shown it.
bool another_before(const View& view, const Group& group, const Delivery& delivery) {
  const auto all = view.operations(Action::subscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& subscribe) {
    return subscribe.subscription != delivery.subscription && subscribe.invoked < delivery.at &&
           group_of(view, subscribe.subscription) == group;
  });
}

/// What is wrong with a message's attempts, or nothing.
std::optional<Judgement> miscounted(const View& view, const contract::Claims& claims,
                                    const Group& group, const std::vector<Delivery>& all,
                                    std::uint64_t& judged) {
  const bool exact = claims.trait("queue", "attempts") == "exact";
  const bool free_release = claims.trait("queue", "release_counts") == "false";
  const Delivery& first = all.front();
  if (first.attempt != 1 && (first.attempt < 1 || !another_before(view, group, first)))
    return Judgement::violated(
        "attempt_not_counted_from_1",
        fmt::format("The first delivery of m{} said attempt {}.", first.message, first.attempt),
        {first.index});
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (!sent_in_order(view, all[i - 1], all[i]) || redriven(view, all[i - 1].at, all[i].at))
      continue;
    if (free_release && released_early(view, all[i - 1]) <= all[i].at) continue;
    const bool raised = exact ? all[i].attempt > all[i - 1].attempt : all[i].attempt > 1;
    if (!raised)
      return Judgement::violated("attempt_not_raised",
                                 fmt::format("Message m{} came again with attempt {} after {}.",
                                             first.message, all[i].attempt, all[i - 1].attempt),
                                 {all[i - 1].index, all[i].index});
    ++judged;
  }
  return std::nullopt;
}

}  // namespace

Judgement judge_attempts(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    for (const auto& [message, all] : came) {
      if (message == 0) continue;  // Nobody's: several of them need not be the same.
      if (auto wrong = miscounted(view, claims, group, all, judged)) return *wrong;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_not_early(const View& view, const contract::Claims& claims) {
  const auto groups = deliveries_by_group(view);
  std::optional<Judgement> wrong;
  std::uint64_t judged = 0;
  for_each_left(view, claims, groups, [&](const Group&, const ByMessage&, const Left& left) {
    if (wrong || left.next == nullptr || left.touched <= left.next->at) return;
    ++judged;
    const Time earliest_end =
        view.earliest_after(left.earliest_start, left.lease - granularity(claims));
    if (left.next->at < earliest_end && !may_be_older(view, claims, *left.first, *left.next))
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
  for_each_left(
      view, claims, groups, [&](const Group& group, const ByMessage& came, const Left& left) {
        const Delivery& first = *left.first;
        const Time due = first.at + left.lease + *grace + granularity(claims);
        if (wrong || std::min(left.touched, left.superseded) < due) return;
        if (left.next != nullptr) {
          if (!has_room(view, claims, first.subscription, first.at, due)) return;
          ++judged;
          if (left.next->at > due + own_delay(view, first.at, left.next->at))
            wrong = Judgement::violated(
                "late_redelivery",
                fmt::format("Message m{} came again {:.0f} ms after its lease and grace had ended.",
                            first.message, millis(left.next->at - due)),
                {first.index, left.next->index});
          return;
        }
        // A fence that was published after the redelivery was due, and came, shows the way was
        // open.
        const auto fence = fence_published_after(view, came, group.first,
                                                 due + own_delay(view, first.at, due + *grace));
        if (fence == nullptr || std::min(left.touched, left.superseded) < fence->invoked ||
            !has_room(view, claims, first.subscription, first.at, due) ||
            may_be_used_up(claims, first, came.at(first.message).size()) ||
            may_stay_away(view, claims, group, first, due, came.at(fence->message).front().at))
          return;
        wrong = Judgement::violated(
            "never_redelivered",
            fmt::format("Message m{} was not settled and never came again, though a message "
                        "published {:.0f} ms after it was due did.",
                        first.message, millis(fence->invoked - due)),
            {first.index, fence->invoke_index});
      });
  return wrong ? *wrong : Judgement::met(judged);
}

}  // namespace busproof::checkers
