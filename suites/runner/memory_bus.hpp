// A bus inside the harness, in memory: what the canary is hidden in.
//
// Just enough of a bus to judge three cases on: queues of one group, leases that last as long as
// the connection, credit, priority, payloads that can be retrieved.
//
// Threads: lives on the reactor's thread.
#pragma once

#include <memory>

#include "suites/targets/reactor.hpp"
#include "suites/targets/transport.hpp"

namespace busproof::runner {

/// Connections to one and the same bus.
std::unique_ptr<targets::Connector> memory_bus(targets::Reactor& reactor);

}  // namespace busproof::runner
