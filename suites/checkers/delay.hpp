// Delay: a delayed message comes neither before its time nor long after it.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-17.early. Finding: delayed_early.
Judgement judge_delay_not_early(const history::View& view, const contract::Claims& claims);

/// QUE-17.late, with credit to spare. Findings: delayed_late, never_came.
Judgement judge_delay_not_late(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
