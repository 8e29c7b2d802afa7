// Carrying out one scenario and having its cases judged.
//
// Threads: any number of perform() at once, on the same Ground.
// Errors:  an exception that is not the scenario's own way out is a fault of the harness: it is
//          kept in Outcome::fault and never becomes a verdict on the bus.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/runner/ground.hpp"
#include "suites/stage/scenario.hpp"

namespace busproof::runner {

struct CaseOutcome {
  std::string id;
  checkers::Judgement judgement;
  int tries = 1;
  double seconds = 0;
  history::History history;
  std::vector<std::string> evidence;
  std::string replay;                  ///< A replay file's text, for properties.
  std::vector<std::string> wire = {};  ///< What went over the wire, where a trace was asked for.
};

struct Outcome {
  std::vector<CaseOutcome> cases;
  std::string fault;                      ///< The harness broke; why.
  std::optional<CaseOutcome> breach;      ///< END-8.overlap, violated in passing.
  std::vector<std::string> non_protocol;  ///< Lines that were no JSON object at all.
};

/// The first line or frame in a history that is no JSON object; empty where there is none.
std::string non_protocol_line(const history::View& view);

/// A scenario with those of its cases that a run judges.
struct Task {
  const stage::Scenario* scenario = nullptr;
  std::vector<stage::JudgedCase> cases = {};
  bool on_variant = false;  ///< On the scenario's variant of the target; else on the bus as it is.
};

/// Carries it out.
Outcome perform(Ground& ground, const Task& task);

/// Carries out one program of a property and judges one case: how a replay file is repeated.
CaseOutcome perform_program(Ground& ground, const stage::Scenario& scenario,
                            const stage::JudgedCase& judged, const program::Program& program);

}  // namespace busproof::runner
