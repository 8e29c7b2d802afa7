// How long the stores take to answer, and what the bus' own looks at them have found.
//
// Threads: the core's.
#pragma once

#include <deque>
#include <optional>

#include "reference/core/ids.hpp"

namespace reference::core {

struct Latency {
  std::deque<double> ms;  ///< the newest samples
  void add(double sample);
};

/// What the bus' own look at a store, every now and then, has found.
struct Checkup {
  Latency latency;
  std::optional<Tick> asked;  ///< the one under way
  bool well = false;
  /// How long it takes now: what the quickest of the newest looks took, for a single slow one says
  /// more of the machine than of the store.
  [[nodiscard]] double usual_ms() const;
};

}  // namespace reference::core
