// A scenario: what is done to a bus so that cases can be judged from the history of it.
//
// A scenario never decides: it acts, and the judges of its cases read what was recorded.
//
// Threads: constant data.
#pragma once

#include <span>
#include <string_view>

#include "suites/checkers/judgement.hpp"
#include "suites/program/program.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {

struct JudgedCase {
  std::string_view id;  ///< "QUE-4.late"
  checkers::Judge judge;
};

/// Scenarios that kill or stop the bus get one of their own; those that do so to its servers get
/// these for themselves, too.
enum class Bus : std::uint8_t { shared, own, own_servers };

struct Scenario {
  std::string_view name;  ///< "Queue.QUE_4_redelivers_after_the_lease"
  std::span<const JudgedCase> cases;
  Bus bus = Bus::shared;
  void (*run)(Stage&) = nullptr;

  /// Cases that the bus as it is does not claim are judged on this variant of the target, in a bus
  /// of its own, by what that claims. Empty: they stay unclaimed.
  std::string_view variant = {};

  /// A property: `run` is null, and programs are generated and carried out instead.
  program::Generate generate = nullptr;
  void (*perform)(Stage&, const program::Program&) = nullptr;
  int programs_max = 0;  ///< No more than so many where each takes long; 0: as many as wanted.

  [[nodiscard]] bool is_property() const { return generate != nullptr; }
};

}  // namespace busproof::stage
