// What a scenario does to the stores behind a bus: through ctl/backend, as far as the bus tells the
// two apart.
//
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "suites/stage/stage.hpp"

namespace busproof::families {

/// The payload store of a bus that keeps its queues elsewhere, or at least lets it fail alone.
class PayloadStore {
 public:
  /// Unverified where there is no hook for it, or where queues and payloads fail together.
  explicit PayloadStore(stage::Stage& stage);
  /// Well again, whatever happened.
  ~PayloadStore();
  PayloadStore(const PayloadStore&) = delete;
  PayloadStore& operator=(const PayloadStore&) = delete;

  void up() { tell("up"); }
  void down() { tell("down"); }
  void hang();
  /// It takes no writes: the marks "refusing", and "refusing_over" once it does again.
  void refuse_writes();
  void take_writes();
  void slow(stage::milliseconds delay);

 private:
  void tell(std::string_view action, std::optional<std::int64_t> delay_ms = {});

  stage::Stage& stage_;
  std::string name_;
  bool well_ = true;
};

}  // namespace busproof::families
