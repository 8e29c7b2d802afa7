// Leases: given, settled, ended; and what time does to messages.
//
// Source: QUE-2..6, QUE-8, QUE-15, QUE-17, TTL-3, TTL-5.
#include <algorithm>

#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/sqlite/statements.hpp"

namespace reference::stores::sqlite {
namespace {

constexpr core::Ms kPastSlack{60'000};
const std::string kExpired = "expired";  // the reason of a dead letter
constexpr int kColumnsBefore = 1;        // select_ready puts the attempt before the message

void shorten(std::optional<core::Ms>& due, core::Ms other) {
  due = due ? std::min(*due, other) : other;
}

}  // namespace

core::Taken SqliteQueueStore::take(Statement& row) {
  core::Taken taken;
  const auto column = [](int message_column) { return message_column + kColumnsBefore; };
  taken.copy.message = row.integer(column(kSeq));
  taken.attempt = static_cast<int>(row.integer(0)) + 1;
  taken.id = row.text(column(kId));
  taken.event = row.text(column(kEvent));
  taken.route = row.integer(column(kRoute)) == 1 ? core::Route::reference : core::Route::inlined;
  taken.body.kind = static_cast<core::BodyKind>(row.integer(column(kBodyKind)));
  taken.body.bytes = row.text(column(kBody));
  taken.size = static_cast<std::uint64_t>(row.integer(column(kSize)));
  const auto digest = row.blob(column(kDigest));
  std::copy_n(digest.begin(), std::min(digest.size(), taken.digest.size()), taken.digest.begin());
  return taken;
}

void SqliteQueueStore::on(const core::Lease& op, core::Answer& answer) {
  answer.dry = true;
  auto* group = ledger_->find(op.destination, op.group);
  if (group == nullptr || group->counts.ready == 0) return;
  std::int64_t wanted = 0;
  for (const auto& want : op.wants) wanted += want.count;
  std::uint64_t bytes = 0;
  auto& rows = statements_->select_ready.with(group->id, now_, wanted);
  const std::size_t first = answer.taken.size();
  while (bytes <= op.bytes_max && rows.row()) {
    answer.taken.push_back(take(rows));
    bytes += answer.taken.back().body.bytes.size();
  }
  rows.reset();
  answer.dry =
      bytes <= op.bytes_max && static_cast<std::int64_t>(answer.taken.size() - first) < wanted;

  // Each want in turn gets one, so that members share evenly.
  std::vector<int> given(op.wants.size(), 0);
  std::size_t turn = 0;
  auto& counts = ledger_->change(*group);
  auto& totals = ledger_->change_totals(op.destination);
  for (std::size_t i = first; i < answer.taken.size(); ++i) {
    while (given[turn] >= op.wants[turn].count) turn = (turn + 1) % op.wants.size();
    const auto& want = op.wants[turn];
    auto& taken = answer.taken[i];
    taken.copy.group = group->id;
    taken.copy.token = want.first_token + static_cast<std::uint64_t>(given[turn]++);
    turn = (turn + 1) % op.wants.size();
    statements_->lease_owed.with(group->id, taken.copy.message).run();
    leases_.put({taken.copy.message, group->id}, {taken.copy.token, now_ + want.term.count()});
    shorten(answer.due, want.term);
    --counts.ready;
    ++counts.leased;
    ++totals.delivered;
    if (taken.attempt > 1) ++totals.redelivered;
  }
}

void SqliteQueueStore::on(const core::Ack& op, core::Answer& answer) {
  const CopyKey key{op.copy.message, op.copy.group};
  auto* group = ledger_->find(op.copy.group);
  statements_->delete_owed.with(op.copy.group, op.copy.message).run();
  leases_.erase(key);
  leave(*group, kLeased);
  ++ledger_->change(*group).acked;
  ++ledger_->change_totals(group->destination).acked;
  settle_gone(op.copy.message, answer.unreferenced);
}

void SqliteQueueStore::on(const core::Extend& op, core::Answer& answer) {
  leases_.put({op.copy.message, op.copy.group}, {op.copy.token, now_ + op.term.count()});
  shorten(answer.due, op.term);
}

void SqliteQueueStore::on(const core::Fail& op, core::Answer& answer) {
  end_lease({op.copy.message, op.copy.group}, *ledger_->find(op.copy.group), op, answer);
}

std::optional<SqliteQueueStore::OwedRow> SqliteQueueStore::owed(const CopyKey& key) {
  auto& row = statements_->select_owed.with(key.group, key.message);
  if (!row.row()) return std::nullopt;
  OwedRow found{row.integer(0), static_cast<int>(row.integer(1))};
  row.reset();
  return found;
}

// The one way a lease ends without an ack.
void SqliteQueueStore::end_lease(const CopyKey& key, GroupRow& group, const core::Fail& how,
                                 core::Answer& answer) {
  leases_.erase(key);
  const auto row = owed(key);
  if (!row) return;
  auto& totals = ledger_->change_totals(group.destination);
  if (how.rejected) ++totals.rejected;
  auto& expires = statements_->message_expires.with(key.message);
  const bool expired = expires.row() && expires.integer(0) <= now_;
  expires.reset();
  if (expired) {
    if (!expire_copy(key, group, *row)) settle_gone(key.message, answer.unreferenced);
    return;
  }
  leave(group, row->state);
  auto& counts = ledger_->change(group);
  auto& update = statements_->update_owed;
  if (how.dead) {
    update.with(std::int64_t{kDead}, row->attempt, std::nullopt, how.reason, key.group, key.message)
        .run();
    ++counts.dead;
    ++totals.dead_lettered;
    return;
  }
  if (how.unsent) {
    --totals.delivered;
    if (row->attempt > 1) --totals.redelivered;
  }
  const int attempt = how.unsent ? row->attempt - 1 : row->attempt;
  if (how.delay > core::Ms(0)) {
    const auto due = now_ + how.delay.count();
    update.with(std::int64_t{kDelayed}, attempt, due, std::nullopt, key.group, key.message).run();
    ++counts.delayed;
    next_delay_ = std::min(next_delay_.value_or(due), due);
    shorten(answer.due, how.delay);
    return;
  }
  update.with(std::int64_t{kReady}, attempt, std::nullopt, std::nullopt, key.group, key.message)
      .run();
  ++counts.ready;
  answer.woken.push_back(group.destination);
}

// Whether the copy is still there: as a dead letter, which only a purge ends.
bool SqliteQueueStore::expire_copy(const CopyKey& key, GroupRow& group, const OwedRow& row) {
  if (expiry_.dead_letters && row.state == kDead) return true;
  leave(group, row.state);
  if (expiry_.dead_letters) {
    statements_->update_owed
        .with(std::int64_t{kDead}, row.attempt, std::nullopt, kExpired, key.group, key.message)
        .run();
    ++ledger_->change(group).dead;
    ++ledger_->change_totals(group.destination).dead_lettered;
    return true;
  }
  statements_->delete_owed.with(key.group, key.message).run();
  ++ledger_->change(group).expired;
  ++ledger_->change_totals(group.destination).expired;
  return false;
}

// An expired message stays for those who hold a lease or a dead letter; the last takes it along.
void SqliteQueueStore::settle_gone(std::int64_t message,
                                   std::vector<core::TransactionId>& unreferenced) {
  if (!gone_.contains(message)) return;
  auto& meta = statements_->message_meta.with(message);
  if (!meta.row()) return;
  const auto destination = meta.text(1);
  meta.reset();
  for (const auto* group : ledger_->groups(destination))
    if (owed({message, group->id})) return;
  erase_message(message, core::Outcome::expired, unreferenced);
}

void SqliteQueueStore::sweep_leases(int at_most, int attempts_max, core::Swept& swept) {
  core::Answer answer;
  const auto over = leases_.ended(now_, at_most);
  for (const auto& [key, lease] : over) {
    swept.ended.push_back(lease.token);
    auto* group = ledger_->find(key.group);
    const auto row = owed(key);
    if (group == nullptr || !row) {
      leases_.erase(key);
      continue;
    }
    core::Fail how;
    how.dead = row->attempt >= attempts_max;
    how.reason = "attempts_exhausted";
    end_lease(key, *group, how, answer);
  }
  swept.more = swept.more || static_cast<int>(over.size()) == at_most;
  swept.woken.insert(swept.woken.end(), answer.woken.begin(), answer.woken.end());
  swept.unreferenced.insert(swept.unreferenced.end(), answer.unreferenced.begin(),
                            answer.unreferenced.end());
}

void SqliteQueueStore::sweep_delayed(int at_most, core::Swept& swept) {
  if (!next_delay_ || *next_delay_ > now_) return;
  struct Due {
    CopyKey key;
    int attempt;
  };
  std::vector<Due> due;
  auto& rows = statements_->select_delayed.with(now_, at_most);
  while (rows.row())
    due.push_back({{rows.integer(1), rows.integer(0)}, static_cast<int>(rows.integer(2))});
  for (const auto& [key, attempt] : due) {
    auto* group = ledger_->find(key.group);
    if (group == nullptr) continue;
    statements_->update_owed
        .with(std::int64_t{kReady}, attempt, std::nullopt, std::nullopt, key.group, key.message)
        .run();
    leave(*group, kDelayed);
    ++ledger_->change(*group).ready;
    swept.woken.push_back(group->destination);
  }
  swept.more = swept.more || static_cast<int>(due.size()) == at_most;
}

void SqliteQueueStore::expire_message(std::int64_t message, core::Swept& swept) {
  auto& meta = statements_->message_meta.with(message);
  if (!meta.row()) return;
  const auto destination = meta.text(1);
  meta.reset();
  bool held = false;
  for (auto* group : ledger_->groups(destination)) {
    const CopyKey key{message, group->id};
    const auto row = owed(key);
    if (!row) continue;
    held = row->state == kLeased || expire_copy(key, *group, *row) || held;
  }
  ++swept.expired;
  if (expiry_.archive) archive(message);
  if (held) {
    statements_->mark_gone.with(message).run();
    gone_.insert(message);
  } else {
    erase_message(message, core::Outcome::expired, swept.unreferenced);
  }
}

void SqliteQueueStore::sweep_expired(int at_most, core::Swept& swept) {
  if (!next_expiry_ || *next_expiry_ > now_) return;
  std::vector<std::int64_t> expired;
  auto& rows = statements_->select_expired.with(now_, at_most);
  while (rows.row()) expired.push_back(rows.integer(0));
  for (const auto message : expired) expire_message(message, swept);
  if (expiry_.archive && !expired.empty())
    statements_->log_sweep.with(now_, static_cast<std::int64_t>(expired.size())).run();
  swept.more = swept.more || static_cast<int>(expired.size()) == at_most;
}

std::optional<core::Instant> SqliteQueueStore::next_due() const {
  std::optional<core::Instant> next, forget;
  // A while late, so that many are removed at once.
  if (next_past_) forget = *next_past_ + kPastKept.count() + kPastSlack.count();
  for (const auto& one : {leases_.next_end(), next_delay_, next_expiry_, next_sync_, forget})
    if (one) next = std::min(next.value_or(*one), *one);
  return next;
}

void SqliteQueueStore::read_next_due() {
  const auto read = [](Statement& minimum) -> std::optional<core::Instant> {
    auto& row = minimum.with();
    std::optional<core::Instant> found;
    if (row.row() && !row.is_null(0)) found = row.integer(0);
    row.reset();
    return found;
  };
  next_delay_ = read(statements_->min_delayed);
  next_expiry_ = read(statements_->min_expires);
  next_past_ = read(statements_->min_past);
}

core::Result<core::Swept> SqliteQueueStore::sweep(int at_most, int attempts_max,
                                                  core::Shift shift) {
  const auto held = database_->hold();
  now_ = clock_.now() + shift.count();
  core::Swept swept;
  if (const auto due = next_due(); due && *due <= now_) {
    leases_.begin();
    database_->begin(false);
    sweep_leases(at_most, attempts_max, swept);
    sweep_delayed(at_most, swept);
    sweep_expired(at_most, swept);
    sweep_past(at_most, swept);
    ledger_->write();
    if (auto committed = database_->commit(); !committed) {
      undo();
      return tl::unexpected(committed.error());
    }
    read_next_due();
    if (database_->failed()) return tl::unexpected(database_->take_error());
    if (next_sync_ && *next_sync_ <= now_) {
      if (auto synced = database_->catch_up(); !synced) return tl::unexpected(synced.error());
      next_sync_.reset();
    }
  }
  if (const auto due = next_due()) swept.next_due = core::Ms(*due - now_);
  return swept;
}

}  // namespace reference::stores::sqlite
