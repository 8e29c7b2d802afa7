// API-1: odd moments have a defined outcome and lose nothing accepted.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// API-1.unsubscribe_twice: an unsubscribe after an answered one of the same subscription succeeds
/// or is refused for a reason. Findings: undefined_error, unanswered, connection_lost; lost, where
/// a message of that queue then never came to anyone.
Judgement judge_unsubscribe_twice(const history::View& view, const contract::Claims& claims);

/// API-1.settle_after_unsubscribe: the same of ack, reject and extend after their subscription has
/// ended; lost, where the settling was refused and the message did not come to somebody else.
Judgement judge_settle_after_unsubscribe(const history::View& view, const contract::Claims& claims);

/// API-1.publish_during_shutdown: a publish that was under way when the bus was told to stop.
/// Findings: undefined_error; lost, where it was accepted and never came; refused_but_delivered.
Judgement judge_publish_during_shutdown(const history::View& view, const contract::Claims& claims);

/// API-1.cut_under_publish: a publish whose connection was cut before its answer reaches all groups
/// or none (where that is claimed), as it was sent, once. Findings: half_done, altered, doubled.
Judgement judge_cut_under_publish(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
