// The guard of one store: its breaker, and the calls under way that it let through.
//
// Threads: the core's.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reference/core/breaker.hpp"
#include "reference/core/result.hpp"

namespace reference::core {

enum class Store : std::uint8_t { payloads, queues };
constexpr std::size_t index_of(Store store) { return static_cast<std::size_t>(store); }

/// On whose behalf a store is called. What the bus does by itself opens no breaker.
enum class Behalf : std::uint8_t { client, bus };

struct Guard {
  struct Flight {
    std::uint64_t term = 0;
    bool counts = true;
  };
  Breaker breaker;
  std::unordered_map<Ticket, Flight> flights;
  std::deque<std::pair<Tick, Ticket>> deadlines;         ///< of flights, and of some that are over
  std::optional<Tick> failed_at;                         ///< when a counted call failed last
  std::int64_t opened = 0, half_opened = 0, closed = 0;  ///< how often it changed to that
  std::optional<Instant> opened_at;                      ///< when it opened last
};

struct State;
struct Answer;

/// Whether a call may go; where it may, it is under way from here on.
bool admit(State& state, Store store, Ticket ticket, Behalf behalf);
/// A call has come to its end at the store; harmless for one that was never let through.
void concluded(State& state, Store store, Ticket ticket, bool well);
/// How long a store's breaker stays open yet.
Ms open_for(const State& state, Store store);
/// Whether a call now would be kept away, without asking.
bool shut(const State& state, Store store);
/// Calls past the call timeout have failed, as far as those who wait for them go.
void time_out_calls(State& state);
/// What the store says of a step that was given up is put right: what it leased, nobody got.
void came_late(State& state, Ticket ticket, const Result<Answer>& answer);
std::optional<Tick> next_timeout(const State& state);

}  // namespace reference::core
