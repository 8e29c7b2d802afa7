// Refusals that say nothing of the request: what a bus in trouble may answer to any.
//
// Threads: no state.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "suites/history/view.hpp"

namespace busproof::checkers {

/// Whether the request was answered for what it is: not left unanswered, and not refused for what
/// the bus or its store could not do just then.
inline bool answered_for_itself(const history::Operation& operation) {
  constexpr std::array<std::string_view, 9> kTrouble = {
      "no_answer",         "disconnected", "rate_limited", "backpressure",  "breaker_open",
      "store_unavailable", "closed",       "internal",     "internal_error"};
  return operation.answered != history::kNever &&
         std::find(kTrouble.begin(), kTrouble.end(), operation.error) == kTrouble.end();
}

}  // namespace busproof::checkers
