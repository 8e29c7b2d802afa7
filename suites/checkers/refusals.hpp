// Refusals that say nothing of what was asked for: the bus could not, or would not, look.
//
// Threads: no state.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "suites/history/view.hpp"

namespace busproof::checkers {

inline bool is_passing(const history::Operation& operation) {
  constexpr std::array<std::string_view, 8> kPassing = {
      "rate_limited", "backpressure", "store_unavailable", "breaker_open",
      "closed",       "no_answer",    "disconnected",      "unauthenticated"};
  return std::find(kPassing.begin(), kPassing.end(), operation.error) != kPassing.end();
}

}  // namespace busproof::checkers
