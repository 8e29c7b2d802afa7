// The circuit breaker of one store, as a pure state machine.
//
// Closed it lets calls through and counts failures in a row, in the order in which calls end. Open
// it lets none through until its time is over; then, half open, it lets a few through as probes,
// and what they find decides.
//
// Threads: values only. Source: BRK-1, BRK-2, BRK-4, BRK-5, BRK-9.
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/core/ids.hpp"
#include "reference/core/limits.hpp"

namespace reference::core {

enum class BreakerState : std::uint8_t { closed, open, half_open };

std::string_view breaker_text(BreakerState state);

struct Breaker {
  BreakerState state = BreakerState::closed;
  int failures = 0;   ///< in a row while closed; those that opened it while it is open
  int successes = 0;  ///< of probes
  int probing = 0;    ///< probes under way
  Ms changed{0};      ///< when it last changed its state
  std::uint64_t term =
      0;  ///< grows with each change; a call counts in the term that let it through
};

enum class Happened : std::uint8_t { asked, succeeded, failed };

struct BreakerInput {
  Happened what = Happened::asked;
  std::uint64_t term = 0;  ///< of the call that succeeded or failed
  Ms now{0};               ///< the bus' own time, the clock hook's shift included
};

struct BreakerStep {
  Breaker breaker;
  bool admitted = false;  ///< whether the call that asked may go
};

BreakerStep step_breaker(Breaker before, const BreakerInput& input, const BreakerLimits& limits);

}  // namespace reference::core
