#include "suites/checkers/settling.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// The delivery that an ack settled, with the leases of the same message before it.
struct Acked {
  const Operation* ack;
  Group group;
  const std::vector<Delivery>* all;  ///< Every delivery of the message to the group.
  std::size_t which;                 ///< The one acked.
};

std::vector<Acked> acked_messages(const View& view, const std::map<Group, ByMessage>& groups) {
  std::vector<Acked> found;
  for (const Operation& ack : view.operations(Action::ack)) {
    if (!ack.ok()) continue;
    for (const auto& [group, came] : groups) {
      const auto message = came.find(ack.message);
      if (message == came.end()) continue;
      for (std::size_t i = 0; i < message->second.size(); ++i)
        if (message->second[i].delivery == ack.delivery && ack.delivery != 0)
          found.push_back({&ack, group, &message->second, i});
    }
  }
  return found;
}

/// True when the ack was answered before its lease can have ended: later it may rightly be void.
bool in_time(const View& view, const contract::Claims& claims, const Acked& acked) {
  const Delivery& delivery = (*acked.all)[acked.which];
  const auto starts = earliest_lease_starts(view, claims, *acked.all);
  return acked.ack->answered < earliest_end(view, claims, delivery, starts[acked.which]);
}

/// Whether the delivery, received after the acked one, may have been sent before it: to another
/// member, under way for longer than its lease lasted.
bool was_under_way(const View& view, const Delivery& acked, const Delivery& came) {
  return !sent_in_order(view, acked, came) && came.attempt < acked.attempt;
}

std::optional<Judgement> came_again(const View& view, const Acked& acked) {
  for (const Delivery& delivery : *acked.all)
    if (delivery.at > acked.ack->answered && delivery.delivery != acked.ack->delivery &&
        !was_under_way(view, (*acked.all)[acked.which], delivery))
      return Judgement::violated(
          "acked_came_again",
          fmt::format(
              "Message m{} was acked and came again {:.0f} ms later.", acked.ack->message,
              std::chrono::duration<double, std::milli>(delivery.at - acked.ack->answered).count()),
          {(*acked.all)[acked.which].index, acked.ack->answer_index, delivery.index});
  return std::nullopt;
}

template <typename Watched>
Judgement judge(const View& view, const contract::Claims& claims, Watched watched_long_enough) {
  const auto groups = deliveries_by_group(view);
  std::uint64_t judged = 0;
  for (const Acked& acked : acked_messages(view, groups)) {
    if (!in_time(view, claims, acked)) continue;
    if (auto wrong = came_again(view, acked)) return *wrong;
    const auto fence = fence_seen(view, groups.at(acked.group), acked.group.first);
    if (fence && !is_fence(view, acked.ack->message) && watched_long_enough(acked, *fence))
      ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_acked_after_lease(const View& view, const contract::Claims& claims) {
  return judge(view, claims, [&](const Acked& acked, Time fence) {
    const auto lease = lease_of(view, claims, (*acked.all)[acked.which].subscription);
    return lease && fence > acked.ack->answered + 2 * *lease;
  });
}

Judgement judge_acked_at_all(const View& view, const contract::Claims& claims) {
  const auto groups = deliveries_by_group(view);
  std::map<Group, std::optional<Time>> fences;
  for (const auto& [group, came] : groups) fences[group] = fence_seen(view, came, group.first);
  std::set<std::uint32_t> fence_messages;
  for (const history::Note& fence : view.marks("fence")) fence_messages.insert(fence.message);
  std::uint64_t judged = 0;
  for (const Acked& acked : acked_messages(view, groups)) {
    if (acked.all->size() > 1) {
      if (!in_time(view, claims, acked)) continue;
      if (auto wrong = came_again(view, acked)) return *wrong;
    }
    const auto& fence = fences.at(acked.group);
    if (fence && *fence > acked.ack->answered && !fence_messages.contains(acked.ack->message))
      ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_acked_on_later_connection(const View& view, const contract::Claims& claims) {
  return judge(view, claims, [&](const Acked& acked, Time fence) {
    for (const Operation& subscribe : view.operations(Action::subscribe))
      if (subscribe.ok() && subscribe.session != acked.ack->session &&
          subscribe.invoked > acked.ack->answered && subscribe.invoked < fence &&
          group_of(view, subscribe.subscription) == acked.group)
        return true;
    return false;
  });
}

}  // namespace busproof::checkers
