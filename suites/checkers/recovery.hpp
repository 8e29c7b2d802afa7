// Whether a bus accepts again once what it needs is there again.
//
// Threads: no state.
#pragma once

#include "suites/history/view.hpp"

namespace busproof::checkers {

struct Recovery {
  bool accepted = false;
  const history::Operation* late = nullptr;  ///< Sent past the limit, and not accepted.
};

/// What became of the publishes sent within (from, until): the first to be accepted, or the first
/// that should have been, sent when `limit` and what the harness may have lost were over. One
/// whose answer never came is neither.
Recovery recovery(const history::View& view, history::Time from, history::Time limit,
                  history::Time until);

}  // namespace busproof::checkers
