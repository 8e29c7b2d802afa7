// Priority: among messages that wait, the higher first, equals in order of acceptance.
//
// Judged on pairs of first deliveries of one subscription: both messages must have been accepted
// before the earlier one can have been handed out, that is before the first credit of the
// subscription was asked for. Only a lone member is judged: what another holds does not wait.
//
// More lenient than need be: what is published after the first credit is not compared with what was
// delivered on it, even when that credit was used up by then.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// PRI-1.higher_first. Finding: lower_first.
Judgement judge_higher_first(const history::View& view, const contract::Claims& claims);

/// PRI-2.in_order. Finding: equals_out_of_order.
Judgement judge_equals_in_order(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
