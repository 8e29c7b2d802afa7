#include "suites/checkers/stream/ledger.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "suites/checkers/stream/members.hpp"

namespace busproof::checkers::stream {
namespace {

using contract::Durability;
using history::Action;
using history::Phase;

constexpr std::uint64_t key_of(std::uint32_t message, std::uint32_t group) {
  return std::uint64_t{group} << 32 | message;
}

/// Longer than any history lasts is all the same.
Brief brief(std::int64_t milliseconds) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return Brief(static_cast<std::int32_t>(std::clamp<std::int64_t>(milliseconds, 0, kMost)));
}

}  // namespace

Ledger::Ledger(const contract::Claims& claims)
    : claims_(claims),
      granularity_(std::chrono::milliseconds(claims.limit("time_granularity_ms").value_or(1))),
      priority_default_(claims.limit("priority.default")),
      credit_default_(claims.limit("credit_default").value_or(-1)) {
  if (const auto lease = claims.limit("lease_default_ms"))
    lease_default_ = std::chrono::milliseconds(*lease);
  // Without dead letters what is rejected or used up is gone.
  if (!claims.has("dead_letter")) attempts_max_ = claims.limit("attempts_max").value_or(1);
}

const Message* Ledger::message(std::uint32_t number) const {
  if (number == 0 || number > messages_.size()) return nullptr;
  const Message& found = messages_[number - 1];
  return found.asked == kNever ? nullptr : &found;
}

const Subscription* Ledger::subscription(std::uint32_t number) const {
  return number == 0 || number > subscriptions_.size() ? nullptr : &subscriptions_[number - 1];
}

const Session& Ledger::session(std::uint32_t number) const {
  static const Session kUnknown;
  return number == 0 || number > sessions_.size() ? kUnknown : sessions_[number - 1];
}

std::uint32_t Ledger::copy_number(std::uint32_t message, std::uint32_t group) const {
  if (message == 0 || message > messages_.size()) return 0;
  const Message& its = messages_[message - 1];
  if (its.first_group == group) return its.first_copy;
  const auto found = more_copies_.find(key_of(message, group));
  return found == more_copies_.end() ? 0 : found->second;
}

const Copy* Ledger::copy(std::uint32_t message, std::uint32_t group) const {
  const std::uint32_t number = copy_number(message, group);
  return number == 0 ? nullptr : &copies_[number - 1];
}

std::uint32_t Ledger::number_copy(std::uint32_t message, std::uint32_t group) {
  if (const std::uint32_t number = copy_number(message, group)) return number;
  const auto number = static_cast<std::uint32_t>(copies_.size()) + 1;
  copies_.grow(number);
  Message& its = at_number(messages_, message);
  if (its.first_group == 0) {
    its.first_group = group;
    its.first_copy = number;
  } else {
    more_copies_.emplace(key_of(message, group), number);
  }
  return number;
}

bool Ledger::sent_in_order(const Copy& copy, const Came& came) const {
  const Subscription& last = subscriptions_[copy.last_subscription - 1];
  return last.session == came.subscription->session || came.subscription->asked > copy.last_at;
}

Time Ledger::earliest_end(const Copy& copy) const {
  const Subscription& its = subscriptions_[copy.last_subscription - 1];
  const Session& session = sessions_[its.session - 1];
  if (copy.extended || bus_ended_ >= its.asked || redriven_ >= copy.last_at) return Time::zero();
  Time end = std::min(session.left, its.unsubscribe_asked);
  if (session.ended_by_bus) end = std::min(end, session.last_sign);
  if (its.lease) end = std::min(end, copy.start + *its.lease - granularity_);
  return end;
}

/// The earliest at which the lease that comes with this delivery can have begun.
Time Ledger::started(const Came& came) const {
  Time asked = came.subscription->asked;
  if (came.message != nullptr) asked = std::max(asked, came.message->asked);
  asked = std::max(asked, came.handed_out);
  if (came.before == nullptr || !sent_in_order(*came.before, came)) return asked;
  const Time freed = std::min(earliest_end(*came.before), came.before->settle_asked);
  return freed <= came.event.at ? std::max(asked, freed) : asked;
}

Came Ledger::came(const Event& event, std::uint32_t index) {
  Came made{event,   index,       message(event.message), subscription(event.subscription), nullptr,
            nullptr, Time::zero()};
  if (made.subscription != nullptr && made.subscription->group != 0) {
    watch_room(subscriptions_[event.subscription - 1], event.at);
    made.group = &groups_[made.subscription->group - 1];
    if (made.message != nullptr) made.before = copy(event.message, made.subscription->group);
    if (made.subscription->room_known && !made.subscription->room.empty())
      made.handed_out = made.subscription->room.front();
    if (made.message != nullptr) made.handed_out = std::max(made.handed_out, made.message->asked);
  }
  pending_.emplace(made);
  return made;
}

void Ledger::on_delivery(const Event& event, std::uint32_t index) {
  const Came now = pending_ && pending_->index == index ? *pending_ : came(event, index);
  pending_.reset();
  if (now.message != nullptr) messages_[event.message - 1].delivered = true;
  if (now.group == nullptr) return;
  Subscription& subscription = subscriptions_[event.subscription - 1];
  if (!subscription.room.empty()) subscription.room.pop_front();
  if (now.message == nullptr) {
    subscription.room_known = false;
    return;
  }
  const Time start = started(now);
  const bool first = now.before == nullptr;
  const std::uint32_t number = number_copy(event.message, subscription.group);
  Copy& copy = copies_[number - 1];
  if (first) copy.first_at = event.at;
  copy.last_at = event.at;
  copy.start = start;
  copy.settle_asked = kNever;
  copy.extended = false;
  copy.last_index = index;
  copy.last_delivery = event.delivery;
  copy.last_subscription = event.subscription;
  copy.attempt = event.attempt;
  if (attempts_max_ && event.attempt >= *attempts_max_) messages_[event.message - 1].removed = true;
  if (event.delivery != 0) at_number(copy_of_delivery_, event.delivery) = number;
  if (!subscription.lease || !subscription.room_known) return;
  const Time until = start + *subscription.lease - granularity_;
  subscription.held.push_back({number, event.delivery, until});
  subscription.look_again = std::min(subscription.look_again, until);
}

/// A lease that may have ended by now has made place that nobody asked for.
void Ledger::watch_room(Subscription& subscription, Time now) {
  if (!subscription.room_known || now < subscription.look_again) return;
  std::erase_if(subscription.held, [&](const Subscription::Held& held) {
    const Copy& copy = copies_[held.copy - 1];
    return copy.last_delivery == held.delivery && copy.settle_asked != kNever;
  });
  subscription.look_again = kNever;
  for (const Subscription::Held& held : subscription.held)
    subscription.look_again = std::min(subscription.look_again, held.until);
  subscription.room_known = now < subscription.look_again;
}

void Ledger::on_settle(const Event& event, std::uint32_t index) {
  if (event.delivery == 0 || event.delivery > copy_of_delivery_.size()) return;
  const std::uint32_t number = copy_of_delivery_[event.delivery - 1];
  if (number == 0) return;
  Copy& copy = copies_[number - 1];
  Subscription& subscription = subscriptions_[copy.last_subscription - 1];
  if (event.phase == Phase::invoke) {
    if (event.action == Action::extend) {
      copy.extended = true;
      subscription.room_known = false;
      return;
    }
    if (event.action == Action::reject && attempts_max_ && event.message != 0)
      at_number(messages_, event.message).removed = true;
    if (copy.last_delivery == event.delivery)
      copy.settle_asked = std::min(copy.settle_asked, event.at);
    if (const Subscription* its = this->subscription(event.subscription))
      subscriptions_[static_cast<std::size_t>(its - subscriptions_.data())].room.push_back(
          event.at);
    return;
  }
  // The delivery's lease may have been over before the answer: then nothing is certain.
  if (event.action == Action::ack && event.phase == Phase::ok && copy.acked_at == kNever &&
      copy.last_delivery == event.delivery && event.at < earliest_end(copy)) {
    copy.acked_at = event.at;
    copy.acked_index = index;
    copy.acked_delivery = event.delivery;
    copy.acked_subscription = copy.last_subscription;
    copy.acked_attempt = copy.attempt;
  }
}

void Ledger::on_credit(const Event& event) {
  if (event.subscription == 0 || event.subscription > subscriptions_.size()) return;
  Subscription& subscription = subscriptions_[event.subscription - 1];
  if (event.phase != Phase::invoke) return;
  // Only the first credit of a window that was opened with 0 is easy to follow.
  const bool first = subscription.room_known && subscription.room.empty() && event.amount >= 0;
  if (first)
    subscription.room.assign(static_cast<std::size_t>(event.amount), event.at);
  else
    subscription.room_known = false;
}

void Ledger::on_publish(const Event& event, std::uint32_t index, const Texts& texts) {
  if (event.message == 0) return;
  Message& message = at_number(messages_, event.message);
  if (event.phase == Phase::invoke) {
    message.asked = event.at;
    message.asked_index = index;
    message.session = event.session;
    message.destination = event.destination;
    message.priority = static_cast<std::int32_t>(priority_default_.value_or(0));
    message.ranked = priority_default_.has_value();
    std::uint32_t first = 0;
    for_each_member(texts[event.detail], [&](std::string_view key, std::string_view value) {
      if (key == "priority") {
        message.priority = static_cast<std::int32_t>(number(value));
        message.ranked = true;
      }
      if (key == "ttl_ms") message.ttl = brief(number(value));
      if (key == "delay_ms") message.delay = brief(number(value));
      if (key == "mode") message.topic = value == "\"topic\"";
      if (key == "repeats") first = static_cast<std::uint32_t>(number(value));
    });
    if (first != 0) on_repeat(first, event.message);
    return;
  }
  message.answered = event.at;
  if (event.phase == Phase::ok) {
    message.fate = Fate::accepted;
    if (!message.topic) first_accepted_.try_emplace(message.destination, event.at);
  } else {
    // A request that was never sent is no refusal of the bus.
    const bool refused = event.phase == Phase::fail && texts[event.error] != "disconnected";
    message.fate = refused && !message.repeated ? Fate::refused : Fate::in_doubt;
  }
}

/// An event that is published again may be the same message: what it is owed is no longer certain.
void Ledger::on_repeat(std::uint32_t first, std::uint32_t again) {
  at_number(messages_, again).removed = true;
  Message& its = at_number(messages_, first);
  its.repeated = true;
  if (its.fate == Fate::refused) its.fate = Fate::in_doubt;
}

void Ledger::on_note(const Event& event, const Texts& texts) {
  if (event.action == Action::stall)
    stalled_ = std::max<Time>(stalled_, std::chrono::milliseconds(event.amount));
  if (event.action == Action::mark) {
    const std::string_view name = texts[event.error];
    const bool killed = name == "kill";
    if (name == "fence" && event.message != 0) {
      fences_.push_back(event.message);
      at_number(messages_, event.message).fence = true;
    }
    // What was damaged in its store is set aside, and nobody is owed it.
    if (name == "corrupted" && event.message != 0)
      at_number(messages_, event.message).removed = true;
    if (killed || name == "stop") {
      bus_ended_ = event.at;
      if (claims_.durability() < (killed ? Durability::process_crash : Durability::restart))
        forgot_at_ = event.at;
    }
    if (name == "damaged") forgot_at_ = event.at;  // The main file of its store.
    if (name == "power_cut" && claims_.durability() < Durability::power_loss) forgot_at_ = event.at;
    if (name == "older") older_data_ = true;
    if (name == "leaving" && event.session != 0) {
      Session& session = at_number(sessions_, event.session);
      session.left = std::min(session.left, event.at);
    }
  }
  if (event.session == 0) return;
  if (event.action == Action::closed || event.action == Action::disconnected) {
    Session& session = at_number(sessions_, event.session);
    bool by_us = false;
    std::int64_t code = 0;
    for_each_member(texts[event.detail], [&](std::string_view key, std::string_view value) {
      if (key == "by") by_us = value == "\"us\"";
      if (key == "code") code = number(value);
    });
    if (!by_us) session.ended_by_bus = true;
    if (by_us) session.left = std::min(session.left, event.at);
    session.ended = std::min(session.ended, event.at);
    session.clean = by_us && code == 1000 && bus_ended_ < Time::zero();
  }
}

/// What the bus answered it was still there for.
void Ledger::answered(const Event& event) {
  if (event.session == 0 || event.op == 0) return;
  auto& slot = under_way_[event.op % under_way_.size()];
  if (event.phase == Phase::invoke) {
    at_number(sessions_, event.session);
    slot = {event.op, event.at};
  } else if (slot.first == event.op) {
    Session& session = at_number(sessions_, event.session);
    if (!session.ended_by_bus) session.last_sign = std::max(session.last_sign, slot.second);
  }
}

void Ledger::add(const Event& event, std::uint32_t index, const Texts& texts) {
  if (event.phase == Phase::note) {
    if (event.action == Action::deliver)
      on_delivery(event, index);
    else
      on_note(event, texts);
    return;
  }
  if (event.error == 0 ||
      (texts[event.error] != "no_answer" && texts[event.error] != "disconnected"))
    answered(event);
  switch (event.action) {
    case Action::publish:
      return on_publish(event, index, texts);
    case Action::subscribe:
      return on_subscribe(event, texts);
    case Action::ack:
    case Action::reject:
    case Action::extend:
      return on_settle(event, index);
    case Action::credit:
      return on_credit(event);
    case Action::unsubscribe:
      if (event.subscription != 0 && event.subscription <= subscriptions_.size()) {
        Subscription& its = subscriptions_[event.subscription - 1];
        (event.phase == Phase::invoke ? its.unsubscribe_asked : its.unsubscribed) = event.at;
      }
      return;
    case Action::call:
      // What was dead is ready again, whatever became of its last lease.
      if (texts[event.detail].find("\"bus/redrive\"") != std::string_view::npos)
        redriven_ = event.at;
      return;
    case Action::control:
      return on_control(event, texts);
    case Action::remove:
      if (event.message != 0) at_number(messages_, event.message).removed = true;
      return;
    default:
      return;
  }
}

}  // namespace busproof::checkers::stream
