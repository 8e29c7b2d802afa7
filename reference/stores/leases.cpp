// Leases by copy and by end. Source: QUE-4, QUE-8.
#include "reference/stores/leases.hpp"

namespace reference::stores {

void Leases::set(const CopyKey& key, const std::optional<RunningLease>& lease) {
  if (const auto found = by_copy_.find(key); found != by_copy_.end()) {
    by_end_.erase({found->second.until, key});
    by_copy_.erase(found);
  }
  if (!lease) return;
  by_copy_.emplace(key, *lease);
  by_end_.emplace(lease->until, key);
}

void Leases::put(const CopyKey& key, const RunningLease& lease) {
  undo_.emplace_back(key, find(key));
  set(key, lease);
}

void Leases::erase(const CopyKey& key) {
  undo_.emplace_back(key, find(key));
  set(key, std::nullopt);
}

std::optional<RunningLease> Leases::find(const CopyKey& key) const {
  const auto found = by_copy_.find(key);
  if (found == by_copy_.end()) return std::nullopt;
  return found->second;
}

bool Leases::holds(const CopyKey& key, std::uint64_t token, core::Instant now) const {
  const auto found = by_copy_.find(key);
  return found != by_copy_.end() && found->second.token == token && found->second.until > now;
}

std::vector<std::pair<CopyKey, RunningLease>> Leases::ended(core::Instant now, int at_most) const {
  std::vector<std::pair<CopyKey, RunningLease>> over;
  for (const auto& [until, key] : by_end_) {
    if (until > now || static_cast<int>(over.size()) == at_most) break;
    over.emplace_back(key, by_copy_.at(key));
  }
  return over;
}

std::optional<core::Instant> Leases::next_end() const {
  if (by_end_.empty()) return std::nullopt;
  return by_end_.begin()->first;
}

void Leases::clear() {
  by_copy_.clear();
  by_end_.clear();
}

void Leases::rollback() {
  for (auto undone = undo_.rbegin(); undone != undo_.rend(); ++undone)
    set(undone->first, undone->second);
  undo_.clear();
}

}  // namespace reference::stores
