// A bus that is started on damaged data: it refuses clearly, or repairs and says so.
//
// Its rounds: a mark "damaged", what the start came to ("started" or "not_started", each with what
// the bus "wrote"), and what came to who subscribed then, up to a fence. Before each the data is as
// it was at the first "stop". It says so by what it writes, by its health, by counting payloads as
// corrupt, or by refusing whoever asks for what is lost, other than as unknown.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-8.never_empty: it does not serve as though nothing had ever been accepted, unless it says
/// so. Finding: silently_empty.
Judgement judge_never_empty(const history::View& view, const contract::Claims& claims);

/// DUR-8.says_so: a refusal is said, what is missing is said, and not all is missing. Findings:
/// wordless_refusal, unreported_loss, lost_everything.
Judgement judge_damage_told(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
