// What a run is asked to do.
#pragma once

#include <cstdint>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "suites/contract/expectations.hpp"
#include "suites/runner/canary.hpp"
#include "suites/stage/scenario.hpp"
#include "suites/targets/target.hpp"

namespace busproof::runner {

/// How hard properties try, and how much there is where much is the point; the meanings are fixed
/// and part of every result.
enum class Effort : std::uint8_t {
  quick,   ///< 20 programs of at most 30 operations; 5 000 messages waiting, 1 000 come and gone
  normal,  ///< 100; 12 000, 1 500
  deep,    ///< 1000; 1 000 000, 10 000
};

std::string_view to_string(Effort effort);
int programs_of(Effort effort);
stage::Loads loads_of(Effort effort);

/// Scenarios side by side: most of one is waiting.
inline constexpr int kJobs = 12;

struct Options {
  targets::TargetFile target;
  targets::Wrap wrap;  ///< Between every connection and the bus; may be empty.
  std::string profile = "claimed";
  Effort effort = Effort::normal;
  bool strict = false;
  bool trace = false;  ///< What went over the wire is kept for what is not met.
  std::uint64_t seed = 1;
  std::vector<std::string> only;  ///< "QUE", "QUE-4" or "QUE-4.late"; empty: all
  int jobs = kJobs;
  std::filesystem::path out;  ///< Reports and histories.
  std::vector<contract::Expectation> expectations;
  std::string command;                            ///< What was typed.
  std::string target_words;                       ///< The part of it that names the target.
  std::function<std::string()> canary = sing;     ///< What went wrong with it; empty: not asked.
  std::vector<const stage::Scenario*> scenarios;  ///< Empty: those of suites/families.

  /// Told as scenarios end: how many of how many, and which. Called from any thread, never twice at
  /// once.
  std::function<void(std::size_t done, std::size_t all, std::string_view name)> progress;
  std::function<bool()> interrupted = [] { return false; };
};

/// Refuses a wanted case, rule or family that the contract does not know, naming it.
contract::Result<void> all_known(const std::vector<std::string>& only);

/// Whether a case is among those asked for.
bool selected(const std::vector<std::string>& only, std::string_view case_id);

}  // namespace busproof::runner
