// Judges of what a bus is started with: its defaults, and values that are wrong.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// CFG-1.declared: hello declares the limits of the mark "documented". Findings: undeclared,
/// another_default.
Judgement judge_defaults_declared(const history::View& view, const contract::Claims& claims);

/// CFG-1.in_force, of queue subscriptions that named no credit while more waited than the declared
/// one, up to the first bus/credit. Findings: more_than_declared, fewer_than_declared (and more
/// came at once when it was asked for).
Judgement judge_default_credit(const history::View& view, const contract::Claims& claims);

/// CFG-2.stops, of the starts with a variant bad_config: it serves nobody and ends with an error.
/// Findings: started, goes_on, ended_well.
Judgement judge_wrong_value_stops(const history::View& view, const contract::Claims& claims);

/// CFG-2.says_why, of those that did not start: what was written names the variable and the value,
/// and holds something besides that says what is allowed: more than words that every refusal has,
/// and than what sound starts write, too. Findings: variable_not_named, value_not_named,
/// allowed_not_said.
Judgement judge_wrong_value_told(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
