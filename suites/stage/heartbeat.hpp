// Heartbeat: notices when the machine that the harness shares with the bus stood still, and says so
// in every open history.
//
// It beats on the reactor's thread, where answers and deliveries get their times: what delays it
// has delayed them. And it beats on the disk, where the bus runs beside it.
//
// Threads: watch() and forget() from any.
#pragma once

#include <memory>

#include "suites/history/recorder.hpp"
#include "suites/stage/disk_pulse.hpp"
#include "suites/targets/reactor.hpp"

namespace busproof::stage {

class Heartbeat {
 public:
  /// Without a write the disk is left alone.
  explicit Heartbeat(targets::Reactor& reactor, DiskWrite write = {});
  ~Heartbeat();

  void watch(history::Recorder& recorder);
  /// Whose history ends here is told of a write to disk that is still under way.
  void forget(history::Recorder& recorder);

 private:
  class Pulse;
  targets::Reactor& reactor_;
  std::shared_ptr<Pulse> pulse_;
  std::unique_ptr<DiskPulse> disk_;
};

}  // namespace busproof::stage
