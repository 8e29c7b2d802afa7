// Ground: what all scenarios of a run stand on, the bus above all, and how that fares.
//
// A bus that dies is started again. One that cannot be, or that hangs again and again, is given up:
// no scenario waits for it any more, and what was not judged yet is blocked.
//
// Threads: any number of scenarios at once.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/contract/claims.hpp"
#include "suites/runner/options.hpp"
#include "suites/stage/heartbeat.hpp"
#include "suites/stage/scenario.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::runner {

struct Ground {
  const Options& options;
  targets::Reactor& reactor;
  stage::Heartbeat& heartbeat;
  const contract::Claims& claims;
  std::filesystem::path work;
  bool over_lines;

  /// A bus for one scenario, and what it takes to say later how that bus fared.
  struct Lent {
    targets::Target* target = nullptr;
    int start = 0;  ///< Of the shared bus: its how manieth start; 0 for one of the scenario's own.
    /// What a variant claims; nothing of the bus as it is, or before its only connection is made.
    std::optional<contract::Claims> claims = {};
  };

  /// The shared bus, started again if it died, or one of the scenario's own, kept by `keeper`. A
  /// variant is always one of its own.
  contract::Result<Lent> bus(stage::Bus which, std::unique_ptr<targets::Target>& keeper,
                             std::string_view variant = {});

  /// Called while the stage still stands: notices a bus that died, hangs or cannot be reached.
  void look_after(std::string_view scenario, stage::Stage& stage, const Lent& lent);

  /// Waits a while for a bus that refuses for the moment: false where all scenarios together have
  /// waited long enough, and what is refused stays refused.
  bool let_it_pass();

  /// What a report should say of it, a sentence each.
  [[nodiscard]] std::vector<std::string> notes() const;

  std::mutex mutex = {};
  std::unique_ptr<targets::Target> shared = {};
  int buses = 0, starts = 1;
  std::vector<std::string> deaths = {},
                           hangs = {};    ///< "Queue.QUE_1...: python3 bus.py exited with 7"
  std::string given_up = {};              ///< Why nothing more is tried; empty while it is.
  bool unavailable = false;               ///< It cannot be reached or started any more.
  std::chrono::milliseconds waited = {};  ///< For refusals to pass, all scenarios together.
  std::chrono::steady_clock::time_point wait_ends = {};

 private:
  contract::Result<void> start_again();
  void hung(std::string_view scenario, const Lent& lent);
};

/// Writes to the disk that a bus started from here shares; nothing where it runs elsewhere.
stage::DiskWrite disk_beneath(const targets::TargetFile& target, const std::filesystem::path& work);

/// Starts a bus and waits until it answers bus/hello: what it claims; nothing where it has but one
/// connection, the scenario's.
contract::Result<std::optional<contract::Claims>> start(targets::Target& target,
                                                        std::string_view variant = {});

}  // namespace busproof::runner
