// A bus' doors: the origins that pages may connect from, and the hooks' own endpoint.
//
// Threads: no state.
// Source:  SEC-4, SEC-5.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SEC-4: a handshake "foreign", or "near_miss", is refused where a "listed" one is not. Finding:
/// let_in.
Judgement judge_foreign_origin(const history::View& view, const contract::Claims& claims);
Judgement judge_near_origin(const history::View& view, const contract::Claims& claims);

/// SEC-4.listed: a handshake "listed" is taken, and hello answered on it. Finding: kept_out.
Judgement judge_listed_origin(const history::View& view, const contract::Claims& claims);

/// SEC-5.absent: every control method is answered with -32601. Findings: hook_present, wrong_error.
Judgement judge_hooks_absent(const history::View& view, const contract::Claims& claims);

/// SEC-5.token: a control method that "shown" says of it carries no right token is refused with
/// unauthenticated, one without any maybe with -32602, and nothing is done. Findings: accepted,
/// wrong_error, done_unauthenticated.
Judgement judge_hooks_guarded(const history::View& view, const contract::Claims& claims);

/// SEC-5.loopback: every mark "listens" is of a loopback address. Finding: reachable.
Judgement judge_hooks_on_loopback(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
