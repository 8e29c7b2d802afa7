#include "reference/executor/ailing.hpp"

namespace reference::executor {

using core::Result;
using core::StoreError;

void Illness::set(core::Ill ill, core::Ms delay) {
  {
    const std::lock_guard lock(mutex_);
    ill_ = ill;
    delay_ = delay;
  }
  changed_.notify_all();
}

void Illness::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

std::optional<StoreError> Illness::meet(bool writes) {
  std::unique_lock lock(mutex_);
  const auto over = [&](core::Ill ill) { return ended_ || ill_ != ill; };
  switch (ill_) {
    case core::Ill::none:
      return std::nullopt;
    case core::Ill::down:
      return StoreError::did_not_happen("told to be down");
    case core::Ill::readonly:
      if (!writes) return std::nullopt;
      return StoreError::did_not_happen("told to take no writes");
    case core::Ill::slow:
      changed_.wait_for(lock, delay_, [&] { return over(core::Ill::slow); });
      return std::nullopt;
    case core::Ill::hanging:
      changed_.wait(lock, [&] { return over(core::Ill::hanging); });
      return StoreError::did_not_happen("told to hang");
  }
  return std::nullopt;
}

Result<bool> AilingUploads::open(const core::OpenUpload& open, core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.open(open, shift);
}

Result<std::optional<core::Upload>> AilingUploads::append(const core::AppendUpload& append,
                                                          core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.append(append, shift);
}

Result<std::optional<core::Upload>> AilingUploads::upload(const core::TransactionId& id,
                                                          core::Shift shift) {
  if (auto error = illness_.meet(false)) return tl::unexpected(*error);
  return inner_.upload(id, shift);
}

Result<bool> AilingUploads::keep(const core::TransactionId& id, core::Ms ttl, core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.keep(id, ttl, shift);
}

AilingPayloads::AilingPayloads(PayloadStore& inner, Illness& illness)
    : inner_(inner), illness_(illness) {
  if (auto* uploads = inner.uploads()) uploads_.emplace(*uploads, illness);
}

Result<void> AilingPayloads::put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                                 core::Ms ttl, core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.put(id, pieces, ttl, shift);
}

Result<std::vector<core::Piece>> AilingPayloads::pieces(const core::TransactionId& id,
                                                        std::uint32_t first, std::uint32_t count) {
  if (auto error = illness_.meet(false)) return tl::unexpected(*error);
  return inner_.pieces(id, first, count);
}

Result<void> AilingPayloads::drop(std::span<const core::TransactionId> ids) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.drop(ids);
}

Result<std::int64_t> AilingPayloads::sweep(int at_most, core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.sweep(at_most, shift);
}

Result<bool> AilingPayloads::corrupt(const core::Corrupt& damage) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.corrupt(damage);
}

Result<void> AilingPayloads::reset() {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.reset();
}

Result<std::vector<core::Answer>> AilingQueues::apply(std::span<const core::Step> batch,
                                                      core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.apply(batch, shift);
}

Result<core::View> AilingQueues::look(const core::Question& question, core::Shift shift) {
  if (auto error = illness_.meet(false)) return tl::unexpected(*error);
  return inner_.look(question, shift);
}

Result<core::Swept> AilingQueues::sweep(int at_most, int attempts_max, core::Shift shift) {
  if (auto error = illness_.meet(true)) return tl::unexpected(*error);
  return inner_.sweep(at_most, attempts_max, shift);
}

}  // namespace reference::executor
