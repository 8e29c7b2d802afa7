// Stores that can be told to fail, so that what the bus does then can be judged without a server to
// break. Only where the control hooks are on.
//
// Threads: set() and end() from any; the rest on the lane of the store.
// Errors: a call that meets an ill store has not happened.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "reference/core/effect.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/queue_store.hpp"

namespace reference::executor {

/// What one store suffers from.
class Illness {
 public:
  void set(core::Ill ill, core::Ms delay);
  /// Lets every call fail that hangs, and those that would.
  void end();

  /// Takes the time that a call takes now; the error that it meets, if there is one.
  std::optional<core::StoreError> meet(bool writes);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  core::Ill ill_ = core::Ill::none;
  core::Ms delay_{0};
  bool ended_ = false;
};

/// `inner` and `illness` must outlive it.
class AilingUploads : public stores::UploadStore {
 public:
  AilingUploads(UploadStore& inner, Illness& illness) : inner_(inner), illness_(illness) {}

  core::Result<bool> open(const core::OpenUpload& open, core::Shift shift) override;
  core::Result<std::optional<core::Upload>> append(const core::AppendUpload& append,
                                                   core::Shift shift) override;
  core::Result<std::optional<core::Upload>> upload(const core::TransactionId& id,
                                                   core::Shift shift) override;
  core::Result<bool> keep(const core::TransactionId& id, core::Ms ttl, core::Shift shift) override;

 private:
  UploadStore& inner_;
  Illness& illness_;
};

/// `inner` and `illness` must outlive it.
class AilingPayloads : public stores::PayloadStore {
 public:
  AilingPayloads(PayloadStore& inner, Illness& illness);

  core::Result<void> put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                         core::Ms ttl, core::Shift shift) override;
  core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id, std::uint32_t first,
                                                std::uint32_t count) override;
  core::Result<void> drop(std::span<const core::TransactionId> ids) override;
  core::Result<std::int64_t> sweep(int at_most, core::Shift shift) override;
  core::Result<bool> corrupt(const core::Corrupt& damage) override;
  core::Result<void> reset() override;
  core::Result<void> migrate() override { return inner_.migrate(); }
  stores::UploadStore* uploads() override { return uploads_ ? &*uploads_ : nullptr; }

 private:
  PayloadStore& inner_;
  Illness& illness_;
  std::optional<AilingUploads> uploads_;
};

class AilingQueues : public stores::QueueStore {
 public:
  AilingQueues(QueueStore& inner, Illness& illness) : inner_(inner), illness_(illness) {}

  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override;
  core::Result<core::View> look(const core::Question& question, core::Shift shift) override;
  core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) override;
  core::Result<void> migrate() override { return inner_.migrate(); }

 private:
  QueueStore& inner_;
  Illness& illness_;
};

}  // namespace reference::executor
