// DUR-7: a publish to several groups is done for all of them or for none.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-7.fanout: a message whose publish went unanswered, and which came to one group after the bus
/// was killed, comes to every other that was there before it. Only where queue.fanout is atomic.
/// Finding: fanout_torn.
Judgement judge_doubtful_fanout(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
