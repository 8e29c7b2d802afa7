// Whether a bus accepts again once what it needs is there again.
//
// Threads: no state.
#pragma once

#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

struct Recovery {
  bool accepted = false;
  const history::Operation* late = nullptr;  ///< Sent past the limit, and not accepted.
};

/// What became of the publishes sent within (from, until): the first to be accepted, or the first
/// that should have been: sent when recovery_ms, the time that a breaker stays open by the clock of
/// the bus, and what the harness may have lost were over. One whose answer never came is neither.
Recovery recovery(const history::View& view, const contract::Claims& claims, history::Time from,
                  history::Time until);

}  // namespace busproof::checkers
