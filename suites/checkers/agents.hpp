// Judges of agents: what is sent to one, to a workspace and to all reaches whom it is for, and
// nobody else.
//
// Threads: no state.
// Source:  AGT-1, AGT-2, AGT-3, AGT-4.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// AGT-1.only_it. Finding: came_to_other.
Judgement judge_inbox_alone(const history::View& view, const contract::Claims& claims);

/// AGT-1.waits, AGT-4.later: what was sent to an inbox, by queue alone or by both, while its agent
/// was not subscribed. Finding: lost.
Judgement judge_inbox_waits(const history::View& view, const contract::Claims& claims);
Judgement judge_both_waits(const history::View& view, const contract::Claims& claims);

/// AGT-1.inbox_closed. Findings: accepted; wrong_error, for a refusal other than forbidden.
Judgement judge_inbox_closed(const history::View& view, const contract::Claims& claims);

/// AGT-2.workspace, where there are two members at least. Finding: lost.
Judgement judge_workspace_reached(const history::View& view, const contract::Claims& claims);

/// AGT-2.outsiders. Findings: accepted, wrong_error as above; came_to_outsider.
Judgement judge_outsiders(const history::View& view, const contract::Claims& claims);

/// AGT-2.everyone, where there are two agents at least. Finding: lost.
Judgement judge_everyone_reached(const history::View& view, const contract::Claims& claims);

/// AGT-3.backlog_first. Findings: overtaken, where a message that waited in the inbox came behind
/// one that was published after the agent had asked for it; out_of_order, where two that waited
/// came in another order than the bus claims to keep.
Judgement judge_backlog_first(const history::View& view, const contract::Claims& claims);

/// AGT-4.once. Finding: twice, where a connection with both subscriptions got the topic's copy of
/// what came from the queue as well.
Judgement judge_both_once(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
