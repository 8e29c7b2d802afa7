// The dialect of JUnit that Jenkins' schema allows, as a checker for the tests.
//
// Threads: no state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace busproof::reports::support {

/// What breaks the dialect in a text, a sentence each; empty when nothing does. It wants: UTF-8
/// without characters that XML forbids; testsuites > testsuite > properties?, testcase*; on a suite
/// name, tests, failures, errors, skipped (equal to what is there), time, timestamp, hostname; on a
/// testcase classname, name, time; in it at most one of failure, error, skipped, then system-out,
/// then system-err; no two testcases of one classname and name.
std::vector<std::string> dialect_complaints(std::string_view xml);

}  // namespace busproof::reports::support
