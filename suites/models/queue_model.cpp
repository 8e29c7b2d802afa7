#include "suites/models/queue_model.hpp"

#include <fmt/format.h>

namespace busproof::models {

void QueueModel::accepted(Message message, std::int64_t priority) {
  Entry entry;
  entry.priority = priority;
  entry.order = ++accepted_;
  entries_[message] = entry;
}

void QueueModel::maybe_accepted(Message message, std::int64_t priority) {
  accepted(message, priority);
  entries_[message].state = State::uncertain;
}

void QueueModel::credit_given() {
  for (auto& [message, entry] : entries_) entry.before_credit = entry.state == State::ready;
}

std::optional<Broken> QueueModel::delivered(Message message, Holder holder, std::int32_t attempt) {
  const auto found = entries_.find(message);
  if (found == entries_.end())
    return Broken{"made_up", fmt::format("Message m{} was never accepted here.", message)};
  Entry& entry = found->second;
  if (entry.state == State::settled)
    return Broken{"acked_came_again", fmt::format("Message m{} was acked and came again.", message)};
  if (entry.state == State::held)
    return Broken{"held_twice",
                  fmt::format("Message m{} came again while its lease was held.", message)};
  auto broken = overtaken(message, entry);
  entry.state = State::held;
  entry.holder = holder;
  entry.attempt = attempt;
  entry.fresh = false;
  return broken;
}

/// Whether a message that certainly waited should have come before this one.
std::optional<Broken> QueueModel::overtaken(Message message, const Entry& entry) const {
  for (const auto& [other, waiting] : entries_) {
    if (other == message || waiting.state != State::ready || !waiting.before_credit) continue;
    if (waiting.priority > entry.priority)
      return Broken{"lower_first", fmt::format("Message m{} of priority {} came while m{} of "
                                               "priority {} waited.",
                                               message, entry.priority, other, waiting.priority)};
    // Where a redelivered message stands among its equals is a trait: only fresh ones are compared.
    const bool equals = waiting.priority == entry.priority && waiting.fresh && entry.fresh;
    if (equals && waiting.order < entry.order)
      return Broken{"equals_out_of_order",
                    fmt::format("Message m{} came while m{}, accepted before it with the same "
                                "priority, waited.",
                                message, other)};
  }
  return std::nullopt;
}

void QueueModel::acked(Message message, bool certain) {
  if (const auto found = entries_.find(message); found != entries_.end())
    found->second.state = certain ? State::settled : State::uncertain;
}

void QueueModel::come_back(Entry& entry) {
  entry.state = entry.attempt >= attempts_max_ ? State::uncertain : State::returning;
}

void QueueModel::handed_back(Message message, bool certain) {
  const auto found = entries_.find(message);
  if (found == entries_.end()) return;
  if (certain)
    come_back(found->second);
  else
    found->second.state = State::uncertain;
}

void QueueModel::ended(Holder holder) {
  for (auto& [message, entry] : entries_)
    if (entry.state == State::held && entry.holder == holder) come_back(entry);
}

std::optional<Message> QueueModel::owed() const {
  for (const auto& [message, entry] : entries_)
    if (entry.state == State::ready || entry.state == State::returning) return message;
  return std::nullopt;
}

}  // namespace busproof::models
