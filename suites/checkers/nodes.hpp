// Several nodes of one bus: the judges of NODE, and of what other rules say of another node.
//
// The mark "at_node" says to which node a session is connected. A node that was killed
// ("node_killed") is dead at once; one that is merely slow is not, and its leases run on.
//
// Threads: no state.
// Source:  NODE-1..5, PUB-9.other_node, ROUTE-7.any_node, STORE-2.nodes.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// NODE-1.queues: what was published at one node came to members at another; a message that does
/// not come though such a member has credit is a stall (progress.hpp). Finding: not_delivered.
Judgement judge_queue_over_nodes(const history::View& view, const contract::Claims& claims);

/// NODE-1.agents: the same of agents' inboxes.
Judgement judge_inbox_over_nodes(const history::View& view, const contract::Claims& claims);

/// NODE-1.topics: subscriptions get what is published at another node from propagation_ms after
/// their answer. Finding: lost.
Judgement judge_topic_over_nodes(const history::View& view, const contract::Claims& claims);

/// PUB-9.other_node: the same of the first such publish of each publisher. Finding: lost.
Judgement judge_topic_first_over_nodes(const history::View& view, const contract::Claims& claims);

/// NODE-1.references: retrieved at another node than that of the publish. Findings: missing,
/// altered.
Judgement judge_reference_over_nodes(const history::View& view, const contract::Claims& claims);

/// ROUTE-7.any_node: the first retrieve after the delivery, at another node than that of the
/// delivery. Findings: missing, altered.
Judgement judge_retrievable_at_any_node(const history::View& view, const contract::Claims& claims);

/// STORE-2.nodes: messages of two nodes at least. Finding: id_repeated.
Judgement judge_ids_over_nodes(const history::View& view, const contract::Claims& claims);

/// NODE-2.one_holder: QUE-2's, of groups with members at two nodes. Finding: held_twice.
Judgement judge_one_holder_over_nodes(const history::View& view, const contract::Claims& claims);

/// NODE-2.dead_node, NODE-5.leases: what a node that was killed had delivered and nobody had
/// settled came to a member elsewhere, at the latest when its lease was over. Finding: held_on.
Judgement judge_dead_node(const history::View& view, const contract::Claims& claims);

/// NODE-3.rolling: two nodes were stopped and started again, and what was accepted came. Finding:
/// lost.
Judgement judge_rolling_restart(const history::View& view, const contract::Claims& claims);

/// NODE-4.empty: nodes that start at once all start, and what one then accepts another delivers.
/// Findings: not_started, not_delivered.
Judgement judge_started_at_once(const history::View& view, const contract::Claims& claims);

/// NODE-5.back: whoever was served by a node that was killed is served by another (a hello and a
/// publish answered) that it tries again and again, recovery_ms after it tried first at the latest;
/// and within recovery_ms of the try. The marks are those of Stage::return_to_node(). Finding:
/// not_served.
Judgement judge_back_elsewhere(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
