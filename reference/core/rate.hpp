// Publishes a second: a bucket that holds a second's worth and fills evenly.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "reference/core/ids.hpp"

namespace reference::core {

class Rate {
 public:
  /// Takes `count` at once, or says how long to wait for them. What is more than a second's worth
  /// goes when the bucket is full, and is owed by those behind it.
  std::optional<Ms> take(Tick now, std::int64_t per_s, std::int64_t count) {
    const std::int64_t full = per_s * kShare;
    const auto passed = first_ ? Ms(kShare) : std::chrono::duration_cast<Ms>(now - filled_);
    held_ = std::min(full, held_ + per_s * std::min(passed.count(), kLongest));
    if (passed.count() > 0) filled_ = now;
    first_ = false;
    const std::int64_t needed = std::min(count, per_s) * kShare;
    if (held_ < needed) return Ms((needed - held_ + per_s - 1) / per_s);
    held_ -= count * kShare;
    return std::nullopt;
  }

 private:
  static constexpr std::int64_t kShare = 1'000;         // of one publish, so that no ms is lost
  static constexpr std::int64_t kLongest = 86'400'000;  // ms; the bucket is full long before
  std::int64_t held_ = 0;
  Tick filled_{};
  bool first_ = true;
};

}  // namespace reference::core
