// Which events were accepted lately, so that each is known again when it comes a second time.
//
// In memory alone: a store keeps beside each message what is needed to fill this when it starts,
// and pays for no index. One event takes about 100 bytes for as long as it is known.
//
// Threads: one at a time. Errors: none. Source: STORE-7, API-3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "reference/core/ids.hpp"

namespace reference::stores {

class KnownEvents {
 public:
  /// The place of the message that the event was accepted as.
  [[nodiscard]] std::optional<std::int64_t> find(const core::Identity& event,
                                                 core::Instant now) const;
  /// Known until then; in the place of what was known by it before.
  void put(const core::Identity& event, std::int64_t seq, core::Instant until);
  /// Lets go of what is known no longer.
  void trim(core::Instant now);
  void clear();
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    std::int64_t seq = 0;
    core::Instant until = 0;
  };
  std::unordered_map<core::Identity, Known, core::IdentityHash> known_;
  std::deque<std::pair<core::Instant, core::Identity>> ends_;  ///< in the order they were put
};

}  // namespace reference::stores
