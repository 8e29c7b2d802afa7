// Load: many publishers and many members at once.
//
// Judged where that certainly was so: at least two connections published to a destination and at
// least two members of one group received from it. Near-linear in the length of the history.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-14.lost. Finding: lost.
Judgement judge_crowd_loses_none(const history::View& view, const contract::Claims& claims);

/// QUE-14.made_up. Findings: made_up, misdelivered, altered.
Judgement judge_crowd_makes_up_none(const history::View& view, const contract::Claims& claims);

/// QUE-14.acked_again, of acks in time. Finding: acked_came_again.
Judgement judge_crowd_acked_once(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
