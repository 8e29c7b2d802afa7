#include "reference/stores/late.hpp"

namespace reference::stores {

using core::Result;

Result<void> LateQueues::migrate() {
  auto made = inner_.migrate();
  up_ = made.has_value();
  return made;
}

Result<void> LateQueues::bring_up() {
  if (up_) return {};
  if (auto made = inner_.migrate(); !made) return made;
  auto opened = opened_();
  up_ = opened.has_value();
  return opened;
}

Result<std::vector<core::Answer>> LateQueues::apply(std::span<const core::Step> batch,
                                                    core::Shift shift) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.apply(batch, shift);
}

Result<core::View> LateQueues::look(const core::Question& question, core::Shift shift) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.look(question, shift);
}

Result<core::Swept> LateQueues::sweep(int at_most, int attempts_max, core::Shift shift) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.sweep(at_most, attempts_max, shift);
}

Result<void> LatePayloads::migrate() {
  auto made = inner_.migrate();
  up_ = made.has_value();
  return made;
}

Result<void> LatePayloads::bring_up() {
  if (up_) return {};
  if (auto made = inner_.migrate(); !made) return made;
  auto opened = opened_();
  up_ = opened.has_value();
  return opened;
}

Result<void> LatePayloads::put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                               core::Ms ttl, core::Shift shift) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.put(id, pieces, ttl, shift);
}

Result<std::vector<core::Piece>> LatePayloads::pieces(const core::TransactionId& id,
                                                      std::uint32_t first, std::uint32_t count) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.pieces(id, first, count);
}

Result<void> LatePayloads::drop(std::span<const core::TransactionId> ids) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.drop(ids);
}

Result<std::int64_t> LatePayloads::sweep(int at_most, core::Shift shift) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.sweep(at_most, shift);
}

Result<bool> LatePayloads::corrupt(const core::Corrupt& damage) {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.corrupt(damage);
}

Result<void> LatePayloads::reset() {
  if (auto up = bring_up(); !up) return tl::unexpected(up.error());
  return inner_.reset();
}

}  // namespace reference::stores
