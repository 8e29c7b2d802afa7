// Delivery: what was accepted comes; nothing else comes; what comes is what was sent.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-1, QUE-11.resumes: every accepted message reaches its group before or with the fence.
/// Findings: lost, made_up, misdelivered, altered.
Judgement judge_delivered(const history::View& view, const contract::Claims& claims);

/// API-2: a publish refused as definite is never seen. Finding: refused_but_delivered.
Judgement judge_refused_absent(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
