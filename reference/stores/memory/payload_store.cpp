// Pieces in a map.
#include "reference/stores/memory/payload_store.hpp"

#include <algorithm>

#include "reference/stores/damage.hpp"

namespace reference::stores::memory {

using core::Result;

Result<void> MemoryPayloadStore::put(const core::TransactionId& id,
                                     std::span<const core::Piece> pieces, core::Ms ttl,
                                     core::Shift shift) {
  auto& payload = payloads_[id];
  payload.expires = clock_.now() + shift.count() + ttl.count();
  payload.pieces.clear();
  for (const auto& piece : pieces)
    payload.pieces.emplace(static_cast<std::uint32_t>(payload.pieces.size()), piece);
  return {};
}

Result<std::vector<core::Piece>> MemoryPayloadStore::pieces(const core::TransactionId& id,
                                                            std::uint32_t first,
                                                            std::uint32_t count) {
  std::vector<core::Piece> found;
  const auto payload = payloads_.find(id);
  if (payload == payloads_.end()) return found;
  const auto& all = payload->second.pieces;
  for (auto at = all.lower_bound(first); at != all.end() && at->first - first < count; ++at)
    found.push_back(at->second);
  return found;
}

Result<void> MemoryPayloadStore::drop(std::span<const core::TransactionId> ids) {
  for (const auto& id : ids) payloads_.erase(id);
  return {};
}

Result<std::int64_t> MemoryPayloadStore::sweep(int at_most, core::Shift shift) {
  std::int64_t swept = 0;
  const auto now = clock_.now() + shift.count();
  for (auto at = payloads_.begin(); at != payloads_.end() && swept < at_most;) {
    if (at->second.expires > now) {
      ++at;
      continue;
    }
    at = payloads_.erase(at);
    ++swept;
  }
  return swept;
}

Result<bool> MemoryPayloadStore::corrupt(const core::Corrupt& damage) {
  const auto payload = payloads_.find(damage.id);
  const auto other = payloads_.find(damage.with.value_or(damage.id));
  if (payload == payloads_.end() || other == payloads_.end()) return false;
  return damage_pieces(payload->second.pieces, other->second.pieces, damage);
}

Result<void> MemoryPayloadStore::reset() {
  payloads_.clear();
  return {};
}

}  // namespace reference::stores::memory
