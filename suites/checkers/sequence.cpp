#include "suites/checkers/sequence.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/models/queue_model.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::Time;
using history::View;
using models::Broken;
using models::QueueModel;

/// Something broken, and the event at which it showed.
struct Found {
  Broken broken;
  std::size_t where;
};

/// Walks a history through the model and keeps the first that it finds broken of either kind.
class Walk {
 public:
  Walk(const View& view, const contract::Claims& claims)
      : view_(view),
        claims_(claims),
        priority_default_(claims.limit("priority.default").value_or(0)),
        lease_ends_(lease_ends(view, claims)),
        model_(claims.limit("attempts_max").value_or(INT64_MAX)) {
    for (const Operation& reject : view.operations(Action::reject))
      rejects_[reject.number] = &reject;
    const auto& events = view.history().events;
    for (std::size_t i = 0; i < events.size(); ++i) step(events[i], i);
  }

  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] const std::optional<Found>& settled() const { return settled_; }
  [[nodiscard]] const std::optional<Found>& order() const { return order_; }
  [[nodiscard]] std::optional<models::Message> owed(Time until) const { return model_.owed(until); }

 private:
  void step(const history::Event& event, std::size_t index) {
    switch (event.phase) {
      case Phase::invoke:
        return invoke(event);
      case Phase::note:
        return note(event, index);
      case Phase::ok:
        return answered(event);
      case Phase::fail:
        if (event.action == Action::publish) model_.refused(event.message);
        return;
      case Phase::info:
        if (event.action == Action::ack || event.action == Action::reject)
          model_.in_doubt(event.message);
        return;
    }
  }

  void invoke(const history::Event& event) {
    if (event.action == Action::credit && event.amount > 0) model_.credit_given();
    if (event.action == Action::subscribe && event.amount != 0) model_.credit_given();
    if (event.action == Action::reject) model_.handing_back(event.message);
    if (event.action == Action::remove) model_.in_doubt(event.message);
    if (event.action == Action::unsubscribe)
      if (const Operation* subscribe = view_.subscribe_of(event.subscription)) ended(*subscribe);
    if (event.action != Action::publish) return;
    const Operation* publish = view_.publish_of(event.message);
    model_.asked(event.message, publish == nullptr
                                    ? priority_default_
                                    : number_of(publish->asked, "priority", priority_default_));
  }

  void note(const history::Event& event, std::size_t index) {
    const bool leaving =
        event.action == Action::mark && view_.history().text(event.error) == "leaving";
    if (leaving || event.action == Action::disconnected)
      for (const Operation& subscribe : view_.operations(Action::subscribe))
        if (subscribe.session == event.session) ended(subscribe);
    if (event.action != Action::deliver) return;
    ++deliveries_;
    auto broken = model_.delivered(event.message, event.subscription, event.attempt, event.at,
                                   lease_ends_[event.delivery]);
    if (!broken) return;
    auto& found = broken->finding == "acked_came_again" ? settled_ : order_;
    if (!found) found = Found{*broken, index};
  }

  void ended(const Operation& subscribe) {
    const auto back = given_back(view_, claims_, subscribe, history::kNever);
    model_.ended(subscribe.subscription, back.value_or(history::kNever));
  }

  void answered(const history::Event& event) {
    switch (event.action) {
      case Action::publish:
        return accepted(event);
      case Action::ack:
        return event.at < lease_ends_[event.delivery] ? model_.acked(event.message)
                                                      : model_.in_doubt(event.message);
      case Action::reject:
        return event.amount == 0 ? model_.in_doubt(event.message)
                                 : model_.handed_back(event.message, again_by(event));
      default:
        return;
    }
  }

  void accepted(const history::Event& event) {
    const Operation* publish = view_.publish_of(event.message);
    if (publish == nullptr || publish->asked.if_contains("ttl_ms") != nullptr) return;
    const std::int64_t delay = number_of(publish->asked, "delay_ms");
    model_.accepted(event.message, delay != 0,
                    delay == 0 ? event.at : event.at + std::chrono::milliseconds(delay) + grace());
  }

  /// When a rejected message must be on its way again: after its delay, else the longest backoff.
  Time again_by(const history::Event& event) const {
    const auto reject = rejects_.find(event.op);
    const bool stated = reject != rejects_.end() && reject->second->asked.contains("delay_ms");
    if (stated)
      return event.at + std::chrono::milliseconds(number_of(reject->second->asked, "delay_ms")) +
             grace();
    const auto cap = declared(claims_, "backoff.cap_ms");
    return cap ? event.at + 2 * *cap + grace() : history::kNever;  // Twice: its jitter.
  }

  [[nodiscard]] Time grace() const {
    return declared(claims_, "delay_grace_ms").value_or(kGraceOtherwise);
  }

  const View& view_;
  const contract::Claims& claims_;
  std::int64_t priority_default_;
  std::map<std::uint32_t, Time> lease_ends_;
  std::map<std::uint32_t, const Operation*> rejects_;
  QueueModel model_;
  std::optional<Found> settled_, order_;
  std::uint64_t deliveries_ = 0;
};

/// The events of the message that the finding is about.
std::vector<std::size_t> events_about(const View& view, std::size_t where) {
  const auto& events = view.history().events;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i <= where && i < events.size(); ++i)
    if (events[i].message == events[where].message) found.push_back(i);
  return found;
}

Judgement from(const View& view, const Found& found) {
  return Judgement::violated(found.broken.finding, found.broken.says,
                             events_about(view, found.where));
}

/// The publish of a fence that came, or null.
const Operation* any_fence(const View& view) {
  for (const auto& [group, came] : deliveries_by_group(view))
    if (const Operation* fence = fence_published_after(view, came, group.first, Time::min()))
      return fence;
  return nullptr;
}

/// The publish of a fence behind which what the gone can have held was given back, or null.
const Operation* late_fence(const View& view, const contract::Claims& claims) {
  for (const auto& [group, came] : deliveries_by_group(view))
    if (const Operation* fence = Owed(view, claims, group, came).fence_behind(Time::zero()))
      return fence;
  return nullptr;
}

}  // namespace

Judgement judge_sequence_settled(const View& view, const contract::Claims& claims) {
  const Walk walk(view, claims);
  if (walk.settled()) return from(view, *walk.settled());
  const Operation* fence = any_fence(view);
  if (fence == nullptr) return Judgement::inconclusive("the fence message did not come");
  const auto acks = view.operations(Action::ack);
  const auto acked = std::count_if(acks.begin(), acks.end(), [&](const Operation& ack) {
    return ack.ok() && ack.answered < fence->invoked;
  });
  return Judgement::met(static_cast<std::uint64_t>(acked));
}

Judgement judge_sequence_order(const View& view, const contract::Claims& claims) {
  const Walk walk(view, claims);
  const Operation* fence = late_fence(view, claims);
  // What never came was passed over, too: it is lost first of all.
  if (const auto owed = fence == nullptr ? std::nullopt : walk.owed(fence->invoked)) {
    const Operation* publish = view.publish_of(*owed);
    return Judgement::violated(
        "lost", fmt::format("Message m{} was owed and never came, though a later one did.", *owed),
        publish == nullptr ? std::vector<std::size_t>()
                           : std::vector<std::size_t>{publish->answer_index, fence->invoke_index});
  }
  if (walk.order()) return from(view, *walk.order());
  if (any_fence(view) == nullptr) return Judgement::inconclusive("the fence message did not come");
  return Judgement::met(walk.deliveries());
}

}  // namespace busproof::checkers
