// The commands of busproof, each an exit code.
#pragma once

#include <cstdint>

#include <string>
#include <vector>

#include "cli/target_words.hpp"
#include "suites/runner/options.hpp"

namespace busproof::cli {

/// sysexits.h names; 1, 2 and 3 are verdicts (suites/contract/rollup.hpp).
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitHarness = 70;

struct RunWords {
  TargetWords target;
  std::string profile;  ///< Empty: the target file's, else "claimed".
  std::string effort = "normal";
  std::vector<std::string> only;
  std::string expectations;  ///< A file; may be empty.
  std::string out;           ///< Empty: busproof-results/<time>, with the link `latest`.
  std::string seed;          ///< A decimal; empty: drawn.
  int jobs = runner::kJobs;
  bool strict = false;
  bool trace = false;
  int until_fail = 0;  ///< Runs with ever other seeds until something is violated; 0: one run.
  std::string typed;   ///< The whole command line, quoted.
};
int run_command(const RunWords& words);

/// Judges refbus, then refbus with a fault, and says what to do next. `out` may be empty.
int demo_command(const std::string& out);

struct ListWords {
  bool json = false;
  bool markdown = false;
};
int list_command(const ListWords& words);
int explain_command(const std::string& id);

struct ProveWords {
  TargetWords target;
  std::vector<std::string> only;  ///< Mutants by name; empty: all.
  std::string out;
  int seeds = 3;
  int jobs = 4;
  bool json = false;
};
int prove_command(const ProveWords& words);

struct ProxyWords {
  std::string listen = "0", to;     ///< HOST:PORT or PORT; to listen on 0 is on a free one.
  std::vector<std::string> faults;  ///< From the beginning on.
};

/// Stands between clients and a server until its input ends; faults come by lines of that.
int proxy_command(const ProxyWords& words);

struct MutateWords {
  std::string name;
  bool list = false;
  std::vector<std::string> command;
};
int mutate_command(const MutateWords& words);

/// Judges a recorded history again, offline: for the cases of its scenario, or those asked for.
struct JudgeWords {
  std::string history;
  std::vector<std::string> only;
  bool lines = false;     ///< Print it as JSON lines instead.
  bool promises = false;  ///< One pass that watches eight promises, for histories of any length.
};
int judge_command(const JudgeWords& words);

/// Carries out the program of a replay file and judges its case.
int replay_command(const std::string& file, const TargetWords& target);

}  // namespace busproof::cli
