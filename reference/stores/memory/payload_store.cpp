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
  payload.pieces.assign(pieces.begin(), pieces.end());
  return {};
}

Result<std::vector<core::Piece>> MemoryPayloadStore::pieces(const core::TransactionId& id,
                                                            std::uint32_t first,
                                                            std::uint32_t count) {
  std::vector<core::Piece> found;
  const auto payload = payloads_.find(id);
  if (payload == payloads_.end()) return found;
  const auto& all = payload->second.pieces;
  for (std::size_t n = first; n < all.size() && n < std::size_t{first} + count; ++n)
    found.push_back(all[n]);
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
  if (payload == payloads_.end() || payload->second.pieces.empty()) return false;
  auto& pieces = payload->second.pieces;
  if (damage.damage == core::Damage::erase) {
    pieces.clear();
    return true;
  }
  std::size_t n = 0;
  core::Corrupt within = damage;
  if (damage.damage == core::Damage::extend) n = pieces.size() - 1;
  for (; damage.damage != core::Damage::extend && n + 1 < pieces.size() &&
         within.at >= pieces[n].stored.size();
       ++n)
    within.at -= pieces[n].stored.size();
  const auto bytes = damaged(pieces[n].stored, within);
  if (!bytes) return false;
  pieces[n].stored = *bytes;
  if (damage.damage == core::Damage::bomb) pieces[n].codec = core::Codec::gzip;
  if (damage.damage == core::Damage::truncate) pieces.resize(n + 1);
  return true;
}

Result<void> MemoryPayloadStore::reset() {
  payloads_.clear();
  return {};
}

}  // namespace reference::stores::memory
