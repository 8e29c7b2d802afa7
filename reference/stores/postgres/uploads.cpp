// Uploads as payload rows that are not sealed yet. Source: CHUNK-4, CHUNK-5, CHUNK-7.
#include <algorithm>

#include "reference/stores/postgres/payload_store.hpp"

namespace reference::stores::postgres {

using core::Result;

namespace {

// Opening takes turns, or two nodes would both take the last place.
constexpr Query kOpenOneByOne{"open_one_by_one",
                              "SELECT pg_advisory_xact_lock(hashtextextended('message_bus uploads "
                              "' || current_schema(), 0))"};
constexpr Query kCountOpen{
    "count_open", "SELECT count(*) FROM message_bus_payload WHERE NOT sealed AND expires > $1"};
constexpr Query kOpen{"open_upload",
                      "INSERT INTO message_bus_payload (transaction_id, expires, size, chunk, "
                      "digest, sealed) VALUES ($1, $2, $3, $4, decode($5::text, 'hex'), false)"};
#define REFBUS_POSTGRES_UPLOAD                                                         \
  "SELECT id, size, chunk, encode(digest, 'hex'), reached, sealed FROM "               \
  "message_bus_payload WHERE transaction_id = $1 AND size IS NOT NULL AND (sealed OR " \
  "expires > $2)"
constexpr Query kFindUpload{"find_open", REFBUS_POSTGRES_UPLOAD};
constexpr Query kHoldUpload{"hold_open", REFBUS_POSTGRES_UPLOAD " FOR UPDATE"};
constexpr Query kEraseFrom{"erase_from",
                           "DELETE FROM message_bus_chunk WHERE payload = $1 AND n >= $2"};
constexpr Query kReach{"reach",
                       "UPDATE message_bus_payload SET reached = $2, expires = $3 WHERE id = $1"};
constexpr Query kKeep{
    "keep",
    "UPDATE message_bus_payload SET expires = CASE WHEN sealed THEN "
    "greatest(expires, $2::bigint) ELSE $2::bigint END, sealed = true "
    "WHERE transaction_id = $1 AND (sealed OR expires > $3::bigint) RETURNING id"};

}  // namespace

struct PostgresPayloadStore::UploadRow {
  std::int64_t id = 0;
  core::Upload upload;
};

std::optional<PostgresPayloadStore::UploadRow> PostgresPayloadStore::find_upload(
    const Query& query, const core::TransactionId& id, core::Instant at) {
  const auto rows = connection_.run(query, args(as_text(id), at));
  if (rows.size() == 0) return std::nullopt;
  UploadRow found{rows.integer(0, 0), {}};
  found.upload.size = static_cast<std::uint64_t>(rows.integer(0, 1));
  found.upload.chunk = static_cast<std::uint64_t>(rows.integer(0, 2));
  if (!rows.is_null(0, 3)) {
    const auto bytes = from_hex(rows.text(0, 3));
    auto& digest = found.upload.digest.emplace();
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  }
  found.upload.offset = static_cast<std::uint64_t>(rows.integer(0, 4));
  found.upload.sealed = rows.truth(0, 5);
  return found;
}

Result<bool> PostgresPayloadStore::open(const core::OpenUpload& open, core::Shift shift) {
  return connection_.carry_out(true, [&] {
    const auto at = now(shift);
    if (open.most) {
      connection_.run(kOpenOneByOne, {});
      if (connection_.run(kCountOpen, args(at)).integer(0, 0) >= *open.most) return false;
    }
    const auto& upload = open.upload;
    std::optional<std::string> digest;
    if (upload.digest)
      digest =
          as_hex({reinterpret_cast<const char*>(upload.digest->data()), upload.digest->size()});
    connection_.run(
        kOpen, args(as_text(open.id), at + open.ttl.count(), static_cast<std::int64_t>(upload.size),
                    static_cast<std::int64_t>(upload.chunk), digest));
    return true;
  });
}

Result<std::optional<core::Upload>> PostgresPayloadStore::append(const core::AppendUpload& append,
                                                                 core::Shift shift) {
  return connection_.carry_out(true, [&]() -> std::optional<core::Upload> {
    const auto at = now(shift);
    auto found = find_upload(kHoldUpload, append.id, at);
    if (!found) return std::nullopt;
    auto& upload = found->upload;
    if (upload.sealed || upload.offset != append.from) return upload;
    connection_.run(kEraseFrom, args(found->id, std::int64_t{append.first}));
    auto n = append.first;
    for (const auto& piece : append.pieces) insert(found->id, n++, piece);
    connection_.run(kReach,
                    args(found->id, static_cast<std::int64_t>(append.to), at + append.ttl.count()));
    upload.offset = append.to;
    return upload;
  });
}

Result<std::optional<core::Upload>> PostgresPayloadStore::upload(const core::TransactionId& id,
                                                                 core::Shift shift) {
  return connection_.carry_out(true, [&]() -> std::optional<core::Upload> {
    const auto found = find_upload(kFindUpload, id, now(shift));
    if (!found) return std::nullopt;
    return found->upload;
  });
}

Result<bool> PostgresPayloadStore::keep(const core::TransactionId& id, core::Ms ttl,
                                        core::Shift shift) {
  return connection_.carry_out(true, [&] {
    const auto at = now(shift);
    return connection_.run(kKeep, args(as_text(id), at + ttl.count(), at)).size() > 0;
  });
}

}  // namespace reference::stores::postgres
