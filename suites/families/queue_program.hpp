// Carrying out a program on one queue of a bus.
#pragma once

#include "suites/program/program.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

/// One request after the other; credit is given for one delivery at a time and taken back when it
/// has come, so that what waits when a delivery is chosen is known. Ends with a fence, when all has
/// been drained.
void perform_queue_program(stage::Stage& stage, const program::Program& program);

}  // namespace busproof::families
