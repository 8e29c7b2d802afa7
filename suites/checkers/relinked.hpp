// Topics after the bus has lost the link to its servers and got it back.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// PUB-10.live_again, PUB-10.patterns: who was delivered to before is delivered to again, or was
/// told that it is over: by bus/closed, or by the connection's end. Finding: deaf, where three
/// messages or more that were accepted past recovery_ms did not come, and others that the same
/// publisher sent later, on another topic, came to that very connection.
Judgement judge_live_again(const history::View& view, const contract::Claims& claims);
Judgement judge_patterns_live_again(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
