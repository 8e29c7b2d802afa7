// junit.xml: the run for every tool that reads JUnit, in the dialect that Jenkins' schema allows.
//
// One testcase a case, a testsuite a family, and before them the suite "busproof.run", whose
// testcases are the verdict itself, each problem of the run and each expectation that did not hold:
// a run that never started, or judged too little, is not green anywhere.
//
//   violated, blocked of a MUST          failure (type "violated", "blocked")
//   inconclusive of a MUST               error (type "inconclusive")
//   the same of a SHOULD or MAY          skipped (type "warning"): it decides nothing
//   unverified, not claimed, not judged  skipped
//   known                                skipped (type "known"), "KNOWN(link, expires day): reason"
//   met                                  a plain testcase
//
// Threads: no state.
// Errors:  none.
// Source:  the limits of GitLab (30 MB a file, 8 MB a text node, names unique) and of Jenkins.
#pragma once

#include <cstddef>

#include <string>

#include "suites/contract/record.hpp"

namespace busproof::reports {

/// The most that one testcase says in its system-out; what is beyond is in the recorded history.
inline constexpr std::size_t kSystemOutBytesMax = 16 * 1024;

/// The record as JUnit XML in UTF-8. `classname` is "busproof.<target>.<family>", `name` the case
/// id, so that runs against several targets stay apart; the pair is unique within the text.
std::string junit_xml(const contract::RunRecord& record);

}  // namespace busproof::reports
