// Progress: what waits comes while there is credit for it, with no nudge and whatever else is
// stuck.
//
// A stall is a stretch in which nothing at all came to a group though a message waited and a member
// had free credit, and nothing was asked of the bus for it. How long it must have lasted is the
// bus' wakeup_ms, five seconds at the least, and what the harness itself lost. That the bus was
// alive all the while shows a fence on another destination: published after the stretch, it came
// first.
#pragma once

#include <optional>
#include <string>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// Whether some member that stayed until `until` could have taken one more at `at`. A lease that
/// ended by itself gives its credit back, too; here it counts as taken, in favour of the bus.
bool had_credit(const history::View& view, const contract::Claims& claims, const Group& group,
                history::Time at, history::Time until);

/// The first stall that there is, as a violation of that finding.
std::optional<Judgement> find_stall(const history::View& view, const contract::Claims& claims,
                                    const std::string& finding);

/// QUE-20.past_1000 and past_10000: a backlog of more than that many. Finding: stalled.
Judgement judge_drains_past_1000(const history::View& view, const contract::Claims& claims);
Judgement judge_drains_past_10000(const history::View& view, const contract::Claims& claims);

/// QUE-22: the others come while the message of the mark "stuck" is leased, delayed, rejected again
/// and again, or corrupt. Finding: held_up.
Judgement judge_leased_holds_up_nobody(const history::View& view, const contract::Claims& claims);
Judgement judge_delayed_holds_up_nobody(const history::View& view, const contract::Claims& claims);
Judgement judge_rejected_holds_up_nobody(const history::View& view, const contract::Claims& claims);
Judgement judge_corrupt_holds_up_nobody(const history::View& view, const contract::Claims& claims);

/// QUE-21.falling_idle: a message accepted while a member's last ack was under way comes within
/// wakeup_ms of both answers. Finding: woken_late.
Judgement judge_woken(const history::View& view, const contract::Claims& claims);

/// QUE-21.link_cut: a message accepted after the marks "fault" and "healed", of connections to the
/// stores that were reset, comes within wakeup_ms of its answer. Finding: woken_late.
Judgement judge_woken_after_cut(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
