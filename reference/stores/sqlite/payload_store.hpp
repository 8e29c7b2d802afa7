// Payloads in SQLite, in the same file as the queues: one row per piece.
//
// Threads: the payload store's lane alone.
// Errors: put is synced before it returns, so that what names a payload never outlives it.
#pragma once

#include <memory>
#include <optional>

#include "reference/stores/clock.hpp"
#include "reference/stores/damage.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/sqlite/database.hpp"

namespace reference::stores::sqlite {

class SqlitePayloadStore : public PayloadStore, public UploadStore {
 public:
  /// `clock` must outlive the store.
  SqlitePayloadStore(std::shared_ptr<Database> database, const Clock& clock);
  ~SqlitePayloadStore() override;

  core::Result<void> put(const core::TransactionId& id, std::span<const core::Piece> pieces,
                         core::Ms ttl, core::Shift shift) override;
  core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id, std::uint32_t first,
                                                std::uint32_t count) override;
  core::Result<void> drop(std::span<const core::TransactionId> ids) override;
  core::Result<std::int64_t> sweep(int at_most, core::Shift shift) override;
  core::Result<bool> corrupt(const core::Corrupt& damage) override;
  core::Result<void> reset() override;
  core::Result<void> migrate() override;
  UploadStore* uploads() override { return this; }

  // uploads.cpp
  core::Result<bool> open(const core::OpenUpload& open, core::Shift shift) override;
  core::Result<std::optional<core::Upload>> append(const core::AppendUpload& append,
                                                   core::Shift shift) override;
  core::Result<std::optional<core::Upload>> upload(const core::TransactionId& id,
                                                   core::Shift shift) override;
  core::Result<bool> keep(const core::TransactionId& id, core::Ms ttl, core::Shift shift) override;

 private:
  struct Statements;
  struct UploadRow;
  std::optional<UploadRow> find_upload(const core::TransactionId& id, core::Instant now);
  std::optional<std::int64_t> find(const core::TransactionId& id);
  void erase(std::int64_t payload);
  void insert(std::int64_t payload, std::uint32_t n, const core::Piece& piece);
  Pieces read(std::int64_t payload);
  void write(std::int64_t payload, const Pieces& pieces);

  std::shared_ptr<Database> database_;
  const Clock& clock_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace reference::stores::sqlite
