// Silence: an empty queue sends nothing and costs nothing.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-18.silent, of destinations that nobody has published to, watched until a fence elsewhere on
/// the same connection. Findings: delivered_from_empty, error_from_empty.
Judgement judge_empty_is_silent(const history::View& view, const contract::Claims& claims);

/// QUE-18.idle: between the marks "idle", whose amounts are the processor time used so far, in
/// milliseconds. Busy is what takes a tenth of a processor in every single span between them; what
/// only settles down does not. That the right process is seen the marks "before_work" and
/// "after_work" show. Finding: busy_while_idle.
Judgement judge_empty_costs_nothing(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
