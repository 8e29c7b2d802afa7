// Giving a message back, and letting the time pass until it certainly waits again.
//
// Threads: those of the stage.
#pragma once

#include "suites/stage/stage.hpp"

namespace busproof::families {

/// Rejects the delivery for another try: at once where the bus lets one say so, else after its
/// backoff. Blocked where that is refused.
void give_back(stage::Stage& stage, targets::Session& session, const targets::Delivered& delivery);

/// Lets the time pass after which a first delivery that was given back certainly waits again: its
/// wait, the declared grace, and what judges allow on top.
void let_wait_again(stage::Stage& stage);

}  // namespace busproof::families
