// Leases: what is not settled comes again, not before its lease has ended and soon after.
//
// The instant at which a lease begins is the bus' own. It is known only as an interval: after the
// publish and the subscribe were invoked, before the delivery was received. A redelivery is early
// only if it came before even the earliest possible end, late only if after even the latest.
//
// More lenient than need be: deliveries on two connections count as ordered only where the second
// was subscribed when the first had come; lateness counts only where the credit was above the
// number of unsettled messages, for else the message may have had to wait for its place.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-4.attempt. Finding: attempt_not_raised, attempt_not_counted_from_1.
Judgement judge_attempts(const history::View& view, const contract::Claims& claims);

/// QUE-4.early. Finding: early_redelivery.
Judgement judge_not_early(const history::View& view, const contract::Claims& claims);

/// QUE-4.late. Findings: late_redelivery, never_redelivered.
Judgement judge_not_late(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
