// Sequences: a history of one queue, stepped through the model of a queue.
//
// The history must be of one destination and one group, its requests one after the other, and
// credit given for one delivery at a time: this is how suites/program runs programs. It ends with a
// fence, behind which what was acked and did not come again, or was owed and did not come, counts.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-3.any_sequence. Finding: acked_came_again.
Judgement judge_sequence_settled(const history::View& view, const contract::Claims& claims);

/// PRI-6.agrees_with_model. Findings: lower_first, equals_out_of_order, held_twice, made_up, lost.
Judgement judge_sequence_order(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
