#include "suites/checkers/credit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

bool has_changes(const View& view, std::uint32_t subscription) {
  const auto changes = view.operations(Action::credit);
  return std::any_of(changes.begin(), changes.end(),
                     [&](const Operation& change) { return change.subscription == subscription; });
}

std::vector<Delivery> on_subscription(const View& view, std::uint32_t subscription) {
  std::vector<Delivery> found;
  for (const Delivery& delivery : view.deliveries())
    if (delivery.subscription == subscription) found.push_back(delivery);
  return found;
}

/// When more credit was asked for after a credit of 0; nothing where some was being asked for at
/// the same time, so that nobody knows which of the two came last.
std::optional<Time> more_credit(const View& view, const Operation& zero) {
  Time more = history::kNever;
  for (const Operation& change : view.operations(Action::credit)) {
    if (change.subscription != zero.subscription || change.amount == 0) continue;
    const bool before = change.outcome != history::Phase::info && change.answered <= zero.invoked;
    if (before) continue;
    if (change.invoked < zero.answered) return std::nullopt;
    more = std::min(more, change.invoked);
  }
  return more;
}

}  // namespace

Time excused(const View& view, const contract::Claims& claims, const Delivery& delivery) {
  const Time start = earliest_lease_starts(view, claims, {delivery}).front();
  Time at = earliest_end(view, claims, delivery, start);
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& operation : view.on_delivery(action, delivery.delivery))
      at = std::min(at, operation.invoked);
  for (const Operation& remove : view.on_message(Action::remove, delivery.message))
    at = std::min(at, remove.invoked);
  return at;
}

Judgement judge_window(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    const auto credit = credit_of(claims, subscribe);
    if (!subscribe.ok() || !credit || has_changes(view, subscribe.subscription)) continue;
    std::vector<Time> excused_at;
    for (const Delivery& delivery : on_subscription(view, subscribe.subscription)) {
      excused_at.push_back(excused(view, claims, delivery));
      const auto outstanding = std::count_if(excused_at.begin(), excused_at.end(),
                                             [&](Time at) { return at > delivery.at; });
      if (outstanding > *credit)
        return Judgement::violated(
            "credit_exceeded",
            fmt::format("{} deliveries were outstanding on a credit of {}.", outstanding, *credit),
            {subscribe.invoke_index, delivery.index});
      if (outstanding == *credit) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_zero(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& zero : view.operations(Action::credit)) {
    if (!zero.ok() || zero.amount != 0) continue;
    const auto more = more_credit(view, zero);
    if (!more) continue;
    for (const Delivery& delivery : on_subscription(view, zero.subscription)) {
      const Operation* publish = view.publish_of(delivery.message);
      if (publish == nullptr || publish->invoked < zero.answered) continue;
      if (delivery.at < *more)
        return Judgement::violated(
            "delivered_without_credit",
            fmt::format("Message m{}, published on a credit of 0, came before there was more.",
                        delivery.message),
            {zero.answer_index, publish->invoke_index, delivery.index});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
