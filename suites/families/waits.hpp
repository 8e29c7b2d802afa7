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

/// Lets the time pass until what has taken `span` since then is certainly over for a judge, however
/// long the machine stood still meanwhile; five seconds more at the most.
void let_be_over(stage::Stage& stage, history::Time since, stage::milliseconds span);

}  // namespace busproof::families
