// Judges of row-level security, by what roles can read past the bus.
//
// Threads: no state.
// Source:  SEC-8.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SEC-8.no_rows: a role that owns nothing and has set no session reads no row, where there are
/// some. Finding: readable.
Judgement judge_no_rows(const history::View& view, const contract::Claims& claims);

/// SEC-8.forced: nor does the tables' owner, unless security does not bind it at all. Finding:
/// not_forced.
Judgement judge_security_forced(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
