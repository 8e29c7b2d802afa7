// Messages: accepted, deleted, damaged. Source: STORE-5, SUM-7, TTL-2, QUE-2.
#include <algorithm>

#include "reference/stores/damage.hpp"
#include "reference/stores/postgres/counts.hpp"
#include "reference/stores/postgres/queue_store.hpp"

namespace reference::stores::postgres {
namespace {

constexpr Query kOldestWaiting{
    "oldest_waiting",
    "SELECT message FROM message_bus_owed WHERE queue_group = $1 AND state IN (0, 2) "
    "ORDER BY message LIMIT 1"};
constexpr Query kFind{"find_message",
                      "SELECT seq, destination FROM message_bus WHERE transaction_id = $1"};
// Who takes the last name of a payload away waits, or has been waited for.
constexpr Query kHoldUpload{"hold_upload",
                            "SELECT pg_advisory_xact_lock_shared(message_bus_payload_lock($1))"};
constexpr Query kFindUpload{"find_upload",
                            "SELECT FROM message_bus WHERE transaction_id = $1 AND upload > 0 "
                            "AND expires_at > message_bus_instant($2::bigint)"};
constexpr Query kNameUpload{
    "name_upload",
    "UPDATE message_bus SET upload = 2, status = CASE status WHEN 'pending' "
    "THEN 'complete' ELSE status END WHERE transaction_id = $1 "
    "AND upload = 1"};
constexpr Query kErase{"erase_message", "SELECT message_bus_erase(ARRAY[$1::bigint], $2, $3)"};
constexpr Query kSpoil{"spoil",
                       "UPDATE message_bus SET error_message = $2, "
                       "status = CASE status WHEN 'expired' THEN status ELSE 'error' END "
                       "WHERE transaction_id = $1 AND error_message IS NULL RETURNING seq"};
constexpr Query kBody{"body",
                      "SELECT seq, payload, checksum FROM message_bus WHERE transaction_id = $1"};
constexpr Query kSetBody{"set_body",
                         "UPDATE message_bus SET payload = $2::bytea WHERE seq = $1::bigint"};
constexpr Query kSetChecksum{"set_checksum",
                             "UPDATE message_bus SET checksum = $2 WHERE seq = $1::bigint"};

}  // namespace

// Whether there is room for one more in the group, the oldest waiting ones dropped for it if that
// is what a full queue does.
bool PostgresQueueStore::make_room(const core::Enqueue& op, GroupRow& group) {
  if (op.overflow == core::Overflow::refuse || !op.messages_max) return true;
  const auto& counts = group.counts;
  while (counts.ready + counts.leased + counts.delayed >= *op.messages_max) {
    if (op.overflow == core::Overflow::drop_newest) return false;
    draft_->write_rows();
    const auto oldest = connection_.run(kOldestWaiting, args(group.id));
    if (oldest.size() == 0) return false;  // All of them are leased.
    const CopyKey key{oldest.integer(0, 0), group.id};
    --count_of(group, draft_->copy(key)->state);
    draft_->settle(key);
    ++group.counts.deleted;
    ++draft_->totals(op.destination).deleted;
  }
  return true;
}

void PostgresQueueStore::owe(const core::Enqueue& op, NewMessage& message, GroupRow& group) {
  const bool room = make_room(op, group);
  ++group.counts.accepted;
  if (!room) {
    ++group.counts.deleted;
    ++draft_->totals(op.destination).deleted;
    return;
  }
  ++(op.delay > core::Ms(0) ? group.counts.delayed : group.counts.ready);
  message.owed_to.push_back(group.id);
}

bool PostgresQueueStore::holds_upload(const core::TransactionId& id) {
  draft_->write_rows();
  connection_.run(kHoldUpload, args(as_text(id)));
  return connection_.run(kFindUpload, args(as_text(id), now_)).size() > 0;
}

void PostgresQueueStore::on(const core::Enqueue& op, core::Answer& answer) {
  if (auto first = draft_->known(op)) {
    answer.repeats.push_back({op.id, std::move(first->id), first->route});
    return;
  }
  NewMessage message;
  message.op = &op;
  message.expires = now_ + op.ttl.count();
  if (op.not_after) message.expires = std::min(message.expires, *op.not_after);
  answer.due = std::min(answer.due.value_or(core::Ms::max()), core::Ms(message.expires - now_));
  auto& totals = draft_->totals(op.destination);
  if (op.payload) {
    connection_.run(kNameUpload, args(as_text(*op.payload)));
  } else {
    ++totals.payload_count;
    totals.payload_bytes += static_cast<std::int64_t>(op.size);
  }
  if (op.fan_out) {
    ++totals.published;
    auto groups = draft_->groups(op.destination);
    if (groups.empty()) groups.push_back(&draft_->make(op.destination, "default"));
    for (auto* group : groups) owe(op, message, *group);
    if (op.delay > core::Ms(0)) answer.due = std::min(*answer.due, op.delay);
  }
  draft_->accept(std::move(message));
}

void PostgresQueueStore::on(const core::Join& op, core::Answer&) {
  draft_->make(op.destination, op.group);
}

void PostgresQueueStore::on(const core::Count& op, core::Answer&) {
  // Written even where it adds nothing: then it shows whether the store can be written.
  auto& totals = draft_->totals(op.tenant);
  totals.topic_published += op.topic_published;
  totals.topic_delivered += op.topic_delivered;
}

void PostgresQueueStore::on(const core::Delete& op, core::Answer& answer) {
  draft_->write_rows();
  const auto found = connection_.run(kFind, args(as_text(op.id)));
  if (found.size() == 0) {
    answer.refused = core::Refusal::not_found;
    return;
  }
  const auto seq = found.integer(0, 0);
  for (auto* group : draft_->groups(from_text(found.text(0, 1)))) {
    const CopyKey key{seq, group->id};
    const auto* copy = draft_->copy(key);
    if (copy == nullptr) continue;
    if (copy->state == kLeased && copy->holder == holder_) answer.ended.push_back(copy->token);
    leases_.erase(key);
    --count_of(*group, copy->state);
    ++group->counts.deleted;
    ++draft_->totals(op.id).deleted;
    draft_->settle(key);
  }
  draft_->write_rows();
  const auto gone =
      connection_.run(kErase, args(seq, static_cast<int>(core::Outcome::deleted), now_));
  for (int row = 0; row < gone.size(); ++row)
    answer.unreferenced.push_back(from_text(gone.text(row, 0)));
}

void PostgresQueueStore::on(const core::Spoil& op, core::Answer&) {
  if (connection_.run(kSpoil, args(as_text(op.id), as_text(op.error))).size() > 0)
    ++draft_->totals(op.id).payload_corrupt;
}

void PostgresQueueStore::on(const core::Corrupt& op, core::Answer& answer) {
  const auto found = connection_.run(kBody, args(as_text(op.id)));
  if (found.size() == 0) {
    answer.refused = core::Refusal::not_found;
    return;
  }
  const auto seq = found.integer(0, 0);
  const bool digest = op.part == core::Part::digest;
  const auto bytes = damaged(digest ? from_hex(found.text(0, 2)) : found.bytes(0, 1), op);
  if (!bytes) {
    answer.refused = core::Refusal::invalid;
    return;
  }
  if (digest)
    connection_.run(kSetChecksum, args(seq, as_hex(*bytes)));
  else
    connection_.run(kSetBody, args(seq).blob(*bytes));
}

void PostgresQueueStore::on(const core::Reset&, core::Answer&) {
  connection_.execute(
      "DELETE FROM message_bus; DELETE FROM message_bus_owed; DELETE FROM message_bus_group;"
      "DELETE FROM message_bus_past; DELETE FROM message_bus_archive;"
      "DELETE FROM message_bus_maintenance_log; DELETE FROM message_bus_total;"
      "INSERT INTO message_bus_total (shard) SELECT generate_series(0, 15)");
  draft_ = std::make_unique<Draft>(connection_, now_, holder_);
}

}  // namespace reference::stores::postgres
