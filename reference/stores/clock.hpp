// A store's clock: the one that decides about leases, delays and expiry.
#pragma once

#include "reference/core/ids.hpp"

namespace reference::stores {

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  /// Never goes backwards within a process. Callable from any thread.
  [[nodiscard]] virtual core::Instant now() const = 0;
};

/// The wall clock as it was when this was made, driven on by steady time: a step of the node's
/// clock ends no lease and no life early [TTL-10].
class SystemClock : public Clock {
 public:
  SystemClock();
  [[nodiscard]] core::Instant now() const override;

 private:
  core::Instant wall_;
  core::Tick steady_;
};

}  // namespace reference::stores
