#include "suites/checkers/handed.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "suites/checkers/credit.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::Time;
using history::View;

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

/// The credit of one subscription and what it was spent on.
class Window {
 public:
  Window(const View& view, const contract::Claims& claims, const Operation& subscribe)
      : subscribe_(subscribe), first_(credit_of(claims, subscribe)) {
    for (const Operation& change : view.operations(Action::credit))
      if (change.subscription == subscribe.subscription) changes_.push_back(&change);
    for (const Operation* change : changes_) turns_.insert(change->invoked);
  }

  /// The earliest instant within [from, until] at which there can have been room for one more.
  Time room(Time from, Time until) const {
    if (may_have_room(from)) return from;
    for (auto turn = turns_.upper_bound(from); turn != turns_.end() && *turn <= until; ++turn)
      if (may_have_room(*turn)) return *turn;
    return from;  // It came against the credit, which is another rule's business.
  }

  void spend(Time excused) {
    excused_.push_back(excused);
    turns_.insert(excused);
  }

 private:
  /// Whether the change certainly no longer counted at `at`: a later one was answered by then.
  bool superseded(Time answered, Time at) const {
    return std::any_of(changes_.begin(), changes_.end(), [&](const Operation* later) {
      return later->ok() && later->invoked >= answered && later->answered <= at;
    });
  }

  bool may_have_room(Time at) const {
    const auto spent =
        std::count_if(excused_.begin(), excused_.end(), [&](Time excused) { return excused > at; });
    if (!first_) return true;
    if (!superseded(subscribe_.answered, at) && *first_ > spent) return true;
    return std::any_of(changes_.begin(), changes_.end(), [&](const Operation* change) {
      return change->invoked <= at && change->amount > spent && !superseded(change->answered, at);
    });
  }

  const Operation& subscribe_;
  std::optional<std::int64_t> first_;
  std::vector<const Operation*> changes_;
  std::vector<Time> excused_;
  std::set<Time> turns_;
};

/// How long after its reject was answered a message certainly waits again; nothing where unknown.
std::optional<Time> wait_after(const contract::Claims& claims, const Operation& reject,
                               const Delivery& rejected) {
  if (reject.asked.if_contains("delay_ms") != nullptr)
    return std::chrono::milliseconds(number_of(reject.asked, "delay_ms"));
  const auto base = claims.number("backoff.base_ms");
  if (!base || rejected.attempt != 1) return std::nullopt;
  const double most = *base * (1 + claims.number("backoff.jitter").value_or(0));
  return std::chrono::milliseconds(static_cast<std::int64_t>(most) + 1);
}

/// The only request that was made about that delivery: its reject with requeue, if it succeeded.
const Operation* reject_of(const View& view, const Delivery& delivery) {
  const Operation* found = nullptr;
  for (const Action action : {Action::reject, Action::ack, Action::extend})
    for (const Operation& operation : view.on_delivery(action, delivery.delivery)) {
      if (found != nullptr || action != Action::reject || !operation.ok() || operation.amount != 1)
        return nullptr;
      found = &operation;
    }
  return found;
}

class Reader {
 public:
  Reader(const View& view, const contract::Claims& claims, const Operation& subscribe)
      : view_(view), claims_(claims), subscribe_(subscribe), window_(view, claims, subscribe) {}

  std::vector<Handed> read() {
    for (const Delivery& delivery : view_.deliveries())
      if (delivery.subscription == subscribe_.subscription) add(delivery);
    return std::move(handed_);
  }

 private:
  void add(const Delivery& delivery) {
    const Operation* publish = view_.publish_of(delivery.message);
    const Delivery* before = std::exchange(last_[delivery.message], &delivery);
    earliest_ = std::max(earliest_, subscribe_.invoked);
    if (publish != nullptr) earliest_ = std::max(earliest_, publish->invoked);
    const Operation* reject = before == nullptr ? nullptr : reject_of(view_, *before);
    if (reject != nullptr) earliest_ = std::max(earliest_, reject->invoked);
    earliest_ = window_.room(earliest_, delivery.at);
    window_.spend(excused(view_, claims_, delivery));
    if (publish == nullptr || !publish->ok() || number_of(publish->asked, "delay_ms") != 0) return;
    if (before == nullptr && delivery.attempt == 1)
      add_first(delivery, *publish);
    else if (reject != nullptr)
      add_again(delivery, *publish, *before, *reject);
  }

  void add_first(const Delivery& delivery, const Operation& publish) {
    handed_.push_back({&delivery, &publish, nullptr, priority_of(publish), earliest_,
                       publish.answered, publish.invoked, publish.answered});
  }

  void add_again(const Delivery& delivery, const Operation& publish, const Delivery& before,
                 const Operation& reject) {
    const auto wait = wait_after(claims_, reject, before);
    if (!wait) return;
    const Time ready = reject.answered + *wait + granularity(claims_) +
                       declared(claims_, "delay_grace_ms").value_or(kGraceOtherwise) +
                       own_delay(view_, reject.invoked, delivery.at);
    const std::string place = claims_.trait("queue", "redelivered");
    Handed again{&delivery, &publish,        &reject,          priority_of(publish), earliest_,
                 ready,     publish.invoked, publish.answered, place != "any"};
    if (place == "tail") again.rank_from = reject.invoked, again.rank_to = ready;
    handed_.push_back(again);
  }

  std::optional<std::int64_t> priority_of(const Operation& publish) const {
    if (publish.asked.if_contains("priority") != nullptr)
      return number_of(publish.asked, "priority");
    return claims_.limit("priority.default");
  }

  const View& view_;
  const contract::Claims& claims_;
  const Operation& subscribe_;
  Window window_;
  Time earliest_{};
  std::map<std::uint32_t, const Delivery*> last_;  // by message
  std::vector<Handed> handed_;
};

}  // namespace

bool are_equals(const Handed& a, const Handed& b) {
  if (a.priority && b.priority) return a.priority == b.priority;
  const auto *one = a.publish->asked.if_contains("priority"),
             *other = b.publish->asked.if_contains("priority");
  if ((one == nullptr) != (other == nullptr)) return false;
  return one == nullptr || *one == *other;
}

bool stands_before(const Handed& b, const Handed& a) {
  return a.placed && b.placed && b.rank_to < a.rank_from;
}

std::vector<std::vector<Handed>> handed_out(const View& view, const contract::Claims& claims) {
  std::vector<std::vector<Handed>> all;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (group_of(view, subscribe.subscription) && !has_company(view, subscribe.subscription))
      all.push_back(Reader(view, claims, subscribe).read());
  return all;
}

std::vector<std::size_t> events_of(const Handed& a, const Handed& b) {
  std::vector<std::size_t> events;
  for (const Handed* one : {&a, &b}) {
    events.push_back(one->publish->invoke_index);
    if (one->given_back != nullptr) events.push_back(one->given_back->invoke_index);
  }
  events.push_back(a.delivery->index);
  events.push_back(b.delivery->index);
  return events;
}

}  // namespace busproof::checkers
