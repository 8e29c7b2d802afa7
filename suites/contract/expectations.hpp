// Expectations: failures that are known and cases that may stay unverified, strict both ways.
//
// An entry that no longer holds is a problem of its own (exit code 3), so that a list of known
// failures can only get shorter. Reading the file is the caller's.
//
// Threads: values only.
// Errors:  parse() refuses an entry that could never hold, naming it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suites/contract/record.hpp"
#include "suites/contract/result.hpp"

namespace busproof::contract {

/// One entry as it was written.
struct Expectation {
  std::string id;       ///< Case id: "QUE-4.late".
  std::string kind;     ///< "fails" or "unverified"
  std::string match;    ///< Target name it is for; '*' is any run of characters, "" any target.
  std::string reason;   ///< Why it is so, for people.
  std::string link;     ///< Where it is being dealt with.
  std::string expires;  ///< YYYY-MM-DD, its last day.
};

/// Checks entries for form: known case, known kind, reason, link, real date, no two alike.
Result<std::vector<Expectation>> parse(std::vector<Expectation> entries);

/// Applies what is meant for `target` to the results and tells how each entry fared.
///
/// A violated case that was expected to fail, and an unverified one that was waived, become
/// `known`; rules are given the verdict and detail of their worst case anew. An entry whose case
/// came out otherwise for good is stale. One past its date is expired and changes no verdict. One
/// whose case was blocked or inconclusive, or was not run, is left open. `today` is YYYY-MM-DD.
std::vector<ExpectationUse> apply(const std::vector<Expectation>& entries, std::string_view target,
                                  std::string_view today, std::vector<RuleResult>& rules);

/// Gives the rule the verdict and the detail of its worst case.
void take_worst(RuleResult& rule);

}  // namespace busproof::contract
