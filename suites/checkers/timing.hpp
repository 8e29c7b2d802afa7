// Time limits as judges use them: declared ones, and what the harness itself may have lost.
//
// Threads: no state.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "suites/checkers/groups.hpp"
#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// A declared limit in milliseconds as a time.
inline std::optional<history::Time> declared(const contract::Claims& claims,
                                             std::string_view limit) {
  const auto value = claims.limit(limit);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

/// What stands in for a grace that a bus does not declare, where only a bound is needed.
inline constexpr history::Time kGraceOtherwise = std::chrono::milliseconds(1000);

/// How exactly the bus' clock counts: as declared, else in whole milliseconds.
inline history::Time granularity(const contract::Claims& claims) {
  return declared(claims, "time_granularity_ms").value_or(std::chrono::milliseconds(1));
}

inline double millis(history::Time time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// What must be allowed on top of a bus' own limit within [from, to]: 100 ms for the way through
/// kernel and harness, and twice the longest time that the harness was not scheduled, or waited for
/// the disk, since the bus shares its machine.
inline history::Time own_delay(const history::View& view, history::Time from, history::Time to) {
  return std::chrono::milliseconds(100) + 2 * view.longest_stall(from, to);
}

/// The publish of a fence invoked after `after` that came to the group, or null.
inline const history::Operation* fence_published_after(const history::View& view,
                                                       const ByMessage& group,
                                                       history::Text destination,
                                                       history::Time after) {
  for (const history::Note& fence : view.marks("fence")) {
    const history::Operation* publish = view.publish_of(fence.message);
    if (publish != nullptr && publish->destination == destination && publish->invoked > after &&
        group.contains(fence.message))
      return publish;
  }
  return nullptr;
}

}  // namespace busproof::checkers
