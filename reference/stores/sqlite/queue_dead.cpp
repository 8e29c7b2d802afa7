// Dead letters and forgotten groups. Source: QUE-7, PRI-3.
#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/sqlite/statements.hpp"

namespace reference::stores::sqlite {

// The group's dead letters, in order of acceptance: all, or those of `ids` that are.
std::vector<std::int64_t> SqliteQueueStore::dead_of(
    GroupRow& group, const std::optional<std::vector<core::TransactionId>>& ids) {
  std::vector<std::int64_t> dead;
  if (!ids) {
    auto& rows = statements_->select_dead.with(group.id);
    while (rows.row()) dead.push_back(rows.integer(0));
    return dead;
  }
  for (const auto& id : *ids) {
    auto& row = statements_->message_seq.with(id);
    if (!row.row()) continue;
    const auto seq = row.integer(0);
    row.reset();
    const auto copy = owed({seq, group.id});
    if (copy && copy->state == kDead) dead.push_back(seq);
  }
  return dead;
}

void SqliteQueueStore::on(const core::Redrive& op, core::Answer& answer) {
  auto* group = ledger_->find(op.destination, op.group);
  if (group == nullptr) return;
  for (const auto message : dead_of(*group, op.ids)) {
    const auto copy = owed({message, group->id});
    if (!copy || copy->state != kDead) continue;  // named twice
    if (gone_.contains(message)) continue;        // its time is over: it stays what it is
    statements_->redrive_owed.with(ledger_->next_place(), group->id, message).run();
    leave(*group, kDead);
    ++ledger_->change(*group).ready;
    ++answer.count;
  }
}

void SqliteQueueStore::on(const core::Purge& op, core::Answer& answer) {
  auto* group = ledger_->find(op.destination, op.group);
  if (group == nullptr) return;
  for (const auto message : dead_of(*group, op.ids)) {
    statements_->delete_owed.with(group->id, message).run();
    if (database_->changes() == 0) continue;  // named twice
    leave(*group, kDead);
    ++ledger_->change(*group).deleted;
    ++ledger_->change_totals(op.destination).deleted;
    ++answer.count;
    settle_gone(message, answer.unreferenced);
  }
}

void SqliteQueueStore::on(const core::Forget& op, core::Answer& answer) {
  auto* group = ledger_->find(op.destination, op.group);
  if (group == nullptr) return;
  std::vector<std::int64_t> held;
  auto& rows = statements_->group_messages.with(group->id);
  while (rows.row()) {
    ++ledger_->change_totals(op.destination).deleted;
    if (gone_.contains(rows.integer(0))) held.push_back(rows.integer(0));
    const CopyKey key{rows.integer(0), group->id};
    if (const auto lease = leases_.find(key)) {
      answer.ended.push_back(lease->token);
      leases_.erase(key);
    }
  }
  statements_->delete_group_owed.with(group->id).run();
  ledger_->remove(*group);
  for (const auto message : held) settle_gone(message, answer.unreferenced);
}

}  // namespace reference::stores::sqlite
