// Judges of how health tells of stores that are slow, down, and back.
//
// The scenario says how they are: the mark "ailing", made once it is in force: {"is": "delayed" or
// "down"}, the amount how many milliseconds each round trip takes longer; "healing", before that
// ends; and "well", when it has ended.
//
// A look at a store may take several round trips, so that less than the declared latency in the
// wire may be more of it to the bus: with too little delay it is judged by the latencies that it
// tells itself.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// HLT-2.degraded: delayed by twice degraded_ms it is not healthy, detect_ms later; by half of that
/// it is healthy as long as it tells of no latency of degraded_ms. Findings: not_degraded,
/// degraded_early.
Judgement judge_degraded(const history::View& view, const contract::Claims& claims);

/// HLT-2.unhealthy, likewise. Findings: not_unhealthy, unhealthy_early.
Judgement judge_unhealthy(const history::View& view, const contract::Claims& claims);

/// HLT-2.down: it is not healthy, detect_ms later. Finding: not_seen.
Judgement judge_down_seen(const history::View& view, const contract::Claims& claims);

/// HLT-2.recovered: what was seen to be down is not unhealthy any more, detect_ms later; not judged
/// while it shows a breaker that has yet to close. Finding: still_unhealthy.
Judgement judge_recovery_seen(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
