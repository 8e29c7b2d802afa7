// Counts: what bus/pending says of a group, against the history.
//
// Each message was in one of a few states at the instant that the bus spoke of, which lies between
// counts_settle_ms before the request and its answer. What was certain all that time gives the
// least and the most that each count can be. Where the two are one number, the count is exact.
//
// Messages with a time to live, deleted ones and those in doubt may be in any state or gone.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-13, one for each count. Findings: wrong_count, count_missing.
Judgement judge_count_ready(const history::View& view, const contract::Claims& claims);
Judgement judge_count_leased(const history::View& view, const contract::Claims& claims);
Judgement judge_count_delayed(const history::View& view, const contract::Claims& claims);
Judgement judge_count_dead(const history::View& view, const contract::Claims& claims);

/// QUE-17.counted: no more are ready than can be while others certainly wait for their time.
/// Finding: delayed_counted_ready.
Judgement judge_delayed_not_ready(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
