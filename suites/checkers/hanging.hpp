// Judges of calls to a payload store that hangs: each ends, and together they open the breaker.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// BRK-11.hanging: calls to a hanging store end, and open the breaker. Findings: still_waiting,
/// did_not_open.
Judgement judge_hanging_trips(const history::View& view, const contract::Claims& claims);

/// BRK-3.at_once: once they have opened it, calls do not wait for the store any more. Finding:
/// waited.
Judgement judge_open_answers_at_once(const history::View& view, const contract::Claims& claims);

/// BRK-12.hanging_probe, BRK-12.orphaned_probe: behind a probe that hung, or whose caller went
/// away, the next one goes to the store when the open time is over again. Findings: still_waiting
/// (the former), stuck.
Judgement judge_hanging_probe(const history::View& view, const contract::Claims& claims);
Judgement judge_orphaned_probe(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
