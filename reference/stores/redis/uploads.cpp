// Uploads as payloads that are not sealed yet: one script call each. Source: CHUNK-4, CHUNK-5,
// CHUNK-7.
#include "reference/stores/redis/payload_store.hpp"
#include "reference/stores/redis/pieces.hpp"
#include "reference/stores/redis/rows.hpp"

namespace reference::stores::redis {

using core::Result;
using core::StoreError;

namespace {

// size, chunk, digest, reached, sealed; nothing where there is no such upload.
std::optional<core::Upload> upload_of(const Reply& row) {
  if (row.items.size() != 5) return std::nullopt;
  core::Upload upload;
  upload.size = static_cast<std::uint64_t>(row.items[0].number());
  upload.chunk = static_cast<std::uint64_t>(row.items[1].number());
  if (!row.items[2].text.empty()) upload.digest = digest_of(row.items[2].text);
  upload.offset = static_cast<std::uint64_t>(row.items[3].number());
  upload.sealed = row.items[4].number() != 0;
  return upload;
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

Command RedisPayloadStore::begin(core::Instant at, const char* what,
                                 const core::TransactionId& id) const {
  auto command = uploads_.call(prefix_);
  command.add(at).view(what).view(id);
  return command;
}

Result<Reply> RedisPayloadStore::ask(Command command) {
  return uploads_.run(*connection_, std::move(command));
}

Result<bool> RedisPayloadStore::open(const core::OpenUpload& open, core::Shift shift) {
  const auto at = now(shift);
  if (!at) return tl::unexpected(at.error());
  const auto& upload = open.upload;
  auto command = begin(*at, "open", open.id);
  command.add(number(upload.size)).add(number(upload.chunk));
  std::string digest;
  if (upload.digest)
    digest.assign(reinterpret_cast<const char*>(upload.digest->data()), upload.digest->size());
  command.add(std::move(digest)).add(*at + open.ttl.count());
  command.add(open.most ? std::to_string(*open.most) : "");
  const auto reply = ask(std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  return !reply->items.empty();
}

Result<std::optional<core::Upload>> RedisPayloadStore::append(const core::AppendUpload& append,
                                                              core::Shift shift) {
  const auto at = now(shift);
  if (!at) return tl::unexpected(at.error());
  auto command = begin(*at, "append", append.id);
  command.add(number(append.from)).add(number(append.to)).add(std::int64_t{append.first});
  command.add(*at + append.ttl.count());
  for (const auto& piece : append.pieces) command.add(piece_text(piece));
  const auto reply = ask(std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  return upload_of(*reply);
}

Result<std::optional<core::Upload>> RedisPayloadStore::upload(const core::TransactionId& id,
                                                              core::Shift shift) {
  const auto at = now(shift);
  if (!at) return tl::unexpected(at.error());
  const auto reply = ask(begin(*at, "look", id));
  if (!reply) return tl::unexpected(reply.error());
  return upload_of(*reply);
}

Result<bool> RedisPayloadStore::keep(const core::TransactionId& id, core::Ms ttl,
                                     core::Shift shift) {
  const auto at = now(shift);
  if (!at) return tl::unexpected(at.error());
  auto command = begin(*at, "keep", id);
  command.add(*at + ttl.count());
  const auto reply = ask(std::move(command));
  if (!reply) return tl::unexpected(reply.error());
  return !reply->items.empty();
}

}  // namespace reference::stores::redis
