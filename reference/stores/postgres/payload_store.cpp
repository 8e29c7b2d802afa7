// Source: ROUTE-2, CHUNK-3, SUM-2, SUM-5.
#include "reference/stores/postgres/payload_store.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "reference/stores/postgres/migration.hpp"

namespace reference::stores::postgres {

using core::Result;

namespace {

constexpr Query kInsert{"payload",
                        "INSERT INTO message_bus_payload (transaction_id, expires) "
                        "VALUES ($1, $2) RETURNING id"};
constexpr Query kInsertPiece{
    "piece",
    "INSERT INTO message_bus_chunk (payload, n, codec, size, digest, body) "
    "VALUES ($1, $2, $3::text::compression_type, $4, decode($5::text, 'hex'), $6)"};
constexpr Query kFind{"find_payload",
                      "SELECT id FROM message_bus_payload WHERE transaction_id = $1 FOR UPDATE"};
constexpr const char* kPieces =
    "SELECT digest, body, codec::text, size::text, n::text FROM message_bus_chunk "
    "WHERE payload = {} AND n >= {} AND n < {} ORDER BY n";
constexpr const char* kIdOf = "(SELECT id FROM message_bus_payload WHERE transaction_id = {})";
constexpr Query kErasePieces{"erase_pieces", "DELETE FROM message_bus_chunk WHERE payload = $1"};
constexpr Query kDrop{
    "drop_payloads",
    "WITH gone AS (DELETE FROM message_bus_payload WHERE transaction_id = ANY ($1::text[]) "
    "RETURNING id) DELETE FROM message_bus_chunk c USING gone WHERE c.payload = gone.id"};
constexpr Query kSweep{
    "sweep_payloads",
    "WITH gone AS (DELETE FROM message_bus_payload WHERE id IN (SELECT id "
    "FROM message_bus_payload WHERE expires <= $1::bigint ORDER BY expires LIMIT $2::int "
    "FOR UPDATE SKIP LOCKED) RETURNING id), "
    "pieces AS (DELETE FROM message_bus_chunk c USING gone WHERE c.payload = gone.id) "
    "SELECT count(*) FROM gone"};

const char* codec_name(core::Codec codec) {
  if (codec == core::Codec::gzip) return "gzip";
  return codec == core::Codec::zstd ? "zstd" : "none";
}

/// Of a row of kPieces.
core::Piece piece_of(const Rows& rows, int row) {
  core::Piece piece;
  const auto digest = rows.text(row, 0);
  std::copy_n(digest.begin(), std::min(digest.size(), piece.digest.size()), piece.digest.begin());
  piece.stored = rows.text(row, 1);
  const auto codec = rows.text(row, 2);
  if (codec != "none") piece.codec = codec == "gzip" ? core::Codec::gzip : core::Codec::zstd;
  piece.size = static_cast<std::uint64_t>(rows.integer(row, 3));
  return piece;
}

}  // namespace

PostgresPayloadStore::PostgresPayloadStore(std::string dsn, const Clock* clock)
    : dsn_(std::move(dsn)), connection_(dsn_), clock_(clock) {}

Result<void> PostgresPayloadStore::migrate() { return postgres::migrate(dsn_); }

core::Instant PostgresPayloadStore::now(core::Shift shift) const {
  return (clock_ == nullptr ? connection_.began() : clock_->now()) + shift.count();
}

Result<void> PostgresPayloadStore::put(const core::TransactionId& id,
                                       std::span<const core::Piece> pieces, core::Ms ttl,
                                       core::Shift shift) {
  return connection_.carry_out(true, [&] {
    const auto made = connection_.run(kInsert, args(as_text(id), now(shift) + ttl.count()));
    std::uint32_t n = 0;
    for (const auto& piece : pieces) insert(made.integer(0, 0), n++, piece);
  });
}

void PostgresPayloadStore::insert(std::int64_t payload, std::uint32_t n, const core::Piece& piece) {
  const std::string_view digest(reinterpret_cast<const char*>(piece.digest.data()),
                                piece.digest.size());
  connection_.run(kInsertPiece, args(payload, std::int64_t{n}, codec_name(piece.codec),
                                     static_cast<std::int64_t>(piece.size), as_hex(digest))
                                    .blob(piece.stored));
}

std::optional<std::int64_t> PostgresPayloadStore::find(const core::TransactionId& id) {
  const auto found = connection_.run(kFind, args(as_text(id)));
  if (found.size() == 0) return std::nullopt;
  return found.integer(0, 0);
}

Result<std::vector<core::Piece>> PostgresPayloadStore::pieces(const core::TransactionId& id,
                                                              std::uint32_t first,
                                                              std::uint32_t count) {
  if (id.empty()) {
    if (const auto answered = connection_.ping(); !answered)
      return tl::unexpected(answered.error());
    return std::vector<core::Piece>();
  }
  const auto payload = fmt::format(kIdOf, quoted(as_text(id)));
  const auto rows =
      connection_.read(fmt::format(kPieces, payload, first, std::int64_t{first} + count));
  if (!rows) return tl::unexpected(rows.error());
  std::vector<core::Piece> found;
  for (int row = 0; row < rows->size(); ++row) found.push_back(piece_of(*rows, row));
  return found;
}

Result<void> PostgresPayloadStore::drop(std::span<const core::TransactionId> ids) {
  Array names;
  for (const auto& id : ids) names.add(as_text(id));
  // A drop that a power cut undoes leaves an orphan for the sweep, nothing worse.
  return connection_.carry_out(false, [&] { connection_.run(kDrop, args(names)); });
}

Result<std::int64_t> PostgresPayloadStore::sweep(int at_most, core::Shift shift) {
  return connection_.carry_out(
      false, [&] { return connection_.run(kSweep, args(now(shift), at_most)).integer(0, 0); });
}

Pieces PostgresPayloadStore::read(std::int64_t payload) {
  Pieces pieces;
  constexpr auto kAll = std::numeric_limits<std::int32_t>::max();
  const auto rows = connection_.fetch(fmt::format(kPieces, payload, 0, kAll));
  for (int row = 0; row < rows.size(); ++row)
    pieces.emplace(static_cast<std::uint32_t>(rows.integer(row, 4)), piece_of(rows, row));
  return pieces;
}

void PostgresPayloadStore::write(std::int64_t payload, const Pieces& pieces) {
  connection_.run(kErasePieces, args(payload));
  for (const auto& [n, piece] : pieces) insert(payload, n, piece);
}

Result<bool> PostgresPayloadStore::corrupt(const core::Corrupt& damage) {
  return connection_.carry_out(true, [&] {
    const auto payload = find(damage.id);
    const auto other = damage.with ? find(*damage.with) : payload;
    if (!payload || !other) return false;
    Pieces pieces = read(*payload);
    Pieces others = read(*other);
    const bool done = damage_pieces(pieces, payload == other ? pieces : others, damage);
    if (done) write(*payload, pieces);
    if (done && payload != other) write(*other, others);
    return done;
  });
}

Result<void> PostgresPayloadStore::reset() {
  return connection_.carry_out(true, [&] {
    connection_.execute("DELETE FROM message_bus_chunk; DELETE FROM message_bus_payload");
  });
}

}  // namespace reference::stores::postgres
