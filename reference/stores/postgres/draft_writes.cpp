// What a batch has done, written as sets. Source: STORE-5, STORE-8, STA-2, QUE-13.
#include <array>
#include <boost/json.hpp>

#include "reference/core/payload.hpp"
#include "reference/stores/postgres/draft.hpp"

namespace reference::stores::postgres {
namespace {

constexpr Query kNextSeq{"next_seq", "SELECT nextval('message_bus_seq')"};
// Messages, and who is owed them. All bytes come as one blob, each value by its place and length.
constexpr Query kInsert{
    "insert_messages",
    "WITH owed AS (INSERT INTO message_bus_owed (queue_group, message, state, rank, place, "
    "attempt, due) SELECT i.queue_group, i.message, CASE WHEN i.due IS NULL THEN 0 ELSE 2 END, "
    "i.rank, i.message, 0, i.due FROM unnest($31::bigint[], $32::bigint[], $33::bigint[], "
    "$34::bigint[]) AS i (queue_group, message, rank, due)) "
    "INSERT INTO message_bus (id, transaction_id, seq, session_id, tool_name, provider_name, "
    "destination, queued, route, event, body_kind, payload, payload_size_bytes, compression_type, "
    "compressed_size_bytes, checksum, status, created_at, expires_at, metadata, correlation_id, "
    "correlation_key, session_key, sender, identity, known_until, chunk, upload, payload_owner) "
    "SELECT i.id, i.tid, i.seq, i.session, i.tool, i.provider, i.destination, i.queued, i.route, "
    "i.event, i.kind, substr($35::bytea, i.at + 1, i.length), i.size, "
    "i.codec::compression_type, i.stored, i.checksum, i.status::message_status, "
    "message_bus_instant($26::bigint), message_bus_instant(i.expires), i.metadata::jsonb, "
    "i.correlation, i.correlation_key, i.session_key, i.sender, i.identity, i.known, i.chunk, "
    "i.upload, i.owner "
    "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], "
    "$7::text[], $8::bool[], $9::smallint[], $10::text[], $11::smallint[], $12::int[], "
    "$13::int[], $14::bigint[], $15::text[], $16::bigint[], $17::text[], $18::text[], "
    "$19::bigint[], $20::text[], $21::text[], $22::uuid[], $23::uuid[], $24::text[], "
    "$25::uuid[], $27::bigint[], $28::bigint[], $29::smallint[], $30::text[]) "
    "AS i (id, tid, seq, session, tool, provider, destination, queued, route, event, kind, at, "
    "length, size, codec, stored, checksum, status, expires, metadata, correlation, "
    "correlation_key, session_key, sender, identity, known, chunk, upload, owner)"};
constexpr Query kChange{
    "change_copies",
    "UPDATE message_bus_owed o SET state = i.state, attempt = i.attempt, due = i.due, "
    "reason = i.reason, lease_holder = i.holder, lease_token = i.token, lease_until = i.until "
    "FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::int[], $5::bigint[], "
    "$6::text[], $7::bigint[], $8::bigint[], $9::bigint[]) "
    "AS i (queue_group, message, state, attempt, due, reason, holder, token, until) "
    "WHERE o.queue_group = i.queue_group AND o.message = i.message"};
constexpr Query kSettle{
    "settle_copies",
    "DELETE FROM message_bus_owed o USING unnest($1::bigint[], $2::bigint[]) "
    "AS i (queue_group, message) WHERE o.queue_group = i.queue_group AND o.message = i.message"};
constexpr Query kRestate{
    "restate",
    "UPDATE message_bus m SET status = n.status FROM ("
    "SELECT s.seq, CASE WHEN s.error_message IS NOT NULL OR bool_or(o.state = 3) THEN 'error' "
    "WHEN count(o.message) > 0 THEN 'pending' ELSE 'complete' END::message_status AS status "
    "FROM message_bus s LEFT JOIN message_bus_group g ON g.destination = s.destination "
    "LEFT JOIN message_bus_owed o ON o.queue_group = g.id AND o.message = s.seq "
    "WHERE s.seq = ANY ($1::bigint[]) AND s.status <> 'expired' GROUP BY s.seq, s.error_message) n "
    "WHERE m.seq = n.seq AND m.status <> n.status"};
// Of groups and of tenants.
constexpr Query kCounts{
    "counts",
    "WITH counted AS (UPDATE message_bus_group g SET accepted = g.accepted + i.accepted, "
    "acked = g.acked + i.acked, ready = g.ready + i.ready, leased = g.leased + i.leased, "
    "delayed = g.delayed + i.delayed, dead = g.dead + i.dead, expired = g.expired + i.expired, "
    "deleted = g.deleted + i.deleted "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], "
    "$6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) "
    "AS i (id, accepted, acked, ready, leased, delayed, dead, expired, deleted) "
    "WHERE g.id = i.id) "
    "INSERT INTO message_bus_total AS t (shard, tenant, published, delivered, acked, rejected, "
    "redelivered, dead_lettered, expired, deleted, topic_published, topic_delivered, "
    "payload_count, payload_bytes, payload_corrupt) "
    "SELECT $10::int, i.* FROM unnest($11::text[], $12::bigint[], $13::bigint[], $14::bigint[], "
    "$15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], "
    "$21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[]) AS i "
    "ON CONFLICT (tenant, shard) DO UPDATE SET published = t.published + excluded.published, "
    "delivered = t.delivered + excluded.delivered, acked = t.acked + excluded.acked, "
    "rejected = t.rejected + excluded.rejected, "
    "redelivered = t.redelivered + excluded.redelivered, "
    "dead_lettered = t.dead_lettered + excluded.dead_lettered, "
    "expired = t.expired + excluded.expired, deleted = t.deleted + excluded.deleted, "
    "topic_published = t.topic_published + excluded.topic_published, "
    "topic_delivered = t.topic_delivered + excluded.topic_delivered, "
    "payload_count = t.payload_count + excluded.payload_count, "
    "payload_bytes = t.payload_bytes + excluded.payload_bytes, "
    "payload_corrupt = t.payload_corrupt + excluded.payload_corrupt"};

// Shard 0 is left to what the database itself erases.
constexpr std::int64_t kShards = 15;

std::array<std::int64_t, 8> numbers_of(const core::Counts& c) {
  return {c.accepted, c.acked, c.ready, c.leased, c.delayed, c.dead, c.expired, c.deleted};
}

std::array<std::int64_t, 13> numbers_of(const core::Totals& t) {
  return {t.published,     t.delivered,     t.acked,          t.rejected,        t.redelivered,
          t.dead_lettered, t.expired,       t.deleted,        t.topic_published, t.topic_delivered,
          t.payload_count, t.payload_bytes, t.payload_corrupt};
}

const char* codec_name(core::Codec codec) {
  if (codec == core::Codec::gzip) return "gzip";
  return codec == core::Codec::zstd ? "zstd" : "none";
}

// 48 bits of time, then bits that the transaction id gives: keys that grow keep the index dense.
std::string row_id(const core::TransactionId& id, core::Instant now) {
  auto bytes = core::sha256(id);
  for (int i = 0; i < 6; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<unsigned char>(now >> (8 * (5 - i)) & 0xFF);
  bytes[6] = static_cast<unsigned char>(0x70U | (bytes[6] & 0x0FU));
  bytes[8] = static_cast<unsigned char>(0x80U | (bytes[8] & 0x3FU));
  return as_uuid(bytes.data());
}

/// The columns that are the event's own attributes.
struct Attributes {
  std::optional<std::string> tool;
  std::optional<std::string> provider;
  std::string metadata = "{}";
};

Attributes attributes_of(const std::string& event) {
  Attributes found;
  boost::json::error_code error;
  const auto parsed = boost::json::parse(event, error);
  if (error || !parsed.is_object()) return found;
  boost::json::object metadata;
  for (const auto& [name, value] : parsed.get_object()) {
    if (!value.is_string()) continue;
    const std::string text = as_text(value.get_string());
    if (name == "toolname")
      found.tool = text;
    else if (name == "providername")
      found.provider = text;
    else if (name != "specversion" && name != "correlationid" && name != "sessionid")
      metadata[as_text(name)] = text;
  }
  found.metadata = boost::json::serialize(metadata);
  return found;
}

/// The columns of accepted messages, as arrays.
struct Columns {
  Array id, tid, seq, session, tool, provider, destination, queued, route, event, kind, at, length,
      size, codec, stored, checksum, status, expires, metadata, correlation, correlation_key,
      session_key, sender, identity, known, chunk, upload, owner;
  std::string blob;

  void add(const NewMessage& message, std::int64_t number, core::Instant now);
};

void Columns::add(const NewMessage& message, std::int64_t number, core::Instant now) {
  const auto& op = *message.op;
  const auto key = [](const std::optional<std::string>& value) {
    return value ? std::optional(key_of(*value)) : std::nullopt;
  };
  const auto text = [](const std::optional<std::string>& value) {
    return value ? std::optional(as_text(*value)) : std::nullopt;
  };
  const auto attributes = attributes_of(op.event);
  id.add(row_id(op.id, now));
  tid.add(as_text(op.id));
  seq.add(number);
  session.add(text(op.session));
  session_key.add(key(op.session));
  tool.add(attributes.tool);
  provider.add(attributes.provider);
  metadata.add(attributes.metadata);
  destination.add(as_text(op.destination));
  queued.add(std::string(op.fan_out ? "t" : "f"));
  route.add(op.route == core::Route::reference ? 1 : 0);
  event.add(op.event);
  kind.add(static_cast<std::int64_t>(op.body.kind));
  if (op.route == core::Route::inlined) {
    at.add(static_cast<std::int64_t>(blob.size()));
    length.add(static_cast<std::int64_t>(op.body.bytes.size()));
    blob += op.body.bytes;
  } else {
    at.add_null();
    length.add_null();
  }
  size.add(static_cast<std::int64_t>(op.size));
  codec.add(std::string(codec_name(op.codec)));
  stored.add(static_cast<std::int64_t>(op.stored));
  checksum.add(as_hex({reinterpret_cast<const char*>(op.digest.data()), op.digest.size()}));
  const bool waits = op.upload || !message.owed_to.empty();
  status.add(std::string(waits ? "pending" : "complete"));
  expires.add(message.expires);
  correlation.add(text(op.correlation));
  correlation_key.add(key(op.correlation));
  sender.add(as_text(op.who));
  chunk.add(static_cast<std::int64_t>(op.chunk));
  upload.add(std::int64_t{op.upload ? 1 : 0});
  owner.add(text(op.payload));
  if (op.identity) {
    identity.add(as_uuid(reinterpret_cast<const unsigned char*>(op.identity->data())));
    known.add(now + op.window.count());
  } else {
    identity.add_null();
    known.add_null();
  }
}

}  // namespace

// Only what comes behind a reset has no place yet.
std::int64_t Draft::next_seq() {
  if (seqs_.empty()) return connection_.run(kNextSeq, {}).integer(0, 0);
  const auto seq = seqs_.front();
  seqs_.pop_front();
  return seq;
}

void Draft::write_messages() {
  if (accepted_.empty()) return;
  Columns columns;
  Array groups, messages, ranks, dues;
  for (const auto& message : accepted_) {
    const auto seq = next_seq();
    columns.add(message, seq, now_);
    const bool delayed = message.op->delay > core::Ms(0);
    for (const auto group : message.owed_to) {
      groups.add(group);
      messages.add(seq);
      ranks.add(message.op->rank);
      dues.add(delayed ? std::optional(now_ + message.op->delay.count()) : std::nullopt);
    }
  }
  auto& c = columns;
  connection_.run(
      kInsert,
      args(c.id, c.tid, c.seq, c.session, c.tool, c.provider, c.destination, c.queued, c.route,
           c.event, c.kind, c.at, c.length, c.size, c.codec, c.stored, c.checksum, c.status,
           c.expires, c.metadata, c.correlation, c.correlation_key, c.session_key, c.sender,
           c.identity, now_, c.known, c.chunk, c.upload, c.owner, groups, messages, ranks, dues)
          .blob(c.blob));
  accepted_.clear();
}

void Draft::write_copies() {
  if (!changed_.empty()) {
    Array groups, messages, states, attempts, dues, reasons, holders, tokens, untils;
    for (const auto& key : changed_) {
      const auto& copy = *copies_.at(key);
      const bool leased = copy.state == kLeased;
      groups.add(key.group);
      messages.add(key.message);
      states.add(copy.state);
      attempts.add(std::int64_t{copy.attempt});
      dues.add(copy.due);
      reasons.add(copy.reason ? std::optional(as_text(*copy.reason)) : std::nullopt);
      holders.add(leased ? std::optional(copy.holder) : std::nullopt);
      tokens.add(leased ? std::optional(static_cast<std::int64_t>(copy.token)) : std::nullopt);
      untils.add(leased ? std::optional(copy.until) : std::nullopt);
    }
    connection_.run(
        kChange, args(groups, messages, states, attempts, dues, reasons, holders, tokens, untils));
    changed_.clear();
  }
  if (!settled_.empty()) {
    Array groups, messages;
    for (const auto& key : settled_) {
      groups.add(key.group);
      messages.add(key.message);
    }
    connection_.run(kSettle, args(groups, messages));
    settled_.clear();
  }
}

void Draft::write_rows() {
  write_messages();
  write_copies();
  if (restated_.empty()) return;
  Array seqs;
  for (const auto seq : restated_) seqs.add(seq);
  connection_.run(kRestate, args(seqs));
  restated_.clear();
}

void Draft::write_counts() {
  Array id, tenant;
  std::array<Array, 8> counts;
  std::array<Array, 13> totals;
  for (auto& [number, group] : groups_) {
    const auto now = numbers_of(group->counts), old = numbers_of(group->written);
    if (now == old) continue;
    id.add(number);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i].add(now[i] - old[i]);
    group->written = group->counts;
  }
  for (const auto& [name, t] : totals_) {
    tenant.add(as_text(name));
    const auto numbers = numbers_of(t);
    for (std::size_t i = 0; i < totals.size(); ++i) totals[i].add(numbers[i]);
  }
  if (id.empty() && tenant.empty()) return;
  auto all = args(id);
  for (const auto& column : counts) all.add(column);
  all.add(1 + holder_ % kShards).add(tenant);
  for (const auto& column : totals) all.add(column);
  connection_.run(kCounts, all);
  totals_.clear();
}

}  // namespace reference::stores::postgres
