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

namespace reference::core {

enum class Store : std::uint8_t { payloads, queues };

/// On whose behalf a store is called. What the bus does by itself counts only as a probe.
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

}  // namespace reference::core
