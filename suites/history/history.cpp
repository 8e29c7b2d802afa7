#include "suites/history/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace busproof::history {
namespace {

constexpr std::array<std::string_view, 5> kPhases = {"invoke", "ok", "fail", "info", "note"};
constexpr std::array<std::string_view, 21> kActions = {
    "hello",   "publish",  "subscribe", "unsubscribe",  "credit",  "ack",     "reject",
    "extend",  "retrieve", "inspect",   "remove",       "pending", "control", "call",
    "deliver", "closed",   "connected", "disconnected", "breach",  "mark",    "stall"};

template <typename Enum, std::size_t N>
std::optional<Enum> from_word(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto* found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

}  // namespace

Text History::intern(std::string_view text) {
  if (text.empty()) return 0;
  const auto [at, fresh] =
      numbers_.try_emplace(std::string(text), static_cast<Text>(texts_.size()));
  if (fresh) texts_.emplace_back(text);
  return at->second;
}

std::string_view to_string(Phase phase) { return kPhases[static_cast<std::size_t>(phase)]; }
std::string_view to_string(Action action) { return kActions[static_cast<std::size_t>(action)]; }
std::optional<Phase> phase_from(std::string_view word) { return from_word<Phase>(kPhases, word); }
std::optional<Action> action_from(std::string_view word) {
  return from_word<Action>(kActions, word);
}

std::string describe(const History& history, const Event& event) {
  const double seconds = std::chrono::duration<double>(event.at).count();
  std::string line =
      fmt::format("{:+9.3f} s  #{} {}", seconds, event.session, to_string(event.action));
  if (event.phase != Phase::note) line += fmt::format(" {}", to_string(event.phase));
  if (event.message != 0) line += fmt::format(" m{}", event.message);
  if (event.delivery != 0) line += fmt::format(" d{}", event.delivery);
  if (event.attempt != 0) line += fmt::format(" attempt {}", event.attempt);
  if (event.subscription != 0) line += fmt::format(" sub {}", event.subscription);
  if (event.amount != 0) line += fmt::format(" ({})", event.amount);
  if (event.error != 0) line += fmt::format(" {}", history.text(event.error));
  if (event.detail != 0) line += fmt::format(" {:.160}", history.text(event.detail));
  return line;
}

}  // namespace busproof::history
