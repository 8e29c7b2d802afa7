// Overflow: what a full queue refuses, and how.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-24.refuses. Findings: limit_passed, wrong_refusal (another kind of error), indefinite (it
/// does not say that nothing happened).
Judgement judge_refuses_when_full(const history::View& view, const contract::Claims& claims);

/// QUE-24.keeps: judge_delivered and judge_refused_absent over a queue that was full.
Judgement judge_full_keeps(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
