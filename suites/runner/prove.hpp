// The proof: every mutant is killed by the case it is named for, on each of three seeds.
//
// Killed means that the case came out violated, with the finding that the mutant names. A crash or
// a time-out is no kill; blocked or inconclusive, a seed is tried again, and is no kill if it stays
// so. A mutant must first carry 20 messages, or it is a wreck, which proves nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "suites/runner/options.hpp"

namespace busproof::runner {

struct MutantSpec {
  std::string name, case_id, finding, what;
  targets::TargetFile target;  ///< Launched with the mutant in it, or the plain one
  targets::Wrap wrap;          ///< with this around it.
  /// Runs a seed until the case is not met; for what a kill must happen to hit.
  unsigned tries = 1;
  std::vector<targets::TargetFile> elsewhere =
      {};  ///< Tried where its case cannot be judged there.
};

struct Proof {
  std::string name, case_id, what;
  bool killed = false;
  std::vector<std::string> killed_by;  ///< "QUE-4.late: never_redelivered (seed 1)", one a seed
  std::string survived;                ///< Why it does not count as killed.
  std::string not_here;                ///< Why its case cannot be judged on this bus; else empty.
  double seconds = 0;
};

/// Mutants side by side: most of a proof is waiting.
inline constexpr int kProofJobs = 8;

struct ProveOptions {
  std::vector<MutantSpec> mutants;
  int seeds = 3;
  int jobs = kProofJobs;
  std::filesystem::path out;
  std::function<void(std::size_t done, std::size_t all, std::string_view name)> progress;
};

/// In the order of the mutants.
std::vector<Proof> prove(const ProveOptions& options);

/// Judged cases that none of them is named for: nothing shows that those can fail.
std::vector<std::string> unproven_cases(const std::vector<MutantSpec>& mutants);

/// The edge mutants around a target.
std::vector<MutantSpec> edge_mutants(const targets::TargetFile& target);

/// The mutants inside refbus, as `program --list` names them; launched by `target` with its first
/// word replaced, and by those that are tried elsewhere likewise.
contract::Result<std::vector<MutantSpec>> seam_mutants(
    const std::string& program, const targets::TargetFile& target,
    const std::vector<targets::TargetFile>& elsewhere = {});

}  // namespace busproof::runner
