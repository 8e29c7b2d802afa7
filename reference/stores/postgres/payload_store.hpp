// Payloads in PostgreSQL: one row per piece, stored as it is.
//
// Threads: the store's lane alone.
// Errors: put is durable before it returns, so that what names a payload never outlives it; one
// that got no answer may have happened.
#pragma once

#include <optional>
#include <string>

#include "reference/stores/clock.hpp"
#include "reference/stores/damage.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/postgres/connection.hpp"

namespace reference::stores::postgres {

class PostgresPayloadStore : public PayloadStore, public UploadStore {
 public:
  /// `dsn` as complete_dsn() makes it. `clock` is for tests: it stands in for the server's.
  explicit PostgresPayloadStore(std::string dsn, const Clock* clock = nullptr);

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
  [[nodiscard]] core::Instant now(core::Shift shift) const;
  std::optional<std::int64_t> find(const core::TransactionId& id);
  struct UploadRow;
  std::optional<UploadRow> find_upload(const Query& query, const core::TransactionId& id,
                                       core::Instant at);
  void insert(std::int64_t payload, std::uint32_t n, const core::Piece& piece);
  Pieces read(std::int64_t payload);
  void write(std::int64_t payload, const Pieces& pieces);

  std::string dsn_;
  Connection connection_;
  const Clock* clock_;
};

}  // namespace reference::stores::postgres
