// Carries a program out that lets records of all kinds of lives grow old while much is done to
// them.
//
// Threads: one.
#pragma once

#include "suites/program/program.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::families {

/// Time passes by the clock hook where there is one, else really, and then little of it.
void perform_ttl_program(stage::Stage& stage, const program::Program& program);

}  // namespace busproof::families
