// Carrying out one scenario and having its cases judged.
//
// Threads: any number of perform() at once, on the same Ground.
// Errors:  an exception that is not the scenario's own way out is a fault of the harness: it is
//          kept in Outcome::fault and never becomes a verdict on the bus.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "suites/runner/options.hpp"
#include "suites/stage/heartbeat.hpp"
#include "suites/stage/scenario.hpp"

namespace busproof::runner {

/// What all scenarios of a run stand on.
struct Ground {
  const Options& options;
  targets::Reactor& reactor;
  stage::Heartbeat& heartbeat;
  const contract::Claims& claims;
  std::filesystem::path work;
  bool over_lines;

  /// A bus for one scenario: the shared one, started again if it died, or one of its own.
  contract::Result<targets::Target*> bus(bool own, std::unique_ptr<targets::Target>& keeper);

  std::mutex mutex;
  std::unique_ptr<targets::Target> shared;
  std::vector<std::string> notes;  ///< That the bus died and was started again.
  int buses = 0;
};

struct CaseOutcome {
  std::string id;
  checkers::Judgement judgement;
  int tries = 1;
  double seconds = 0;
  history::History history;
  std::vector<std::string> evidence;
  std::string replay;  ///< A replay file's text, for properties.
};

struct Outcome {
  std::vector<CaseOutcome> cases;
  std::string fault;                    ///< The harness broke; why.
  std::vector<std::string> breaches;    ///< What the bus sent that the protocol does not allow.
  std::vector<std::string> non_protocol;  ///< Lines that were no JSON object at all.
};

/// Starts a bus and waits until it answers bus/hello.
contract::Result<void> start(targets::Target& target);

/// Carries out the scenario for those of its cases.
Outcome perform(Ground& ground, const stage::Scenario& scenario,
                const std::vector<stage::JudgedCase>& cases);

/// Carries out one program of a property and judges one case: how a replay file is repeated.
CaseOutcome perform_program(Ground& ground, const stage::Scenario& scenario,
                            const stage::JudgedCase& judged, const program::Program& program);

}  // namespace busproof::runner
