// Restarts of a bus: what is measured before one says nothing of what comes after.
//
// Threads: no state.
#pragma once

#include "suites/history/view.hpp"

namespace busproof::checkers {

/// Whether the bus was started again between two notes.
bool restarted_between(const history::View& view, const history::Note& from,
                       const history::Note& to);

}  // namespace busproof::checkers
