// Puts an edge mutant between every connection of ours and the bus.
#pragma once

#include <memory>

#include "fixtures/mutants/edge/edge.hpp"
#include "suites/targets/target.hpp"

namespace busproof::runner {

/// One filter for all connections that the wrapped connector makes, restarts of the bus included.
targets::Wrap wrap_in(const edge::Mutant& mutant);

}  // namespace busproof::runner
