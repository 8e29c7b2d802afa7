// Judges of what a bus is watched by: what its metrics page shows, and what is left to be seen of
// its breaker's changes.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STA-3.signs, of the pages that were there, by the names of the mark "signs": each is on them;
/// the fallbacks have grown by as many payloads as went inline for want of their store; the
/// breaker's is another number while health says open than while it says closed. Findings: missing,
/// fallback_not_counted, breaker_not_shown.
Judgement judge_signs(const history::View& view, const contract::Claims& claims);

/// BRK-8.transitions, of what bus/health says of the breaker from one look to the next: where that
/// has changed, the log (the marks "log") has a line on it since, or a number about a breaker of
/// bus/stats or of the metrics page is another one. Finding: not_shown. Where nothing of the kind
/// can be seen at all: unverified.
Judgement judge_transitions_shown(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
