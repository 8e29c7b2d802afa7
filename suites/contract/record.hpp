// The record of a run: everything that a report may show. Reports read this and nothing else.
//
// Threads: values only.
// Source:  reports/schema/result.schema.json is its printed form.
#pragma once

#include <cstdint>

#include <string>
#include <vector>

#include "suites/contract/rule.hpp"
#include "suites/contract/verdict.hpp"

namespace busproof::contract {

/// The outcome of one case.
struct CaseResult {
  std::string id;  ///< "QUE-4.late"
  Verdict verdict = Verdict::not_judged_yet;
  std::string finding;        ///< Name of what was found ("early_redelivery"); "" unless violated.
  std::string detail;         ///< One sentence: the finding, or why there is none.
  std::uint64_t judged = 0;   ///< How many observations carried the verdict.
  int tries = 0;              ///< 1, or more when it was inconclusive, or refused for a moment.
  std::int64_t stall_ms = 0;  ///< The longest time that the machine stood still meanwhile.
  double seconds = 0;         ///< Wall time of the scenario that it was judged from.
  std::vector<std::string> evidence;  ///< Lines of history, or of a shrunk program, that show it.
  std::string history;  ///< Path of the recorded history below the output folder; may be "".
  std::string repeat;   ///< The command that repeats just this; empty when met.
  std::vector<std::string> trace;  ///< Of the wire: the transcript's file, then its last lines.
};

struct RuleResult {
  std::string id;
  Level level = Level::must;
  std::string capability;
  std::string sentence;
  Verdict verdict = Verdict::not_judged_yet;  ///< The worst of its cases.
  std::string detail;                         ///< That of its worst case.
  std::vector<CaseResult> cases;
};

/// An entry of the expectations file that this run made use of.
struct ExpectationUse {
  std::string id;    ///< Case id.
  std::string kind;  ///< "fails" or "unverified"
  std::string reason;
  std::string link;
  std::string expires;  ///< YYYY-MM-DD
  std::string problem;  ///< "" when it held; else "stale: ..." or "expired: ..."
};

/// Something that kept the run from judging at all, or from ending as it should.
struct RunProblem {
  int exit_code = 0;    ///< 130, 70, 69 or 64
  std::string message;  ///< What happened and what to do about it.
};

struct TargetInfo {
  std::string name;         ///< From the target file, else from the address or the command.
  std::string connect;      ///< "websocket ws://127.0.0.1:7077/ws/connect", "stdio python3 bus.py"
  std::string server_name;  ///< From bus/hello; empty when it never answered.
  std::string server_version;
  std::string claims_json;  ///< The hello result as JSON text; empty when it never answered.
};

struct RunRecord {
  Conformance verdict = Conformance::incomplete;
  std::string why;  ///< One sentence: what decided the verdict.
  std::string profile = "claimed";
  std::string effort = "normal";
  bool strict = false;
  std::uint64_t seed = 0;
  std::string commit;      ///< Of busproof; "unknown" outside a checkout.
  std::string version;     ///< Of busproof.
  std::string started_at;  ///< RFC 3339 UTC
  double seconds = 0;
  std::string command;  ///< What was typed, quoted for a shell.
  TargetInfo target;
  std::vector<RuleResult> rules;  ///< Every rule of the contract, in its order.
  std::vector<ExpectationUse> expectations;
  std::vector<RunProblem> problems;
  std::vector<std::string> notes;  ///< What was not tested and what that costs, a sentence each.
};

}  // namespace busproof::contract
