// Time to live: readable until it ends, unreadable once its grace is over.
//
// A life begins when the bus accepts the message: after the publish was invoked, before it was
// answered. Early is judged against the former, late against the latter.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// TTL-2.early. Finding: expired_early.
Judgement judge_not_expired_early(const history::View& view, const contract::Claims& claims);

/// TTL-2.late. Finding: readable_late.
Judgement judge_not_readable_late(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
