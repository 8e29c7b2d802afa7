// Data of an older schema: that a start takes it over whole.
//
// Threads: no state.
// Source:  DUR-6, NODE-4.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-6.older_schema: the bus starts on what the marks "older" and "older_message" say was put
/// there; what waited comes as it was, and can be retrieved so before it is settled, dead letters
/// are listed and do not come, and what was acked does not come either, where acks are durable.
/// Silence counts behind a fence.
/// Findings: refused, lost_in_migration, altered, acked_came_again, dead_came_again.
Judgement judge_older_taken_over(const history::View& view, const contract::Claims& claims);

/// NODE-4.migration: the same of nodes that start at once on it, of whom all start and none ends;
/// and what waited does not come again once it was acked, no dead letter stands twice on one page.
/// Findings: not_started, doubled, lost_in_migration, altered, acked_came_again, dead_came_again.
Judgement judge_older_taken_over_once(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
