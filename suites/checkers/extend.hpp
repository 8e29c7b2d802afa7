// Extend: a lease that was extended lasts as long as was asked, from then on, and no longer.
//
// Judged on deliveries that were extended once, with success, and that nobody settled.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-15.holds, where the extension outlasts the lease. Finding: extension_not_held.
Judgement judge_extension_holds(const history::View& view, const contract::Claims& claims);

/// QUE-15.ends. Findings: extension_ended_late, never_came_again.
Judgement judge_extension_ends(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
