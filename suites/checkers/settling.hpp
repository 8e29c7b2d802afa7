// Settling: what is acked is over.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-3.after_lease: watched for twice the lease after the ack, up to the fence.
Judgement judge_acked_after_lease(const history::View& view, const contract::Claims& claims);

/// QUE-3.after_reconnect, after_restart, after_crash: watched up to a fence on a later connection.
Judgement judge_acked_on_later_connection(const history::View& view,
                                          const contract::Claims& claims);

// Finding of both: acked_came_again.

/// QUE-14.acked_again: at any time and to any member of its group, for long histories. Finding:
/// acked_came_again.
Judgement judge_acked_at_all(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
