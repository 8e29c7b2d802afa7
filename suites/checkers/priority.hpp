// Priority: among messages that wait, the higher first, equals in order of acceptance.
//
// Judged on pairs of first deliveries of one subscription: both messages must have been accepted
// before the earlier one can have been handed out, that is before the credit for it was asked for.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// PRI-1.higher_first. Finding: lower_first.
Judgement judge_higher_first(const history::View& view, const contract::Claims& claims);

/// PRI-2.in_order. Finding: equals_out_of_order.
Judgement judge_equals_in_order(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
