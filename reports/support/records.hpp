// Records for the tests of the reports, made in one place.
//
// Threads: no state.
#pragma once

#include <string>
#include <vector>

#include "suites/contract/record.hpp"

namespace busproof::reports::support {

/// A conformant run: everything judged is met, some is unclaimed, unverified or not judged.
contract::RunRecord conformant_record();

/// A nonconformant run with every verdict, in which the bus says all that could break a report.
contract::RunRecord nonconformant_record();

/// A run that never reached its target: no rule, one problem.
contract::RunRecord unreachable_record();

/// Every rule and case of the contract, with verdicts dealt out in turn.
contract::RunRecord whole_contract_record();

/// What a hostile bus puts into a text: markup, scripts, escape sequences, bytes that are no UTF-8,
/// commands of JUnit and Markdown consumers, direction marks, NUL.
std::string hostile_text();

/// A rule with its cases; its verdict and detail are those of the worst case.
contract::RuleResult rule(std::string id, std::string sentence,
                          std::vector<contract::CaseResult> cases,
                          contract::Level level = contract::Level::must);

/// A case that was judged on `judged` observations.
contract::CaseResult part(std::string id, contract::Verdict verdict, std::string detail,
                          std::uint64_t judged = 0);

}  // namespace busproof::reports::support
