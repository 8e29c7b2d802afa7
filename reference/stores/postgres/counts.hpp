// Counts that move with a copy from state to state. Source: QUE-13, STA-2.
#pragma once

#include "reference/stores/postgres/draft.hpp"

namespace reference::stores::postgres {

/// The count that a copy of that state is in.
inline std::int64_t& count_of(GroupRow& group, std::int64_t state) {
  switch (state) {
    case kReady:
      return group.counts.ready;
    case kLeased:
      return group.counts.leased;
    case kDelayed:
      return group.counts.delayed;
    default:
      return group.counts.dead;
  }
}

}  // namespace reference::stores::postgres
