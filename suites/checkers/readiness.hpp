// Judges of the pages that say whether the process lives and whether a publish would be accepted
// now, beside what becomes of publishes: those of before and after a page are what it is held to.
// How the stores are says the mark "ailing" (ailing.hpp).
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// HLT-3.live: while the stores are down. Findings: not_alive, no_page.
Judgement judge_alive(const history::View& view, const contract::Claims& claims);

/// HLT-3.not_ready: publishes to a queue were refused before and after, detect_ms after the stores
/// went down. Finding: ready_but_refuses.
Judgement judge_not_ready(const history::View& view, const contract::Claims& claims);

/// HLT-3.ready: payloads that need their store went inline before and after. Finding:
/// not_ready_but_accepts.
Judgement judge_ready(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
