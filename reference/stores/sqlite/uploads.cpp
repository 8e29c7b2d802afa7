// Uploads as payload rows that are not sealed yet. Source: CHUNK-4, CHUNK-5, CHUNK-7.
#include <algorithm>

#include "reference/stores/sqlite/payload_statements.hpp"
#include "reference/stores/sqlite/payload_store.hpp"

namespace reference::stores::sqlite {

using core::Result;

struct SqlitePayloadStore::UploadRow {
  std::int64_t id = 0;
  core::Upload upload;
};

std::optional<SqlitePayloadStore::UploadRow> SqlitePayloadStore::find_upload(
    const core::TransactionId& id, core::Instant now) {
  auto& row = statements_->find_upload.with(id, now);
  if (!row.row()) return std::nullopt;
  UploadRow found{row.integer(0), {}};
  found.upload.size = static_cast<std::uint64_t>(row.integer(1));
  found.upload.chunk = static_cast<std::uint64_t>(row.integer(2));
  if (!row.is_null(3)) {
    const auto bytes = row.blob(3);
    auto& digest = found.upload.digest.emplace();
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  }
  found.upload.offset = static_cast<std::uint64_t>(row.integer(4));
  found.upload.sealed = row.integer(5) != 0;
  row.reset();
  return found;
}

Result<bool> SqlitePayloadStore::open(const core::OpenUpload& open, core::Shift shift) {
  const auto held = database_->hold();
  const auto now = clock_.now() + shift.count();
  database_->begin(true);
  auto& count = statements_->count_open.with(now);
  const bool full = open.most && count.row() && count.integer(0) >= *open.most;
  count.reset();
  if (!full) {
    std::optional<Statement::Blob> digest;
    if (open.upload.digest)
      digest = as_blob(
          {reinterpret_cast<const char*>(open.upload.digest->data()), open.upload.digest->size()});
    statements_->insert_upload
        .with(open.id, now + open.ttl.count(), open.upload.size, open.upload.chunk, digest)
        .run();
  }
  if (auto committed = database_->commit(); !committed) return tl::unexpected(committed.error());
  return !full;
}

Result<std::optional<core::Upload>> SqlitePayloadStore::append(const core::AppendUpload& append,
                                                               core::Shift shift) {
  const auto held = database_->hold();
  const auto now = clock_.now() + shift.count();
  database_->begin(true);
  auto found = find_upload(append.id, now);
  if (found && !found->upload.sealed && found->upload.offset == append.from) {
    statements_->erase_from.with(found->id, std::int64_t{append.first}).run();
    auto n = append.first;
    for (const auto& piece : append.pieces) insert(found->id, n++, piece);
    statements_->reach.with(append.to, now + append.ttl.count(), found->id).run();
    found->upload.offset = append.to;
  }
  if (auto committed = database_->commit(); !committed) return tl::unexpected(committed.error());
  if (!found) return std::nullopt;
  return found->upload;
}

Result<std::optional<core::Upload>> SqlitePayloadStore::upload(const core::TransactionId& id,
                                                               core::Shift shift) {
  const auto held = database_->hold();
  const auto found = find_upload(id, clock_.now() + shift.count());
  if (database_->failed()) return tl::unexpected(database_->take_error());
  if (!found) return std::nullopt;
  return found->upload;
}

Result<bool> SqlitePayloadStore::keep(const core::TransactionId& id, core::Ms ttl,
                                      core::Shift shift) {
  const auto held = database_->hold();
  const auto now = clock_.now() + shift.count();
  database_->begin(true);
  statements_->keep.with(now + ttl.count(), id, now).run();
  const bool found = database_->changes() > 0;
  if (auto committed = database_->commit(); !committed) return tl::unexpected(committed.error());
  return found;
}

}  // namespace reference::stores::sqlite
