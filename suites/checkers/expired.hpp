// What becomes of a message whose life is over: in queues, in a consumer's hands, in statistics,
// over a restart, under a sweep.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// TTL-3.not_delivered: nothing is delivered for the first time after its end and grace.
/// Finding: delivered_after_expiry.
Judgement judge_expired_not_delivered(const history::View& view, const contract::Claims& claims);

/// TTL-3.dropped: by then it is neither counted in its queue nor among the dead letters.
/// Findings: expired_in_queue, expired_among_dead.
Judgement judge_expired_dropped(const history::View& view, const contract::Claims& claims);

/// TTL-3.dead_lettered: by then it is listed once among the dead letters, and what lives is not.
/// Findings: not_dead_lettered, listed_twice, dead_alive.
Judgement judge_expired_dead_lettered(const history::View& view, const contract::Claims& claims);

/// TTL-3.counted_once: statistics count it once as expired. Findings: not_counted, counted_again.
Judgement judge_expired_counted(const history::View& view, const contract::Claims& claims);

/// TTL-5.ack: within its lease it can be acked. Finding: ack_refused.
Judgement judge_expired_acked(const history::View& view, const contract::Claims& claims);

/// TTL-5.no_redelivery: given back after its end and grace it does not come again.
/// Finding: redelivered_after_expiry.
Judgement judge_expired_not_redelivered(const history::View& view, const contract::Claims& claims);

/// TTL-6.expires: what ended between the bus' stop and its start is gone. Finding:
/// outlived_restart.
Judgement judge_expired_while_down(const history::View& view, const contract::Claims& claims);

/// TTL-4.removes: after a sweep nothing is there that had ended before it, whatever the grace.
/// Finding: left_after_sweep.
Judgement judge_sweep_removes(const history::View& view, const contract::Claims& claims);

/// TTL-4.spares: what lives is there after a sweep, and comes. Finding: swept_alive.
Judgement judge_sweep_spares(const history::View& view, const contract::Claims& claims);

/// TTL-4.tells: every sweep gives a number, and together they are no more than have ended.
/// Findings: no_number, too_many.
Judgement judge_sweep_tells(const history::View& view, const contract::Claims& claims);

/// TTL-4.archives: what was swept is found in the archive. Finding: not_archived.
Judgement judge_sweep_archives(const history::View& view, const contract::Claims& claims);

/// TTL-9, all three only where messages ended meanwhile. What is read is whole, or an error that
/// says it is gone. Findings: altered, unclean_error.
Judgement judge_reads_beside_expiry(const history::View& view, const contract::Claims& claims);

/// An ack within its lease is taken, and what it settled does not come again. Findings:
/// ack_refused, acked_came_again.
Judgement judge_acks_beside_expiry(const history::View& view, const contract::Claims& claims);

/// What is published and lives is delivered. Findings: those of judge_delivered.
Judgement judge_publishes_beside_expiry(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
