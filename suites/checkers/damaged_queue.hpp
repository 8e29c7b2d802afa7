// Damage in a queue: it reaches nobody as good, and what is behind it goes on.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SUM-9: no delivery of a message damaged before its group's first subscription carries other
/// bytes than were published; judged behind a fence. Finding: delivered_damaged.
Judgement judge_no_damage_delivered(const history::View& view, const contract::Claims& claims);

/// SUM-10: a delivery whose payload was damaged or deleted is acked. Finding: cannot_settle.
Judgement judge_damaged_settled(const history::View& view, const contract::Claims& claims);

/// SUM-10: behind a fence a damaged queue message is a dead letter with the reason
/// digest_mismatch. Findings: not_set_aside, wrong_reason.
Judgement judge_damaged_set_aside(const history::View& view, const contract::Claims& claims);

/// SUM-10: what was accepted behind a damaged message reaches a member that has credit for it by
/// the mark "waited". Finding: blocked_behind.
Judgement judge_others_go_on(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
