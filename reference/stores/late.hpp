// Stores whose server may not have been there when the bus was started: each call tries first to
// bring it up, as long as that has not succeeded.
//
// Threads: as the store's; `opened` is called on its lane.
// Errors: the try's own; nothing has happened then.
// Source: CFG-3.
#pragma once

#include <functional>

#include "reference/stores/payload_store.hpp"
#include "reference/stores/queue_store.hpp"

namespace reference::stores {

/// Called when it has been brought up after all; an error keeps it from being used.
using Opened = std::function<core::Result<void>()>;

/// `inner` must outlive it.
class LateQueues : public QueueStore {
 public:
  LateQueues(QueueStore& inner, Opened opened) : inner_(inner), opened_(std::move(opened)) {}

  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override;
  core::Result<core::View> look(const core::Question& question, core::Shift shift) override;
  core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) override;
  core::Result<void> migrate() override;

 private:
  core::Result<void> bring_up();

  QueueStore& inner_;
  Opened opened_;
  bool up_ = false;
};

/// The same; its uploads are only used once something else has brought it up.
class LatePayloads : public PayloadStore {
 public:
  LatePayloads(PayloadStore& inner, Opened opened) : inner_(inner), opened_(std::move(opened)) {}

  core::Result<void> put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                         core::Ms ttl, core::Shift shift) override;
  core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id, std::uint32_t first,
                                                std::uint32_t count) override;
  core::Result<void> drop(std::span<const core::TransactionId> ids) override;
  core::Result<std::int64_t> sweep(int at_most, core::Shift shift) override;
  core::Result<bool> corrupt(const core::Corrupt& damage) override;
  core::Result<void> reset() override;
  core::Result<void> migrate() override;
  UploadStore* uploads() override { return inner_.uploads(); }

 private:
  core::Result<void> bring_up();

  PayloadStore& inner_;
  Opened opened_;
  bool up_ = false;
};

}  // namespace reference::stores
