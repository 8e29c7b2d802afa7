#include "suites/models/queue_model.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace busproof::models {

void QueueModel::asked(Message message, std::int64_t priority) {
  Entry entry;
  entry.priority = priority;
  entry.accepted_before = accepted_;
  entries_[message] = entry;
}

void QueueModel::accepted(Message message, bool delayed, Instant due) {
  const auto found = entries_.find(message);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.order = ++accepted_;
  if (entry.attempts > 0) return;  // It came before the answer did.
  entry.state = delayed ? State::returning : State::ready;
  entry.due = due;
}

void QueueModel::refused(Message message) {
  const auto found = entries_.find(message);
  if (found != entries_.end() && found->second.attempts == 0) entries_.erase(found);
}

void QueueModel::in_doubt(Message message) {
  const auto found = entries_.find(message);
  if (found != entries_.end() && found->second.state != State::settled)
    found->second.state = State::uncertain;
}

void QueueModel::credit_given() {
  // Credit that brought nothing may still: what comes next was perhaps chosen on it.
  if (!chosen_) return;
  chosen_ = false;
  for (auto& [message, entry] : entries_) entry.before_credit = entry.state == State::ready;
}

std::optional<Broken> QueueModel::delivered(Message message, Holder holder, std::int32_t attempt,
                                            Instant at, Instant held_until) {
  chosen_ = true;
  const auto found = entries_.find(message);
  if (found == entries_.end())
    return Broken{"made_up", fmt::format("Message m{} was never accepted here.", message)};
  Entry& entry = found->second;
  if (entry.state == State::settled)
    return Broken{"acked_came_again",
                  fmt::format("Message m{} was acked and came again.", message)};
  const bool still_held = entry.state == State::held && !entry.may_return && at < entry.held_until;
  auto broken = overtaken(message, entry);
  entry.state = State::held;
  entry.holder = holder;
  entry.attempts = std::max<std::int64_t>(entry.attempts + 1, attempt);
  entry.may_return = false;
  entry.held_until = held_until;
  if (still_held)
    return Broken{"held_twice",
                  fmt::format("Message m{} came again while its lease was held.", message)};
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
    // Where a redelivered message stands among its equals is a trait, and publishes that overlapped
    // may have been accepted in either order: only fresh ones that were apart are compared.
    const bool equals = waiting.priority == entry.priority && entry.attempts == 0;
    if (equals && waiting.order <= entry.accepted_before)
      return Broken{"equals_out_of_order",
                    fmt::format("Message m{} came while m{}, accepted before it with the same "
                                "priority, waited.",
                                message, other)};
  }
  return std::nullopt;
}

void QueueModel::acked(Message message) {
  if (const auto found = entries_.find(message); found != entries_.end())
    found->second.state = State::settled;
}

void QueueModel::come_back(Entry& entry, Instant due) {
  entry.state = entry.attempts >= attempts_max_ ? State::uncertain : State::returning;
  entry.due = due;
}

void QueueModel::handing_back(Message message) {
  const auto found = entries_.find(message);
  if (found != entries_.end() && found->second.state == State::held)
    found->second.may_return = true;
}

void QueueModel::handed_back(Message message, Instant due) {
  const auto found = entries_.find(message);
  // Where it is no longer on its way back it has come already.
  if (found != entries_.end() && found->second.state == State::held && found->second.may_return)
    come_back(found->second, due);
}

void QueueModel::ended(Holder holder, Instant due) {
  for (auto& [message, entry] : entries_)
    if (entry.state == State::held && entry.holder == holder) come_back(entry, due);
}

std::optional<Message> QueueModel::owed(Instant until) const {
  for (const auto& [message, entry] : entries_)
    if ((entry.state == State::ready || entry.state == State::returning) && entry.due < until)
      return message;
  return std::nullopt;
}

}  // namespace busproof::models
