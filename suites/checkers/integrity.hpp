// Integrity: sizes that are true, damage that is found, owned up to and keeps to itself.
//
// The mark "corrupted" names a message whose stored bytes or digest were damaged, and is set once
// that is done.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SUM-1, COMP-4: every size that the bus states is that of the payload. Finding: wrong_size.
Judgement judge_stated_sizes(const history::View& view, const contract::Claims& claims);

/// SUM-1: the event published next after the mark "own_digest_wrong" or "own_size_wrong" says
/// something wrong of itself: it is refused, and a fence shows that it is not delivered either.
/// Findings: accepted, delivered.
Judgement judge_senders_own(const history::View& view, const contract::Claims& claims);

/// SUM-1: what follows a mark "own_right" states its size, its digest or both rightly, and is not
/// refused as if they were wrong. Finding: refused (digest_mismatch or invalid_argument).
Judgement judge_senders_right(const history::View& view, const contract::Claims& claims);

/// SUM-3: after its stored digest was damaged, a message is read with its right digest or not at
/// all. Findings: wrong_digest, and those of judge_corruption_found.
Judgement judge_wrong_digest_found(const history::View& view, const contract::Claims& claims);

/// SUM-6: messages that nobody damaged are still read, and right, once others were. Findings:
/// other_unreadable, other_altered.
Judgement judge_others_readable(const history::View& view, const contract::Claims& claims);

/// SUM-4, SUM-6: requests are still answered once damage was read. A connection that ended is no
/// violation where another one is served. Finding: went_away.
Judgement judge_stays_up(const history::View& view, const contract::Claims& claims);

/// SUM-7: what was read with digest_mismatch is shown with the status error and a cause. Findings:
/// status_not_error, no_cause.
Judgement judge_damage_status(const history::View& view, const contract::Claims& claims);

/// SUM-7: bus/stats counts as many more corrupt payloads as were read with digest_mismatch.
/// Finding: not_counted.
Judgement judge_damage_counted(const history::View& view, const contract::Claims& claims);

/// SUM-4, SUM-8: between two marks "memory" the bus grew by no more than the sizes of what was
/// damaged and read allow, and 96 MiB for what a bus does besides. Finding: unbounded.
Judgement judge_memory_bounded(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
