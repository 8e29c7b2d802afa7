#include "suites/history/recorder.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace busproof::history {
namespace {

constexpr std::size_t kWireLinesMax = 20'000;
constexpr std::size_t kWireTextMax = 1'000;

/// A transcript may be handed on: what opens the control hooks does not belong there.
std::string without_token(std::string_view text) {
  constexpr std::string_view kMember = "\"token\":\"";
  const std::size_t at = text.find(kMember);
  if (at == std::string_view::npos) return std::string(text);
  const std::size_t from = at + kMember.size();
  const std::size_t to = std::min(text.find('"', from), text.size());
  return fmt::format("{}...{}", text.substr(0, from), text.substr(to));
}

void put_in_order(History& history) {
  std::stable_sort(history.events.begin(), history.events.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
}

}  // namespace

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

void Recorder::keep_wire() {
  const std::lock_guard lock(mutex_);
  keeps_wire_ = true;
}

void Recorder::wire(std::uint32_t session, bool sent, std::string_view text, Time at) {
  const std::lock_guard lock(mutex_);
  if (!keeps_wire_ || wire_.size() == kWireLinesMax) return;
  const double ms =
      std::chrono::duration<double, std::milli>(at == Time::zero() ? now() : at).count();
  wire_.push_back(fmt::format("{:12.3f} ms  #{} {} {}{}", ms, session, sent ? "->" : "<-",
                              without_token(text.substr(0, kWireTextMax)),
                              text.size() > kWireTextMax
                                  ? fmt::format(" ... {} bytes in all", text.size())
                                  : std::string()));
}

std::vector<std::string> Recorder::take_wire() {
  const std::lock_guard lock(mutex_);
  return std::exchange(wire_, {});
}

History Recorder::so_far() {
  const std::lock_guard lock(mutex_);
  History copy = history_;
  put_in_order(copy);
  return copy;
}

History Recorder::take() {
  const std::lock_guard lock(mutex_);
  put_in_order(history_);
  Header header = history_.header;
  return std::exchange(history_, [&] {
    History empty;
    empty.header = std::move(header);
    return empty;
  }());
}

}  // namespace busproof::history
