// A server that answers and refuses, for as long as a scenario wants it to.
//
// Threads: those of the stage.
#pragma once

#include <memory>
#include <string>

#include "fixtures/backends/refusal.hpp"
#include "suites/history/recorder.hpp"

namespace busproof::stage {

/// The marks "refusing", before it begins, and "refusing_over", when it has ended: {"backend",
/// "how"}.
class [[nodiscard]] Refusing {
 public:
  Refusing(history::Recorder& recorder, std::string backend, backends::Refused refused)
      : recorder_(&recorder), backend_(std::move(backend)), refused_(std::move(refused)) {}
  ~Refusing() { end(); }
  Refusing(Refusing&& other) noexcept
      : recorder_(std::exchange(other.recorder_, nullptr)),
        backend_(std::move(other.backend_)),
        refused_(std::move(other.refused_)) {}
  Refusing& operator=(Refusing&&) = delete;

  void end();  ///< A second time does nothing.

 private:
  history::Recorder* recorder_;
  std::string backend_;
  backends::Refused refused_;
};

}  // namespace busproof::stage
