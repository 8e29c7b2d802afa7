#include "suites/history/recorder.hpp"

#include <algorithm>
#include <utility>

namespace busproof::history {

Recorder::Recorder(Header header) { history_.header = std::move(header); }

std::uint32_t Recorder::next_session() {
  const std::lock_guard lock(mutex_);
  return ++sessions_;
}

std::uint32_t Recorder::next_operation() {
  const std::lock_guard lock(mutex_);
  return ++operations_;
}

std::uint32_t Recorder::next_message() {
  const std::lock_guard lock(mutex_);
  return ++messages_;
}

std::uint32_t Recorder::next_subscription() {
  const std::lock_guard lock(mutex_);
  return ++subscriptions_;
}

std::uint32_t Recorder::next_delivery() {
  const std::lock_guard lock(mutex_);
  return ++deliveries_;
}

void Recorder::add(Event event, Words words) {
  const std::lock_guard lock(mutex_);
  if (event.at == Time::zero()) event.at = now();
  // An event stamped before it waited for the lock may be older than its neighbour by microseconds;
  // it keeps its own time, which is the truth, and the order is repaired when the history is taken.
  event.destination = history_.intern(words.destination);
  event.error = history_.intern(words.error);
  event.detail = history_.intern(words.detail);
  history_.events.push_back(event);
}

void Recorder::mark(std::string_view name, std::uint32_t message) {
  Event event;
  event.action = Action::mark;
  event.message = message;
  add(event, {.error = name});
}

void Recorder::set_claims(std::string claims, bool over_lines) {
  const std::lock_guard lock(mutex_);
  history_.header.over_lines = over_lines;
  history_.header.claims = std::move(claims);
}

History Recorder::take() {
  const std::lock_guard lock(mutex_);
  std::stable_sort(history_.events.begin(), history_.events.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  Header header = history_.header;
  return std::exchange(history_, [&] {
    History empty;
    empty.header = std::move(header);
    return empty;
  }());
}

}  // namespace busproof::history
