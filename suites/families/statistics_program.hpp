// Programs of all that moves a count, carried out on one destination.
//
// Threads: one.
#pragma once

#include <string>

#include "suites/program/program.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

/// Where a program was carried out. What is left of it rests: held, waiting, delayed or dead.
struct Counted {
  std::string destination;
  targets::Session& session;  ///< The program's last; it goes on.
};
Counted perform_counted(stage::Stage& stage, const program::Program& program);

/// The same, and then asks for the statistics of that destination until they agree, or until the
/// bus has had counts_settle_ms for it.
void perform_statistics_program(stage::Stage& stage, const program::Program& program);

/// Asks for the statistics until these judges agree, or the bus has had its time.
void ask_statistics(stage::Stage& stage, targets::Session& session, const std::string& destination,
                    std::span<const checkers::Judge> judges);

}  // namespace busproof::families
