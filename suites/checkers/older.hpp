// Data of an older schema: that a start takes it over whole.
//
// Threads: no state.
// Source:  DUR-6.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-6.older_schema: the bus starts on what the marks "older" and "older_message" say was put
/// there; what waited comes as it was, dead letters are listed and do not come, and what was acked
/// does not come either, where acks are durable. Silence counts behind a fence.
/// Findings: refused, lost_in_migration, altered, acked_came_again, dead_came_again.
Judgement judge_older_taken_over(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
