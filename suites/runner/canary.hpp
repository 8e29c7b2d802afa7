// The canary: before judging anything, three mutants must be killed, and the bus that they are
// hidden in must pass, or nothing that this build says counts.
#pragma once

#include <span>
#include <string>

#include "fixtures/mutants/edge/edge.hpp"

namespace busproof::runner {

/// What went wrong, in a sentence; empty when all three were killed. Takes well under a second.
std::string sing();

/// The same with these mutants, each on the case that it names.
std::string sing_with(std::span<const edge::Mutant* const> mutants);

}  // namespace busproof::runner
