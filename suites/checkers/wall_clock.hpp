// The node's wall clock set ahead or back while the bus runs: nothing ends early, nothing lives on.
//
// The mark "clock" says when it was set and how far ahead of the true time, in milliseconds. Leases
// and lives are judged as ever, by the harness' own clock.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// TTL-10.forward, where a message that was accepted before could be read after. Findings:
/// early_redelivery, expired_early.
Judgement judge_clock_forward(const history::View& view, const contract::Claims& claims);

/// TTL-10.back, where the life of a message that was accepted before ended after. Findings:
/// late_redelivery, never_redelivered, readable_late.
Judgement judge_clock_back(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
