// Running leases, in memory: a lease does not outlive its process, so no store has to write it.
//
// Threads: the queue store's lane alone.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reference/core/ids.hpp"

namespace reference::stores {

/// One group's copy of one message.
struct CopyKey {
  std::int64_t message = 0;
  std::int64_t group = 0;
  auto operator<=>(const CopyKey&) const = default;
};

struct RunningLease {
  std::uint64_t token = 0;
  core::Instant until = 0;
};

/// What happened since begin() can be undone, as a failed commit needs it.
class Leases {
 public:
  void put(const CopyKey& key, const RunningLease& lease);
  void erase(const CopyKey& key);
  [[nodiscard]] std::optional<RunningLease> find(const CopyKey& key) const;
  /// The lease of `key` if it carries `token` and runs at `now`.
  [[nodiscard]] bool holds(const CopyKey& key, std::uint64_t token, core::Instant now) const;
  /// Leases over at `now`, the earliest first, at most `at_most`.
  [[nodiscard]] std::vector<std::pair<CopyKey, RunningLease>> ended(core::Instant now,
                                                                    int at_most) const;
  [[nodiscard]] std::optional<core::Instant> next_end() const;
  void clear();

  void begin() { undo_.clear(); }
  void rollback();

 private:
  struct Hash {
    std::size_t operator()(const CopyKey& key) const {
      return std::hash<std::int64_t>()(key.message * 1'000'003 + key.group);
    }
  };
  void set(const CopyKey& key, const std::optional<RunningLease>& lease);

  std::unordered_map<CopyKey, RunningLease, Hash> by_copy_;
  std::set<std::pair<core::Instant, CopyKey>> by_end_;
  std::vector<std::pair<CopyKey, std::optional<RunningLease>>> undo_;
};

}  // namespace reference::stores
