// The one file that reads the wall clock.
#include "reference/stores/clock.hpp"

namespace reference::stores {

using std::chrono::duration_cast;

SystemClock::SystemClock()
    : wall_(duration_cast<core::Ms>(std::chrono::system_clock::now().time_since_epoch()).count()),
      steady_(std::chrono::steady_clock::now()) {}

core::Instant SystemClock::now() const {
  return wall_ + duration_cast<core::Ms>(std::chrono::steady_clock::now() - steady_).count();
}

}  // namespace reference::stores
