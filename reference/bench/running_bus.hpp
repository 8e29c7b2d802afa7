// A refbus inside of a measurement.
//
// Threads: one of its own. Errors: std::runtime_error where its stores can't be used.
#pragma once

#include <thread>

#include "reference/run.hpp"

namespace reference::bench {

/// A TCP port on loopback that nobody listens on.
unsigned short free_port();

/// The stores that the configuration names.
Seams seams_of(const Config& config);

/// The bus on a thread of its own, until this goes.
class RunningBus {
 public:
  RunningBus(const Config& config, Seams seams);
  RunningBus(const RunningBus&) = delete;
  RunningBus& operator=(const RunningBus&) = delete;
  ~RunningBus();

 private:
  std::thread thread_;
};

}  // namespace reference::bench
