#include "suites/checkers/stray_settling.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/dead_letters.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

// As many settled deliveries of a connection are remembered at least.
constexpr std::size_t kRemembered = 1'000;

/// How many deliveries the connection may have settled by then.
std::size_t settled_by(const View& view, std::uint32_t session, Time until) {
  std::size_t count = 0;
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.operations(action))
      if (settle.session == session && settle.invoked <= until) ++count;
  return count;
}

/// An ack that certainly settled its delivery, and what was tried with it afterwards.
struct Again {
  const Operation* ack;
  const Operation* second;
  const Delivery* delivery;
  bool remembered;  ///< Whether the bus must still know that it was acked.
};

std::vector<Again> tried_again(const View& view, const contract::Claims& claims,
                               const std::vector<Delivery>& all, Action action) {
  std::vector<Again> found;
  const auto starts = earliest_lease_starts(view, claims, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Operation* ack = nullptr;
    for (const Operation& one : view.on_delivery(Action::ack, all[i].delivery))
      if (one.session == all[i].session && ack == nullptr) ack = &one;
    const Time end = earliest_end(view, claims, all[i], starts[i]);
    if (all[i].message == 0 || ack == nullptr || !ack->ok() || ack->answered >= end) continue;
    for (const Operation& second : view.on_delivery(action, all[i].delivery)) {
      if (second.session != all[i].session || second.invoked < ack->answered ||
          !answered_for_itself(second))
        continue;
      const bool remembered =
          second.answered < end && settled_by(view, second.session, second.answered) < kRemembered;
      found.push_back({ack, &second, &all[i], remembered});
    }
  }
  return found;
}

std::optional<Judgement> came_again(const View& view, const std::vector<Delivery>& all,
                                    const Again& again) {
  for (const Delivery& delivery : all)
    if (delivery.at > again.second->invoked && delivery.index > again.delivery->index &&
        sent_in_order(view, *again.delivery, delivery))
      return Judgement::violated(
          "acked_came_again",
          fmt::format("Message m{} was acked, settled once more, and came again.",
                      delivery.message),
          {again.ack->answer_index, again.second->invoke_index, delivery.index});
  return std::nullopt;
}

Judgement wrong_error(const Operation& operation, std::string_view what, std::size_t shown) {
  return Judgement::violated("wrong_error",
                             fmt::format("{} was refused with {}.", what, operation.error),
                             {shown, operation.answer_index});
}

bool forgotten(std::string_view error) { return error == "not_found" || error == "lease_lost"; }

std::optional<Judgement> answered_second_ack(const Again& again) {
  if (again.second->ok()) return std::nullopt;
  if (again.remembered)
    return Judgement::violated(
        "second_ack_refused",
        fmt::format("The second ack of m{} was refused with {}, though the first was not old.",
                    again.second->message, again.second->error),
        {again.ack->answer_index, again.second->answer_index});
  if (!forgotten(again.second->error))
    return wrong_error(*again.second, "A second ack", again.ack->answer_index);
  return std::nullopt;
}

std::optional<Judgement> answered_reject(const Again& again) {
  if (again.second->error == "conflict") return std::nullopt;
  if (!again.remembered && (again.second->ok() || forgotten(again.second->error)))
    return std::nullopt;
  if (again.second->ok())
    return Judgement::violated(
        "reject_after_ack_accepted",
        fmt::format("A reject of m{} was answered with success after its ack had been.",
                    again.second->message),
        {again.ack->answer_index, again.second->answer_index});
  return wrong_error(*again.second, "A reject after an ack", again.ack->answer_index);
}

template <typename Each>
Judgement judge_again(const View& view, const contract::Claims& claims, Action action, Each each) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (const Again& again : tried_again(view, claims, all, action)) {
        if (auto wrong = each(group, again)) return *wrong;
        if (auto wrong = came_again(view, all, again)) return *wrong;
        if (fence_published_after(view, came, group.first, again.second->answered)) ++judged;
      }
  return Judgement::met(judged);
}

/// A settling on another connection than its delivery came on, one that had no deliveries itself:
/// ids may count anew on each.
std::vector<const Operation*> elsewhere(const View& view, const Delivery& delivery) {
  std::vector<const Operation*> found;
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.on_delivery(action, delivery.delivery)) {
      const auto all = view.deliveries();
      const bool had_its_own = std::any_of(all.begin(), all.end(), [&](const Delivery& other) {
        return other.session == settle.session && other.at < settle.answered;
      });
      if (settle.session != delivery.session && !had_its_own && answered_for_itself(settle))
        found.push_back(&settle);
    }
  return found;
}

bool settled_at_home(const View& view, const Delivery& delivery) {
  for (const Action action : {Action::ack, Action::reject, Action::extend})
    for (const Operation& settle : view.on_delivery(action, delivery.delivery))
      if (settle.session == delivery.session) return true;
  return false;
}

std::optional<Judgement> answered_elsewhere(const Operation& settle, const Delivery& delivery,
                                            Time lease_end) {
  if (settle.ok())
    return Judgement::violated(
        "accepted_elsewhere",
        fmt::format("A delivery of m{} was settled on another connection.", settle.message),
        {delivery.index, settle.answer_index});
  const bool over = settle.error == "lease_lost" && settle.answered >= lease_end;
  if (settle.error != "not_found" && settle.error != "invalid_argument" && !over)
    return wrong_error(settle, "A settling on another connection", delivery.index);
  return std::nullopt;
}

/// What became of a delivery that only another connection tried to settle; `judged` where it was
/// there to be seen.
std::optional<Judgement> undone(const View& view, const contract::Claims& claims,
                                const Group& group, const ByMessage& came, const Delivery& delivery,
                                const Operation& settle, std::uint64_t& judged) {
  const auto& all = came.at(delivery.message);
  const Time start = earliest_lease_starts(view, claims, {delivery}).front();
  const Time end = earliest_end(view, claims, delivery, start);
  if (auto wrong = answered_elsewhere(settle, delivery, end)) return wrong;
  const Delivery* next = next_after(all, delivery);
  if (next != nullptr && next->at > settle.invoked && next->at < end &&
      sent_in_order(view, delivery, *next))
    return Judgement::violated(
        "freed_elsewhere",
        fmt::format("Message m{} was settled on another connection and came again.",
                    delivery.message),
        {delivery.index, settle.invoke_index, next->index});
  const Operation* subscribe = view.subscribe_of(delivery.subscription);
  if (subscribe == nullptr || settled_at_home(view, delivery) ||
      may_be_used_up(claims, delivery, all.size() - (next == nullptr ? 0 : 1)))
    return std::nullopt;
  const auto back = given_back(view, claims, *subscribe, history::kNever);
  if (!back) return std::nullopt;
  const Comeback became = comeback(view, claims, group, came, delivery, *back);
  if (became.came == Came::never)
    return Judgement::violated(
        "settled_elsewhere",
        fmt::format("Message m{}, settled on another connection alone, never came again.",
                    delivery.message),
        {delivery.index, settle.invoke_index, became.fence->invoke_index});
  if (became.next != nullptr) ++judged;
  return std::nullopt;
}

}  // namespace

Judgement judge_double_ack(const View& view, const contract::Claims& claims) {
  return judge_again(view, claims, Action::ack,
                     [&](const Group&, const Again& again) { return answered_second_ack(again); });
}

Judgement judge_unknown_id(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& ack : view.operations(Action::ack)) {
    if (ack.delivery != 0 || !answered_for_itself(ack)) continue;
    if (ack.ok())
      return Judgement::violated("unknown_id_accepted",
                                 "An ack of an id that was never made was answered with success.",
                                 {ack.invoke_index, ack.answer_index});
    if (ack.error != "not_found" && ack.error != "invalid_argument")
      return wrong_error(ack, "An ack of an id that was never made", ack.invoke_index);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_reject_after_ack(const View& view, const contract::Claims& claims) {
  return judge_again(
      view, claims, Action::reject,
      [&](const Group& group, const Again& again) -> std::optional<Judgement> {
        if (auto wrong = answered_reject(again)) return wrong;
        for (const Listing& list : listings(view, group))
          if (list.from > again.ack->answered && list.letter_of(again.delivery->message) != nullptr)
            return Judgement::violated(
                "acked_dead_lettered",
                fmt::format("Message m{} was acked, then rejected, and is a dead letter.",
                            again.delivery->message),
                {again.ack->answer_index, again.second->answer_index, list.index});
        return std::nullopt;
      });
}

Judgement judge_other_connection(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came)
      for (const Delivery& delivery : all) {
        if (message == 0) continue;
        for (const Operation* settle : elsewhere(view, delivery))
          if (auto wrong = undone(view, claims, group, came, delivery, *settle, judged))
            return *wrong;
      }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
