// Lives: a history of a store, stepped through the model of one whose records end.
//
// Requests may overlap; what is judged of each look is what must hold whenever, while it was under
// way, the bus carried it out.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// TTL-2.any_sequence. Findings: gone_early, there_late, there_removed, expiry_moved.
Judgement judge_lives(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
