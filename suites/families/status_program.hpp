// Carries a program out that takes messages through every change of status.
//
// Threads: one.
#pragma once

#include "suites/program/program.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

void perform_status_program(stage::Stage& stage, const program::Program& program);

}  // namespace busproof::families
