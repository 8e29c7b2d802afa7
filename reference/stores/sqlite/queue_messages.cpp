// Messages as rows: accepted, deleted, damaged. Source: STORE-5, SUM-7, TTL-2, QUE-2.
#include <algorithm>

#include "reference/stores/damage.hpp"
#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/sqlite/statements.hpp"

namespace reference::stores::sqlite {
namespace {

std::string digest_bytes(const core::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::optional<core::Instant> earlier(const std::optional<core::Instant>& one, core::Instant other) {
  return one ? std::min(*one, other) : other;
}

}  // namespace

void SqliteQueueStore::insert_message(const core::Enqueue& op, std::int64_t seq,
                                      core::Instant expires) {
  auto& insert = statements_->insert_message;
  const auto digest = digest_bytes(op.digest);
  const auto route = op.route == core::Route::reference ? 1 : 0;
  const auto kind = static_cast<int>(op.body.kind);
  const auto codec = static_cast<int>(op.codec);
  const int queued = op.fan_out ? 1 : 0;
  std::optional<Statement::Blob> body, identity;
  if (op.route == core::Route::inlined) body = as_blob(op.body.bytes);
  std::optional<std::int64_t> known_until;
  if (op.identity) {
    identity = as_blob({reinterpret_cast<const char*>(op.identity->data()), sizeof *op.identity});
    known_until = now_ + op.window.count();
    known_.put(*op.identity, seq, *known_until);
  }
  insert
      .with(seq, op.id, op.destination, queued, route, op.event, kind, body, op.size, op.stored,
            codec, as_blob(digest), op.correlation, now_, expires, identity, known_until, op.who,
            op.session, op.upload ? 1 : 0, op.payload, op.chunk)
      .run();
}

// Whether there is room for one more in the group, the oldest waiting ones dropped for it if that
// is what a full queue does.
bool SqliteQueueStore::make_room(const core::Enqueue& op, GroupRow& group) {
  if (op.overflow == core::Overflow::refuse || !op.messages_max) return true;
  const auto is_full = [&] {
    const auto& counts = group.counts;
    return counts.ready + counts.leased + counts.delayed >= *op.messages_max;
  };
  while (is_full()) {
    if (op.overflow == core::Overflow::drop_newest) return false;
    auto& oldest = statements_->oldest_waiting.with(group.id);
    if (!oldest.row()) return false;  // All of them are leased.
    const auto message = oldest.integer(0), state = oldest.integer(1);
    oldest.reset();
    statements_->delete_owed.with(group.id, message).run();
    leave(group, state);
    ++ledger_->change(group).deleted;
    ++ledger_->change_totals(op.destination).deleted;
  }
  return true;
}

void SqliteQueueStore::owe(const core::Enqueue& op, std::int64_t seq, GroupRow& group) {
  if (!make_room(op, group)) {
    auto& counts = ledger_->change(group);
    ++counts.accepted;
    ++counts.deleted;
    ++ledger_->change_totals(op.destination).deleted;
    return;
  }
  const bool delayed = op.delay > core::Ms(0);
  const auto due = now_ + op.delay.count();
  auto& insert = statements_->insert_owed;
  if (delayed)
    insert.with(group.id, seq, std::int64_t{kDelayed}, op.rank, seq, due).run();
  else
    insert.with(group.id, seq, std::int64_t{kReady}, op.rank, seq, std::nullopt).run();
  auto& counts = ledger_->change(group);
  ++counts.accepted;
  ++(delayed ? counts.delayed : counts.ready);
  if (delayed) next_delay_ = earlier(next_delay_, due);
}

void SqliteQueueStore::on(const core::Enqueue& op, core::Answer& answer) {
  if (auto first = seen(op)) {
    answer.repeats.push_back({op.id, std::move(first->id), first->route});
    return;
  }
  const auto seq = ledger_->next_place();
  auto expires = now_ + op.ttl.count();
  if (op.not_after) expires = std::min(expires, *op.not_after);
  insert_message(op, seq, expires);
  next_expiry_ = earlier(next_expiry_, expires);
  answer.due = std::min(answer.due.value_or(core::Ms::max()), core::Ms(expires - now_));
  auto& totals = ledger_->change_totals(op.destination);
  if (op.payload) {
    name_upload(*op.payload);
  } else {
    ++totals.payload_count;
    totals.payload_bytes += static_cast<std::int64_t>(op.size);
  }
  if (!op.fan_out) return;
  ++totals.published;
  auto groups = ledger_->groups(op.destination);
  if (groups.empty()) groups.push_back(&ledger_->make(op.destination, "default"));
  for (auto* group : groups) owe(op, seq, *group);
  if (op.delay > core::Ms(0)) answer.due = std::min(*answer.due, op.delay);
}

void SqliteQueueStore::on(const core::Join& op, core::Answer&) {
  ledger_->make(op.destination, op.group);
}

void SqliteQueueStore::on(const core::Count& op, core::Answer&) {
  // Written even where it adds nothing: then it shows whether the store can be written.
  auto& totals = ledger_->change_totals(op.tenant);
  totals.topic_published += op.topic_published;
  totals.topic_delivered += op.topic_delivered;
}

void SqliteQueueStore::leave(GroupRow& group, std::int64_t state) {
  auto& counts = ledger_->change(group);
  switch (state) {
    case kReady:
      --counts.ready;
      break;
    case kLeased:
      --counts.leased;
      break;
    case kDelayed:
      --counts.delayed;
      break;
    default:
      --counts.dead;
      break;
  }
}

void SqliteQueueStore::archive(std::int64_t message) {
  statements_->archive_message.with(now_, message).run();
}

void SqliteQueueStore::erase_message(std::int64_t message, core::Outcome outcome,
                                     std::vector<core::TransactionId>& unreferenced) {
  auto& meta = statements_->message_meta.with(message);
  if (!meta.row()) return;
  auto& totals = ledger_->change_totals(meta.text(1));
  const auto size = meta.integer(3);
  const bool stored_apart = meta.integer(2) == 1;
  const core::TransactionId payload = meta.text(5);
  totals.payload_corrupt -= meta.integer(4);
  meta.reset();
  keep_past(message, outcome);
  statements_->delete_message.with(message).run();
  gone_.erase(message);
  if (stored_apart && is_named(payload)) return;
  if (stored_apart) unreferenced.push_back(payload);
  --totals.payload_count;
  totals.payload_bytes -= size;
}

bool SqliteQueueStore::is_named(const core::TransactionId& payload) {
  auto& row = statements_->names_payload.with(payload);
  const bool named = row.row();
  row.reset();
  return named;
}

std::optional<std::int64_t> SqliteQueueStore::find_upload(const core::TransactionId& id) {
  auto& row = statements_->find_upload.with(id, now_);
  if (!row.row()) return std::nullopt;
  const auto seq = row.integer(0);
  row.reset();
  return seq;
}

void SqliteQueueStore::name_upload(const core::TransactionId& id) {
  if (const auto seq = find_upload(id)) statements_->name_upload.with(*seq).run();
}

void SqliteQueueStore::on(const core::Delete& op, core::Answer& answer) {
  auto& found = statements_->select_message.with(op.id);
  if (!found.row()) {
    answer.refused = core::Refusal::not_found;
    return;
  }
  const auto seq = found.integer(kSeq);
  const auto destination = found.text(kDestination);
  found.reset();
  for (auto* group : ledger_->groups(destination)) {
    const CopyKey key{seq, group->id};
    const auto row = owed(key);
    if (!row) continue;
    statements_->delete_owed.with(group->id, seq).run();
    leave(*group, row->state);
    ++ledger_->change(*group).deleted;
    ++ledger_->change_totals(destination).deleted;
    if (const auto lease = leases_.find(key)) {
      answer.ended.push_back(lease->token);
      leases_.erase(key);
    }
  }
  erase_message(seq, core::Outcome::deleted, answer.unreferenced);
}

void SqliteQueueStore::on(const core::Spoil& op, core::Answer&) {
  auto& found = statements_->message_seq.with(op.id);
  if (!found.row()) return;
  const auto seq = found.integer(0);
  const bool known = found.integer(2) != 0;
  found.reset();
  if (known) return;
  statements_->spoil_message.with(op.error, seq).run();
  // An id has its tenant's mark, too.
  ++ledger_->change_totals(op.id).payload_corrupt;
}

void SqliteQueueStore::on(const core::Corrupt& op, core::Answer& answer) {
  auto& found = statements_->select_body.with(op.id);
  if (!found.row()) {
    answer.refused = core::Refusal::not_found;
    return;
  }
  const auto seq = found.integer(0);
  const bool digest = op.part == core::Part::digest;
  const auto bytes = damaged(std::string(found.blob(digest ? 2 : 1)), op);
  found.reset();
  if (!bytes) {
    answer.refused = core::Refusal::invalid;
    return;
  }
  auto& update = digest ? statements_->update_digest : statements_->update_body;
  update.with(as_blob(*bytes), seq).run();
}

void SqliteQueueStore::on(const core::Reset&, core::Answer&) {
  for (const auto* sql :
       {"DELETE FROM message", "DELETE FROM owed", "DELETE FROM queue_group", "DELETE FROM past",
        "DELETE FROM message_archive", "DELETE FROM maintenance_log", "DELETE FROM tenant_totals",
        "UPDATE totals SET published = 0, delivered = 0, acked = 0, rejected = 0, redelivered = 0, "
        "dead_lettered = 0, expired = 0, deleted = 0, topic_published = 0, topic_delivered = 0, "
        "payload_count = 0, payload_bytes = 0, payload_corrupt = 0"})
    Statement(*database_, sql).with().run();
  ledger_->reload();
  leases_.clear();
  known_.clear();
  gone_.clear();
}

}  // namespace reference::stores::sqlite
