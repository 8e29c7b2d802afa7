// Priority: among messages that wait, the higher first, equals in order of acceptance, also after a
// restart, for what is delivered again, and for what comes late.
//
// Judged on pairs of deliveries of one subscription, the later of which waited when the earlier one
// can first have been handed out (handed.hpp). Only a lone member is judged: what another holds
// does not wait.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// PRI-1.higher_first, of first deliveries. Finding: lower_first.
Judgement judge_higher_first(const history::View& view, const contract::Claims& claims);

/// PRI-2.in_order, of first deliveries. Finding: equals_out_of_order.
Judgement judge_equals_in_order(const history::View& view, const contract::Claims& claims);

/// PRI-3.restart: both of what was accepted before the bus was stopped or killed and asked for
/// after. Finding: order_not_kept.
Judgement judge_order_after_restart(const history::View& view, const contract::Claims& claims);

/// PRI-3.keeps_priority. Finding: redelivered_after_lower.
Judgement judge_redelivered_priority(const history::View& view, const contract::Claims& claims);

/// PRI-3.place: of a redelivered message and its equals. Finding: wrong_place.
Judgement judge_redelivered_place(const history::View& view, const contract::Claims& claims);

/// PRI-4.range: of pairs with a priority at either end of the range, which nobody may refuse.
/// Findings: lower_first, refused_in_range.
Judgement judge_priority_range(const history::View& view, const contract::Claims& claims);

/// PRI-4.outside: priorities beyond the range are invalid_argument. Findings: accepted_outside,
/// refused_otherwise.
Judgement judge_priority_outside(const history::View& view, const contract::Claims& claims);

/// PRI-5.overtakes: one of higher priority, published when others waited and some had been
/// delivered, comes before them. Finding: not_overtaken.
Judgement judge_overtakes(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
