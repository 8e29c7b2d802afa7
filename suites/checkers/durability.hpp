// Durability: what was acknowledged before the bus was killed is there when it is back.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-2.publish: every publish answered before a mark "kill" and not settled until then comes to
/// somebody who subscribed after it. A lease may outlive the kill: silence counts behind a fence
/// that was published when those were over. Finding: lost_in_crash. That acks survive is
/// judge_acked_on_later_connection (settling.hpp).
Judgement judge_publishes_survive(const history::View& view, const contract::Claims& claims);

/// DUR-1.waiting: the same of a polite stop, the mark "stop". Finding: lost_in_restart.
Judgement judge_waiting_survives(const history::View& view, const contract::Claims& claims);

/// DUR-3.publish: the same of a server that held the data, the mark "store_killed". Finding:
/// lost_with_server.
Judgement judge_publishes_survive_server(const history::View& view, const contract::Claims& claims);

/// DUR-3.ack: what was acked before such a mark does not come again on a later connection. Finding:
/// acked_came_again.
Judgement judge_acks_survive_server(const history::View& view, const contract::Claims& claims);

/// DUR-3.recovers: within recovery_ms of the mark "store_back", and the time that a breaker stays
/// open where there is one, a publish is accepted. Finding: did_not_recover.
Judgement judge_recovers_from_server_loss(const history::View& view,
                                          const contract::Claims& claims);

/// DUR-4.nothing_lost: the same of a power cut, the mark "power_cut"; where acks are durable, what
/// was acked does not come again either. Findings: lost_in_power_cut, acked_came_again.
Judgement judge_power_cut_survived(const history::View& view, const contract::Claims& claims);

/// DUR-4.window: the same of what had been accepted for longer than loss_window_ms when the power
/// was cut. Finding: lost_beyond_window.
Judgement judge_loss_window(const history::View& view, const contract::Claims& claims);

/// DUR-6.twice: a second bus on the same data, the mark "second_serves" or "second_refused", cost
/// nothing: all that was accepted comes after the next restart, and what was acked does not. Where
/// the second refused the first goes on accepting. Findings: lost, acked_came_again, disturbed.
Judgement judge_second_start(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
