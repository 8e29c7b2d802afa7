// A run: from a target to the record that every report renders.
//
// Errors: never fails; what went wrong stands in RunRecord::problems with its exit code.
#pragma once

#include "suites/contract/record.hpp"
#include "suites/runner/options.hpp"

namespace busproof::runner {

/// Judges the target. Writes the histories of what was not met below options.out/histories, and
/// replay files below options.out/replay.
contract::RunRecord run(const Options& options);

/// The verdict of one case in a record, or null when it is not in it.
const contract::CaseResult* find_case(const contract::RunRecord& record, std::string_view id);

}  // namespace busproof::runner
