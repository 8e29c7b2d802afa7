// Judges of what a consumer that goes away gives back.
//
// Threads: no state.
// Source:  QUE-10.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// After a clean close, where a lease then ends at once: `late_after_disconnect`,
/// `never_given_back`.
Judgement judge_given_back_at_once(const history::View& view, const contract::Claims& claims);

/// After a connection's end of whatever kind: `late_after_lease`, later than the lease of what it
/// held can last; `never_given_back`.
Judgement judge_given_back_by_lease(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
