// Judges of what bus/health tells.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// HLT-1.components: each has a status and a latency. Findings: no_components, no_status,
/// no_latency.
Judgement judge_components(const history::View& view, const contract::Claims& claims);

/// HLT-1.latency: the least, the mean and the most are so. Finding: not_ordered.
Judgement judge_latencies(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
