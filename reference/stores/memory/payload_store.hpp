// Payloads in memory: for tests and simulation.
//
// Threads: one at a time. Errors: none of its own.
#pragma once

#include <map>

#include "reference/stores/clock.hpp"
#include "reference/stores/damage.hpp"
#include "reference/stores/payload_store.hpp"

namespace reference::stores::memory {

class MemoryPayloadStore : public PayloadStore, public UploadStore {
 public:
  /// `clock` must outlive the store.
  explicit MemoryPayloadStore(const Clock& clock) : clock_(clock) {}

  core::Result<void> put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                         core::Ms ttl, core::Shift shift) override;
  core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id, std::uint32_t first,
                                                std::uint32_t count) override;
  core::Result<void> drop(std::span<const core::TransactionId> ids) override;
  core::Result<std::int64_t> sweep(int at_most, core::Shift shift) override;
  core::Result<bool> corrupt(const core::Corrupt& damage) override;
  core::Result<void> reset() override;
  core::Result<void> migrate() override { return {}; }
  UploadStore* uploads() override { return this; }

  core::Result<bool> open(const core::OpenUpload& open, core::Shift shift) override;
  core::Result<std::optional<core::Upload>> append(const core::AppendUpload& append,
                                                   core::Shift shift) override;
  core::Result<std::optional<core::Upload>> upload(const core::TransactionId& id,
                                                   core::Shift shift) override;
  core::Result<bool> keep(const core::TransactionId& id, core::Ms ttl, core::Shift shift) override;

 private:
  struct Payload {
    core::Instant expires = 0;
    Pieces pieces;
    std::optional<core::Upload> upload;  ///< where it came as one
  };
  Payload* find_upload(const core::TransactionId& id, core::Shift shift);

  const Clock& clock_;
  std::map<core::TransactionId, Payload> payloads_;
};

}  // namespace reference::stores::memory
