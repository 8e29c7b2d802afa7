// Source: ROUTE-2, CHUNK-3, SUM-2, SUM-5.
#include "reference/stores/redis/payload_store.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "reference/schema/redis.hpp"
#include "reference/stores/damage.hpp"
#include "reference/stores/redis/pieces.hpp"
#include "reference/stores/redis/rows.hpp"

namespace reference::stores::redis {

using core::Result;
using core::StoreError;

namespace {

// One hash tag, as the queues' keys have: ids come behind it.
constexpr const char* kTag = "{payloads}:";
constexpr int kSweptAtOnce = 1'000;

std::optional<core::Piece> decode(const std::string& text) {
  core::Piece piece;
  int codec = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, codec);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, piece.size);
  if (second.ec != std::errc() || second.ptr == end) return std::nullopt;
  const auto from = static_cast<std::size_t>(second.ptr + 1 - text.data());
  if (text.size() < from + piece.digest.size()) return std::nullopt;
  piece.codec = static_cast<core::Codec>(codec);
  piece.digest = digest_of(text.substr(from, piece.digest.size()));
  piece.stored = text.substr(from + piece.digest.size());
  return piece;
}

void add_pieces(std::vector<Command>& commands, const std::string& key, const Pieces& pieces) {
  commands.push_back(Command{"UNLINK", key});
  for (const auto& [n, piece] : pieces) {
    Command set{"HSET", key};
    set.add(n).add(piece_text(piece));
    commands.push_back(std::move(set));
  }
}

}  // namespace

RedisPayloadStore::RedisPayloadStore(std::shared_ptr<Connection> connection,
                                     const std::string& prefix, const Clock* clock)
    : connection_(std::move(connection)),
      clock_(clock),
      prefix_(home(prefix)),
      ends_(prefix_ + "expiry"),
      uploads_(schema::redis_uploads()) {
  connection_->home(prefix_);
}

std::string RedisPayloadStore::home(const std::string& prefix) { return prefix + kTag; }

std::string RedisPayloadStore::key_of(const core::TransactionId& id) const {
  return prefix_ + "p:" + id;
}

// There is nothing to make; only whether the server answers.
Result<void> RedisPayloadStore::migrate() {
  auto reply = connection_->exchange(Command{"EXISTS", ends_});
  if (!reply) return tl::unexpected(reply.error());
  if (reply->is_error()) return tl::unexpected(refused(*reply));
  return {};
}

Result<core::Instant> RedisPayloadStore::now(core::Shift shift) {
  if (clock_ != nullptr) return clock_->now() + shift.count();
  auto reply = connection_->exchange(Command{"TIME"});
  if (!reply) return tl::unexpected(StoreError::did_not_happen(reply.error().detail()));
  if (reply->items.size() != 2) return tl::unexpected(StoreError::did_not_happen(reply->text));
  return reply->items[0].number() * 1'000 + reply->items[1].number() / 1'000 + shift.count();
}

// All of them or none: one transaction.
Result<void> RedisPayloadStore::transact(std::vector<Command> commands) {
  commands.insert(commands.begin(), Command{"MULTI"});
  commands.push_back(Command{"EXEC"});
  auto replies = connection_->exchange(commands);
  if (!replies) return tl::unexpected(replies.error());
  // A command that was not even queued makes the EXEC fail: its own words tell why.
  for (const auto& reply : *replies)
    if (reply.is_error()) {
      const bool undone = replies->back().is_error();
      return tl::unexpected(undone ? StoreError::did_not_happen("Redis: " + reply.text)
                                   : refused(reply));
    }
  for (const auto& reply : replies->back().items)
    if (reply.is_error())
      return tl::unexpected(StoreError::may_have_happened("Redis: " + reply.text));
  return {};
}

Result<void> RedisPayloadStore::put(const core::TransactionId& id,
                                    std::span<const core::Piece> pieces, core::Ms ttl,
                                    core::Shift shift) {
  const auto at = now(shift);
  if (!at) return tl::unexpected(at.error());
  Pieces numbered;
  for (const auto& piece : pieces)
    numbered.emplace(static_cast<std::uint32_t>(numbered.size()), piece);
  std::vector<Command> commands;
  add_pieces(commands, key_of(id), numbered);
  commands.push_back(Command{"ZADD", ends_, std::to_string(*at + ttl.count()), id});
  return transact(std::move(commands));
}

Result<std::vector<core::Piece>> RedisPayloadStore::pieces(const core::TransactionId& id,
                                                           std::uint32_t first,
                                                           std::uint32_t count) {
  std::vector<core::Piece> found;
  if (count == 0) return found;
  auto size = connection_->exchange(Command{"HKEYS", key_of(id)});
  if (!size) return tl::unexpected(size.error());
  if (size->is_error()) return tl::unexpected(refused(*size));
  std::uint32_t end = 0;
  for (const auto& name : size->items)
    end = std::max(end, static_cast<std::uint32_t>(name.number() + 1));
  end = static_cast<std::uint32_t>(std::min<std::uint64_t>(end, std::uint64_t{first} + count));
  if (first >= end) return found;
  Command get{"HMGET", key_of(id)};
  for (auto n = first; n < end; ++n) get.add(n);
  auto reply = connection_->exchange(get);
  if (!reply) return tl::unexpected(reply.error());
  if (reply->is_error()) return tl::unexpected(refused(*reply));
  for (const auto& field : reply->items)
    if (field.kind == Reply::Kind::text)
      if (auto piece = decode(field.text)) found.push_back(std::move(*piece));
  return found;
}

Result<void> RedisPayloadStore::drop(std::span<const core::TransactionId> ids) {
  if (ids.empty()) return {};
  Command keys{"UNLINK"};
  Command ends{"ZREM", ends_};
  Command open{"ZREM", prefix_ + "open"};
  for (const auto& id : ids) {
    keys.add(key_of(id)).add(prefix_ + "u:" + id);
    ends.view(id);
    open.view(id);
  }
  std::vector<Command> commands;
  commands.push_back(std::move(keys));
  commands.push_back(std::move(ends));
  commands.push_back(std::move(open));
  return transact(std::move(commands));
}

Result<std::vector<std::string>> RedisPayloadStore::expired(const std::string& limit, int at_most) {
  auto reply = connection_->exchange(
      Command{"ZRANGE", ends_, "-inf", limit, "BYSCORE", "LIMIT", "0", std::to_string(at_most)});
  if (!reply) return tl::unexpected(reply.error());
  if (reply->is_error()) return tl::unexpected(refused(*reply));
  std::vector<std::string> ids;
  for (const auto& id : reply->items) ids.push_back(id.text);
  return ids;
}

Result<std::int64_t> RedisPayloadStore::sweep(int at_most, core::Shift shift) {
  const auto at = now(shift);
  if (!at) return tl::unexpected(at.error());
  const auto ids = expired(std::to_string(*at), at_most);
  if (!ids) return tl::unexpected(ids.error());
  if (auto dropped = drop(*ids); !dropped) return tl::unexpected(dropped.error());
  return static_cast<std::int64_t>(ids->size());
}

Result<bool> RedisPayloadStore::corrupt(const core::Corrupt& damage) {
  const std::array ids{damage.id, damage.with.value_or(damage.id)};
  std::array<Pieces, 2> read;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto reply = connection_->exchange(Command{"HGETALL", key_of(ids.at(i))});
    if (!reply) return tl::unexpected(reply.error());
    if (reply->is_error()) return tl::unexpected(refused(*reply));
    for (std::size_t field = 0; field + 1 < reply->items.size(); field += 2)
      if (auto piece = decode(reply->items[field + 1].text))
        read.at(i).emplace(static_cast<std::uint32_t>(reply->items[field].number()),
                           std::move(*piece));
    if (reply->items.empty()) return false;
  }
  const bool same = ids[0] == ids[1];
  if (!damage_pieces(read[0], same ? read[0] : read[1], damage)) return false;
  std::vector<Command> commands;
  add_pieces(commands, key_of(ids[0]), read[0]);
  if (!same) add_pieces(commands, key_of(ids[1]), read[1]);
  if (auto done = transact(std::move(commands)); !done) return tl::unexpected(done.error());
  return true;
}

Result<void> RedisPayloadStore::reset() {
  for (;;) {
    const auto ids = expired("+inf", kSweptAtOnce);
    if (!ids) return tl::unexpected(ids.error());
    if (ids->empty()) return {};
    if (auto dropped = drop(*ids); !dropped) return dropped;
  }
}

}  // namespace reference::stores::redis
