// Source: ROUTE-2, CHUNK-3, SUM-2, SUM-5.
#include "reference/stores/sqlite/payload_store.hpp"

#include <algorithm>

#include "reference/stores/damage.hpp"
#include "reference/stores/sqlite/migration.hpp"
#include "reference/stores/sqlite/payload_statements.hpp"

namespace reference::stores::sqlite {

using core::Result;

namespace {

/// Of a row that begins with digest, body, codec, size.
core::Piece piece_of(Statement& row) {
  core::Piece piece;
  const auto digest = row.blob(0);
  std::copy_n(digest.begin(), std::min(digest.size(), piece.digest.size()), piece.digest.begin());
  piece.stored = row.text(1);
  piece.codec = static_cast<core::Codec>(row.integer(2));
  piece.size = static_cast<std::uint64_t>(row.integer(3));
  return piece;
}

}  // namespace

SqlitePayloadStore::SqlitePayloadStore(std::shared_ptr<Database> database, const Clock& clock)
    : database_(std::move(database)), clock_(clock) {}

SqlitePayloadStore::~SqlitePayloadStore() = default;

Result<void> SqlitePayloadStore::migrate() {
  if (auto made = sqlite::migrate(*database_); !made) return made;
  statements_ = std::make_unique<Statements>(*database_);
  if (database_->failed()) return tl::unexpected(database_->take_error());
  return {};
}

Result<void> SqlitePayloadStore::put(const core::TransactionId& id,
                                     std::span<const core::Piece> pieces, core::Ms ttl,
                                     core::Shift shift) {
  const auto held = database_->hold();
  database_->begin(true);
  const auto expires = clock_.now() + shift.count() + ttl.count();
  statements_->insert.with(id, expires).run();
  const auto payload = database_->last_row();
  std::uint32_t n = 0;
  for (const auto& piece : pieces) insert(payload, n++, piece);
  return database_->commit();
}

void SqlitePayloadStore::insert(std::int64_t payload, std::uint32_t n, const core::Piece& piece) {
  const std::string_view digest(reinterpret_cast<const char*>(piece.digest.data()),
                                piece.digest.size());
  statements_->insert_piece
      .with(payload, std::int64_t{n}, static_cast<int>(piece.codec), piece.size, as_blob(digest),
            as_blob(piece.stored))
      .run();
}

std::optional<std::int64_t> SqlitePayloadStore::find(const core::TransactionId& id) {
  auto& row = statements_->find.with(id);
  if (!row.row()) return std::nullopt;
  const auto payload = row.integer(0);
  row.reset();
  return payload;
}

Result<std::vector<core::Piece>> SqlitePayloadStore::pieces(const core::TransactionId& id,
                                                            std::uint32_t first,
                                                            std::uint32_t count) {
  const auto held = database_->hold();
  std::vector<core::Piece> found;
  if (const auto payload = find(id)) {
    auto& rows = statements_->pieces.with(*payload, std::int64_t{first},
                                          std::int64_t{first} + std::int64_t{count});
    while (rows.row()) found.push_back(piece_of(rows));
  }
  if (database_->failed()) return tl::unexpected(database_->take_error());
  return found;
}

void SqlitePayloadStore::erase(std::int64_t payload) {
  statements_->erase_pieces.with(payload).run();
  statements_->erase.with(payload).run();
}

Result<void> SqlitePayloadStore::drop(std::span<const core::TransactionId> ids) {
  const auto held = database_->hold();
  // A drop that a power cut undoes leaves an orphan for the sweep, nothing worse.
  database_->begin(false);
  for (const auto& id : ids)
    if (const auto payload = find(id)) erase(*payload);
  return database_->commit();
}

Result<std::int64_t> SqlitePayloadStore::sweep(int at_most, core::Shift shift) {
  const auto held = database_->hold();
  std::vector<std::int64_t> expired;
  auto& rows = statements_->expired.with(clock_.now() + shift.count(), at_most);
  while (rows.row()) expired.push_back(rows.integer(0));
  if (database_->failed()) return tl::unexpected(database_->take_error());
  if (expired.empty()) return 0;
  database_->begin(false);
  for (const auto payload : expired) erase(payload);
  if (auto committed = database_->commit(); !committed) return tl::unexpected(committed.error());
  return static_cast<std::int64_t>(expired.size());
}

Pieces SqlitePayloadStore::read(std::int64_t payload) {
  Pieces pieces;
  auto& rows = statements_->all_pieces.with(payload);
  while (rows.row()) pieces.emplace(static_cast<std::uint32_t>(rows.integer(4)), piece_of(rows));
  return pieces;
}

void SqlitePayloadStore::write(std::int64_t payload, const Pieces& pieces) {
  statements_->erase_pieces.with(payload).run();
  for (const auto& [n, piece] : pieces) insert(payload, n, piece);
}

Result<bool> SqlitePayloadStore::corrupt(const core::Corrupt& damage) {
  const auto held = database_->hold();
  database_->begin(true);
  const auto payload = find(damage.id);
  const auto other = damage.with ? find(*damage.with) : payload;
  bool done = false;
  if (payload && other) {
    Pieces pieces = read(*payload);
    Pieces others = read(*other);
    done = damage_pieces(pieces, payload == other ? pieces : others, damage);
    if (done) write(*payload, pieces);
    if (done && payload != other) write(*other, others);
  }
  if (auto committed = database_->commit(); !committed) return tl::unexpected(committed.error());
  return done;
}

Result<void> SqlitePayloadStore::reset() {
  const auto held = database_->hold();
  return database_->execute("BEGIN; DELETE FROM payload_piece; DELETE FROM payload; COMMIT");
}

}  // namespace reference::stores::sqlite
