// Heartbeat: notices when the harness itself was not scheduled, and says so in every open history.
//
// It beats on the reactor's thread, where answers and deliveries get their times: what delays it
// has delayed them.
//
// Threads: watch() and forget() from any.
#pragma once

#include <memory>

#include "suites/history/recorder.hpp"
#include "suites/targets/reactor.hpp"

namespace busproof::stage {

class Heartbeat {
 public:
  explicit Heartbeat(targets::Reactor& reactor);
  ~Heartbeat();

  void watch(history::Recorder& recorder);
  void forget(history::Recorder& recorder);

 private:
  class Pulse;
  targets::Reactor& reactor_;
  std::shared_ptr<Pulse> pulse_;
};

}  // namespace busproof::stage
