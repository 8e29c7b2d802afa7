// Judges of rejects with requeue: the message comes again, and when.
//
// Threads: no state.
// Source:  QUE-5.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// `never_came_again`: a message published long after the wait of a rejected one was over came in
/// its stead.
Judgement judge_rejected_again(const history::View& view, const contract::Claims& claims);

/// `came_before_delay`
Judgement judge_reject_delay(const history::View& view, const contract::Claims& claims);

/// `backoff_too_short`, `backoff_too_long`
Judgement judge_backoff(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
