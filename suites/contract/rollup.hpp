// The roll-up: from the verdicts of cases to that of a run, against a profile. Pure.
//
// Threads: no state.
#pragma once

#include <string>

#include "suites/contract/claims.hpp"
#include "suites/contract/profile.hpp"
#include "suites/contract/record.hpp"

namespace busproof::contract {

struct RollUp {
  Conformance verdict = Conformance::incomplete;
  std::string why;  ///< One sentence naming what decided it.
};

/// Judges the rules of a run against `profile`. `claims` is null when the bus never said hello.
///
/// nonconformant: a MUST of the profile violated or blocked, a required capability not claimed, a
/// bound broken. incomplete: a MUST inconclusive or unverified (a case whose hook is missing only
/// under `strict` or in `full`). Else conformant. Cases not judged yet are in no profile.
RollUp roll_up(const std::vector<RuleResult>& rules, const Profile& profile, const Claims* claims,
               bool strict);

/// The exit code of a finished run, the first that applies: 130, 70, 69, 64 (from its problems),
/// 1 nonconformant, 3 an expectation stale or expired, 2 incomplete, 0.
int exit_code(const RunRecord& record);

}  // namespace busproof::contract
