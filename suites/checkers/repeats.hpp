// STORE-7, API-3: the same event again is the same message.
//
// A publish "repeats" a message whose event id it bears. Whatever the bus may have forgotten since
// is not judged: only what lies within the declared window for certain.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-7.same: repeated after the first was answered. Findings for all four: new_id, where the
/// same event has two transaction ids; same_refused, where it is in conflict with nothing;
/// delivered_again, as if it were another; mixed_up, where an event of another source or at another
/// destination was taken for it; lost, where neither came.
Judgement judge_repeated(const history::View& view, const contract::Claims& claims);

/// STORE-7.settled: repeated after the first was acked.
Judgement judge_repeated_settled(const history::View& view, const contract::Claims& claims);

/// API-3.retried: repeated after the first went unanswered.
Judgement judge_retried(const history::View& view, const contract::Claims& claims);

/// API-3.concurrent: repeated while another was under way.
Judgement judge_repeated_at_once(const history::View& view, const contract::Claims& claims);

/// STORE-7.conflict: the same source and id with another payload is refused with conflict and never
/// comes. Findings: conflict_accepted, wrong_error, conflict_delivered.
Judgement judge_conflict(const history::View& view, const contract::Claims& claims);

/// ROUTE-12.dedupe: judge_repeated and judge_conflict for both ways, mixed in one queue.
Judgement judge_repeated_either_way(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
