// Judges of the circuit breaker around the payload store: a walk through the calls of one caller
// after the other, beside the model.
//
// A call is a publish above the inline limit. Served, its route is by reference; unserved, it was
// refused or went inline. Whether the breaker is open is told by calls made while the store is well
// again: what is let through is served then.
//
// Threads: no state.
#pragma once

#include <vector>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// The publishes above the inline limit that were made while the breaker was certainly open.
std::vector<const history::Operation*> publishes_while_open(const history::View& view,
                                                            const contract::Claims& claims);

/// BRK-1.starts_closed. Finding: not_closed.
Judgement judge_starts_closed(const history::View& view, const contract::Claims& claims);

/// BRK-1.below_threshold, BRK-1.success_resets. Finding: opened_early.
Judgement judge_below_threshold(const history::View& view, const contract::Claims& claims);
Judgement judge_success_resets(const history::View& view, const contract::Claims& claims);

/// BRK-2.opens. Finding: did_not_open.
Judgement judge_opens(const history::View& view, const contract::Claims& claims);

/// BRK-4.probes. Findings: probed_early, no_probe.
Judgement judge_probes(const history::View& view, const contract::Claims& claims);

/// BRK-5.closes, BRK-5.opens_again. Findings: stays_open, count_kept; probed_early.
Judgement judge_closes(const history::View& view, const contract::Claims& claims);
Judgement judge_opens_again(const history::View& view, const contract::Claims& claims);

/// BRK-8.state: health shows it as it is. Finding: wrong_state.
Judgement judge_breaker_shown(const history::View& view, const contract::Claims& claims);

/// BRK-10: all of it. Finding: disagrees.
Judgement judge_breaker_model(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
