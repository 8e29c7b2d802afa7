// What a long backlog costs: the same operations beside a short one and beside a long one.
//
// The marks "measures" (how many messages wait) and "measured" enclose what is compared. A median
// of many counts, and is slow only where it is ten times the other's and at least a tenth of a
// second above it, more where the harness itself was held up.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-25.operations: publish, deliver (from the ack that made room), ack, counts. Finding:
/// slowed_down.
Judgement judge_backlog_pace(const history::View& view, const contract::Claims& claims);

/// QUE-25.restart: after the mark "waiting" and a stop, "started" comes, not "not_ready". Finding:
/// not_ready.
Judgement judge_backlog_restart(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
