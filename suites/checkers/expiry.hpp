// What decides when a message ends, by what the bus says in bus/inspect; and what is refused.
//
// Instants that the bus tells are its own clock's. They are compared with one another alone: what
// lies between two of them must be what passed in between, as an interval.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// TTL-1.default, .explicit, .expirytime: expires_at is created_at and the time to live, or the
/// event's expirytime, whichever is earlier. Finding: wrong_expiry.
Judgement judge_default_life(const history::View& view, const contract::Claims& claims);
Judgement judge_explicit_life(const history::View& view, const contract::Claims& claims);
Judgement judge_expirytime(const history::View& view, const contract::Claims& claims);

/// TTL-2.senders_clock: messages whose events say another time live like those that say none.
/// Finding: senders_clock_counted.
Judgement judge_senders_clock(const history::View& view, const contract::Claims& claims);

/// TTL-8.redelivery, .extension, .redrive, TTL-6.kept: expires_at is the same before and after.
/// Finding: expiry_moved.
Judgement judge_redelivery_keeps(const history::View& view, const contract::Claims& claims);
Judgement judge_extension_keeps(const history::View& view, const contract::Claims& claims);
Judgement judge_redrive_keeps(const history::View& view, const contract::Claims& claims);
Judgement judge_restart_keeps(const history::View& view, const contract::Claims& claims);

/// DUR-5.expiry: likewise, and it is still there. Findings: expiry_moved, expiry_lost.
Judgement judge_expiry_survives(const history::View& view, const contract::Claims& claims);

/// TTL-7: such a publish is refused as invalid_argument. Findings: accepted, wrong_error.
Judgement judge_zero_refused(const history::View& view, const contract::Claims& claims);
Judgement judge_negative_refused(const history::View& view, const contract::Claims& claims);
Judgement judge_overflow_refused(const history::View& view, const contract::Claims& claims);
Judgement judge_past_refused(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
