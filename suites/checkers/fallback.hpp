// Judges of what becomes of large payloads while their store is down or its breaker open.
//
// The store is down from the answer of the control call that said so to the next one's request.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// ROUTE-8.store_down, ROUTE-8.breaker_open: a payload above the inline limit goes inline and comes
/// whole. Findings: refused, not_whole.
Judgement judge_inline_while_down(const history::View& view, const contract::Claims& claims);
Judgement judge_inline_while_open(const history::View& view, const contract::Claims& claims);

/// ROUTE-9.refused: of uploads and publishes of those; whether it says which of the publishes
/// happened, too. Findings: wrong_kind, not_retryable, indefinite.
Judgement judge_upload_refused_while_down(const history::View& view,
                                          const contract::Claims& claims);

/// ROUTE-9.nothing_delivered: of those publishes. Finding: refused_but_delivered.
Judgement judge_upload_refused_stays_away(const history::View& view,
                                          const contract::Claims& claims);

/// ROUTE-10.refused: by a kind that says so, and retryable. Findings: accepted, wrong_kind,
/// not_retryable.
Judgement judge_refused_while_down(const history::View& view, const contract::Claims& claims);

/// ROUTE-10.definite. Finding: indefinite.
Judgement judge_refused_definitely(const history::View& view, const contract::Claims& claims);

/// ROUTE-10.nothing_delivered: of those. Finding: refused_but_delivered.
Judgement judge_refused_stays_away(const history::View& view, const contract::Claims& claims);

/// ROUTE-12.fallback: of one queue that took all three ways. Findings: out_of_order, lost.
Judgement judge_mixed_fallback(const history::View& view, const contract::Claims& claims);

/// BRK-7.lost, BRK-7.doubled: of messages from before, during and after. Findings: lost; doubled.
Judgement judge_none_lost_across_trip(const history::View& view, const contract::Claims& claims);
Judgement judge_none_doubled_across_trip(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
