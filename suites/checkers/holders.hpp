// Judges of groups: one member at a time holds a message, and every group gets what it is owed.
//
// Threads: no state.
// Source:  QUE-2.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// `held_twice`: one message came to a group twice, and neither lease can have ended before the
/// other began.
Judgement judge_one_holder(const history::View& view, const contract::Claims& claims);

/// As judge_delivered, where a destination has two groups at least.
Judgement judge_every_group(const history::View& view, const contract::Claims& claims);

/// `came_to_late_group`: a group was delivered what had been accepted before anyone named it.
Judgement judge_late_group(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
