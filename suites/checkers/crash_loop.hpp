// Crash loops: what becomes of a message whose consumer dies each time, and of those beside it.
//
// The mark "poison" names the message; each of its consumers went without settling it. Judged where
// the end of a consumer counts as an attempt.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-23.ends. Findings: delivered_again (beyond attempts_max), not_dead_lettered.
Judgement judge_crash_loop_ends(const history::View& view, const contract::Claims& claims);

/// QUE-23.neighbours: what a dying consumer held and had attempts left comes again. Finding: lost.
Judgement judge_crash_loop_neighbours(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
