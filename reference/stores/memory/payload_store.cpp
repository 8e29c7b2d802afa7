// Pieces in a map.
#include "reference/stores/memory/payload_store.hpp"

#include <algorithm>
#include <utility>

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

// What is open and past its time is gone, swept or not.
MemoryPayloadStore::Payload* MemoryPayloadStore::find_upload(const core::TransactionId& id,
                                                             core::Shift shift) {
  const auto found = payloads_.find(id);
  if (found == payloads_.end() || !found->second.upload) return nullptr;
  const bool over = found->second.expires <= clock_.now() + shift.count();
  return over && !found->second.upload->sealed ? nullptr : &found->second;
}

Result<bool> MemoryPayloadStore::open(const core::OpenUpload& open, core::Shift shift) {
  const auto now = clock_.now() + shift.count();
  const auto waits = std::count_if(payloads_.begin(), payloads_.end(), [&](const auto& one) {
    return one.second.upload && !one.second.upload->sealed && one.second.expires > now;
  });
  if (open.most && waits >= *open.most) return false;
  auto& payload = payloads_[open.id];
  payload.upload = open.upload;
  payload.expires = now + open.ttl.count();
  return true;
}

Result<std::optional<core::Upload>> MemoryPayloadStore::append(const core::AppendUpload& append,
                                                               core::Shift shift) {
  auto* found = find_upload(append.id, shift);
  if (found == nullptr) return std::nullopt;
  auto& upload = *found->upload;
  if (upload.sealed || upload.offset != append.from) return upload;
  found->pieces.erase(found->pieces.lower_bound(append.first), found->pieces.end());
  auto n = append.first;
  for (const auto& piece : append.pieces) found->pieces.emplace(n++, piece);
  upload.offset = append.to;
  found->expires = clock_.now() + shift.count() + append.ttl.count();
  return upload;
}

Result<std::optional<core::Upload>> MemoryPayloadStore::upload(const core::TransactionId& id,
                                                               core::Shift shift) {
  const auto* found = find_upload(id, shift);
  return found == nullptr ? std::nullopt : found->upload;
}

Result<bool> MemoryPayloadStore::keep(const core::TransactionId& id, core::Ms ttl,
                                      core::Shift shift) {
  const auto found = payloads_.find(id);
  if (found == payloads_.end()) return false;
  auto& payload = found->second;
  const auto now = clock_.now() + shift.count();
  if (payload.upload && !payload.upload->sealed && payload.expires <= now) return false;
  const bool was_open = payload.upload && !std::exchange(payload.upload->sealed, true);
  payload.expires = was_open ? now + ttl.count() : std::max(payload.expires, now + ttl.count());
  return true;
}

Result<void> MemoryPayloadStore::reset() {
  payloads_.clear();
  return {};
}

}  // namespace reference::stores::memory
