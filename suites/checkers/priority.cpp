#include "suites/checkers/priority.hpp"

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

/// A first delivery, with what was known of it before.
struct Handed {
  const Delivery* delivery;
  const Operation* publish;
  std::int64_t priority;
  Time earliest;  ///< The earliest instant at which it can have been handed out.
};

/// The earliest instant at which the bus can have handed this one out: no sooner than the first
/// credit above 0 of its subscription was asked for.
Time earliest_hand_out(const View& view, const Delivery& delivery, const Operation& publish) {
  Time opened = history::kNever;
  if (const Operation* subscribe = view.subscribe_of(delivery.subscription);
      subscribe != nullptr && subscribe->amount != 0)
    opened = subscribe->invoked;
  for (const Operation& change : view.operations(Action::credit))
    if (change.subscription == delivery.subscription && change.amount > 0)
      opened = std::min(opened, change.invoked);
  return std::max(opened, publish.invoked);
}

bool ever_had_credit(const View& view, const Operation& subscribe) {
  const auto changes = view.operations(Action::credit);
  return subscribe.amount != 0 ||
         std::any_of(changes.begin(), changes.end(), [&](const Operation& change) {
           return change.subscription == subscribe.subscription && change.amount > 0;
         });
}

/// Whether another member of the group may have held a message, shown or not, so that it did not
/// wait all the time.
bool has_company(const View& view, std::uint32_t subscription) {
  const auto group = group_of(view, subscription);
  const auto all = view.operations(Action::subscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& other) {
    return other.subscription != subscription && group_of(view, other.subscription) == group &&
           ever_had_credit(view, other);
  });
}

/// First deliveries by subscription. Left out: what was delayed, and what has a priority that
/// nobody declared.
std::map<std::uint32_t, std::vector<Handed>> first_deliveries(
    const View& view, std::optional<std::int64_t> priority_default) {
  std::map<std::uint32_t, std::vector<Handed>> by_subscription;
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (delivery.attempt != 1 || publish == nullptr || !publish->ok()) continue;
    const bool stated = publish->asked.if_contains("priority") != nullptr;
    if (history::number_of(publish->asked, "delay_ms") != 0 || (!stated && !priority_default))
      continue;
    by_subscription[delivery.subscription].push_back(
        {&delivery, publish,
         history::number_of(publish->asked, "priority", priority_default.value_or(0)),
         earliest_hand_out(view, delivery, *publish)});
  }
  return by_subscription;
}

/// Calls `each(a, b)` for every pair received in the order a, b, in which b waited already when a
/// can first have been handed out; stops when it gives a judgement.
template <typename Each>
Judgement for_each_pair(const View& view, const contract::Claims& claims, Each each) {
  std::uint64_t judged = 0;
  for (const auto& [subscription, handed] :
       first_deliveries(view, claims.limit("priority.default"))) {
    if (has_company(view, subscription)) continue;
    for (std::size_t i = 0; i < handed.size(); ++i) {
      for (std::size_t j = i + 1; j < handed.size(); ++j) {
        if (handed[j].publish->answered > handed[i].earliest) continue;
        std::optional<Judgement> wrong = each(handed[i], handed[j], judged);
        if (wrong) return *wrong;
      }
    }
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_higher_first(const View& view, const contract::Claims& claims) {
  return for_each_pair(
      view, claims,
      [](const Handed& a, const Handed& b, std::uint64_t& judged) -> std::optional<Judgement> {
        if (a.priority == b.priority) return std::nullopt;
        ++judged;
        if (a.priority > b.priority) return std::nullopt;
        return Judgement::violated(
            "lower_first",
            fmt::format("Message m{} of priority {} came before m{} of priority {}, which waited.",
                        a.delivery->message, a.priority, b.delivery->message, b.priority),
            {a.publish->invoke_index, b.publish->invoke_index, a.delivery->index,
             b.delivery->index});
      });
}

Judgement judge_equals_in_order(const View& view, const contract::Claims& claims) {
  return for_each_pair(
      view, claims,
      [](const Handed& a, const Handed& b, std::uint64_t& judged) -> std::optional<Judgement> {
        // Publishes that overlapped may have been accepted in either order.
        const bool apart =
            a.publish->answered < b.publish->invoked || b.publish->answered < a.publish->invoked;
        if (a.priority != b.priority || !apart) return std::nullopt;
        ++judged;
        if (a.publish->invoked < b.publish->invoked) return std::nullopt;
        return Judgement::violated(
            "equals_out_of_order",
            fmt::format("Messages m{} and m{} of priority {} came in the other order.",
                        b.delivery->message, a.delivery->message, a.priority),
            {b.publish->invoke_index, a.publish->invoke_index, a.delivery->index,
             b.delivery->index});
      });
}

}  // namespace busproof::checkers
