// What time does to queues. Source: QUE-4, QUE-17, TTL-3, TTL-5, NODE-2.
#include <algorithm>

#include "reference/stores/postgres/counts.hpp"
#include "reference/stores/postgres/queue_store.hpp"

namespace reference::stores::postgres {
namespace {

constexpr core::Ms kPastSlack{60'000};

// How soon a dead node's leases come free.
constexpr core::Ms kLookEvery{1'000};

// A node whose connection broke comes back sooner than that: it is slow, not dead.
constexpr core::Ms kMissingFor{1'500};

// A node lives for as long as the server sees it hold the lock of its number. One that has been
// missing for long enough is dead; all that are missing, where none but this one ($3) lives and
// that is known to be enough ($4).
constexpr Query kFreeLeases{
    "free_leases",
    "WITH alive AS MATERIALIZED (SELECT l.objid::bigint AS holder FROM pg_locks l "
    "WHERE l.locktype = 'advisory' AND l.objsubid = 2 "
    "AND l.classid::bigint = (hashtext('message_bus ' || current_schema())::bigint & 4294967295) "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())), "
    "missing AS MATERIALIZED (SELECT DISTINCT lease_holder AS holder FROM message_bus_owed "
    "WHERE state = 1 AND lease_until > 0 AND lease_holder NOT IN (SELECT holder FROM alive)), "
    "back AS (DELETE FROM message_bus_missing WHERE holder NOT IN (SELECT holder FROM missing)), "
    "noted AS (INSERT INTO message_bus_missing SELECT holder, $1::bigint FROM missing "
    "ON CONFLICT DO NOTHING) "
    "UPDATE message_bus_owed SET lease_until = 0 WHERE state = 1 AND lease_until > 0 "
    "AND lease_holder IN (SELECT holder FROM missing) AND (lease_holder IN ("
    "SELECT holder FROM message_bus_missing WHERE since <= $1::bigint - $2::bigint) "
    "OR ($4::boolean AND NOT EXISTS (SELECT FROM alive WHERE holder <> $3::bigint)))"};
constexpr Query kGiveUp{"give_up_leases",
                        "UPDATE message_bus_owed SET lease_until = 0 "
                        "WHERE state = 1 AND lease_until > 0 AND lease_holder = $1::bigint"};
constexpr Query kNextDue{
    "next_due",
    "SELECT (SELECT min(lease_until) FROM message_bus_owed WHERE state = 1), "
    "(SELECT min(due) FROM message_bus_owed WHERE state = 2), "
    "(SELECT message_bus_ms(min(expires_at)) FROM message_bus WHERE NOT gone), "
    "(SELECT min(ended) FROM message_bus_past)"};
// The groups first, as in every batch; then what of it is still so.
constexpr Query kOverLeases{
    "over_leases",
    "SELECT queue_group, message FROM message_bus_owed WHERE state = 1 "
    "AND lease_until <= $1::bigint ORDER BY lease_until, queue_group, message LIMIT $2::int"};
constexpr Query kDueDelays{
    "due_delays",
    "SELECT queue_group, message FROM message_bus_owed WHERE state = 2 AND due <= $1::bigint "
    "ORDER BY due, queue_group, message LIMIT $2::int"};
constexpr Query kCleanUp{"clean_up",
                         "SELECT expired, unreferenced FROM "
                         "cleanup_expired_messages($1::int, $2::bigint, $3::boolean, $4::boolean)"};
constexpr Query kForgetPast{
    "forget_past",
    "DELETE FROM message_bus_past WHERE seq IN (SELECT seq FROM message_bus_past "
    "WHERE ended <= $1::bigint ORDER BY ended LIMIT $2::int) RETURNING seq"};

std::vector<CopyKey> keys_of(const Rows& rows) {
  std::vector<CopyKey> keys;
  for (int row = 0; row < rows.size(); ++row)
    keys.push_back({rows.integer(row, 1), rows.integer(row, 0)});
  return keys;
}

/// A batch that reads and locks these, and does nothing.
core::Step about(const std::vector<CopyKey>& keys) {
  core::Step step;
  for (const auto& key : keys) step.ops.emplace_back(core::Ack{{key.message, key.group, 0}});
  return step;
}

}  // namespace

void PostgresQueueStore::sweep_leases(int at_most, int attempts_max, core::Swept& swept) {
  const auto over = keys_of(connection_.run(kOverLeases, args(now_, at_most)));
  const auto wanted = about(over);
  draft_->prefetch(std::span(&wanted, 1));
  core::Answer answer;
  for (const auto& key : over) {
    auto* row = draft_->copy(key);
    if (row == nullptr || row->state != kLeased || row->until > now_) continue;
    swept.ended.push_back(row->holder == holder_ ? row->token : 0);
    core::Fail how;
    how.dead = row->attempt >= attempts_max;
    how.reason = "attempts_exhausted";
    end_lease(key, *row, how, answer);
  }
  swept.more = swept.more || static_cast<int>(over.size()) == at_most;
  swept.woken.insert(swept.woken.end(), answer.woken.begin(), answer.woken.end());
  swept.unreferenced.insert(swept.unreferenced.end(), answer.unreferenced.begin(),
                            answer.unreferenced.end());
}

void PostgresQueueStore::sweep_delayed(int at_most, core::Swept& swept) {
  const auto due = keys_of(connection_.run(kDueDelays, args(now_, at_most)));
  const auto wanted = about(due);
  draft_->prefetch(std::span(&wanted, 1));
  for (const auto& key : due) {
    auto* row = draft_->copy(key);
    auto* group = draft_->find(key.group);
    if (row == nullptr || group == nullptr || row->state != kDelayed) continue;
    row->state = kReady;
    row->due.reset();
    draft_->change(key);
    --group->counts.delayed;
    ++group->counts.ready;
    swept.woken.push_back(group->destination);
  }
  swept.more = swept.more || static_cast<int>(due.size()) == at_most;
}

// By the schema's own function, which counts for itself: what was read of groups is old then.
void PostgresQueueStore::sweep_expired(int at_most, core::Swept& swept) {
  const auto rows =
      connection_.run(kCleanUp, args(at_most, now_, expiry_.dead_letters, expiry_.archive));
  for (int row = 0; row < rows.size(); ++row)
    if (!rows.is_null(row, 1)) swept.unreferenced.push_back(from_text(rows.text(row, 1)));
  swept.expired += rows.size();
  swept.more = swept.more || rows.size() == at_most;
}

void PostgresQueueStore::sweep_past(int at_most, core::Swept& swept) {
  const auto rows = connection_.run(kForgetPast, args(now_ - kPastKept.count(), at_most));
  swept.more = swept.more || rows.size() == at_most;
}

std::optional<core::Instant> PostgresQueueStore::next_due() {
  const auto row = connection_.run(kNextDue, {});
  std::optional<core::Instant> next;
  for (int column = 0; column < 4; ++column) {
    if (row.is_null(0, column)) continue;
    auto due = row.integer(0, column);
    // A while late, so that many are removed at once.
    if (column == 3) due += kPastKept.count() + kPastSlack.count();
    next = std::min(next.value_or(due), due);
  }
  return next;
}

// By the server's own clock: the hook's shift makes nobody longer dead.
void PostgresQueueStore::free_leases(Missing missing) {
  connection_.run(kFreeLeases, args(connection_.began(), kMissingFor.count(), holder_,
                                    missing == Missing::at_start));
}

// They are over with this node; whoever sweeps next finds them.
void PostgresQueueStore::give_up_leases() {
  connection_.begin(false);
  connection_.run(kGiveUp, args(holder_));
  connection_.commit();
}

core::Swept PostgresQueueStore::sweep_due(int at_most, int attempts_max) {
  core::Swept swept;
  if (next_look_ <= now_) {
    free_leases(Missing::for_long);
    next_look_ = now_ + kLookEvery.count();
  }
  auto due = next_due();
  if (due && *due <= now_) {
    draft_ = std::make_unique<Draft>(connection_, now_, holder_);
    sweep_leases(at_most, attempts_max, swept);
    sweep_delayed(at_most, swept);
    draft_->write_rows();
    draft_->write_counts();
    sweep_expired(at_most, swept);
    sweep_past(at_most, swept);
    due = next_due();
  }
  // What another node has ended in the meantime.
  for (const auto& [key, lease] : leases_.ended(now_, at_most)) {
    swept.ended.push_back(lease.token);
    leases_.erase(key);
  }
  if (due) swept.next_due = core::Ms(*due - now_);
  return swept;
}

core::Result<core::Swept> PostgresQueueStore::sweep(int at_most, int attempts_max,
                                                    core::Shift shift) {
  auto swept = connection_.carry_out(true, [&] {
    leases_.rollback();  // What a try before this one did.
    read_now(shift);
    return sweep_due(at_most, attempts_max);
  });
  if (!swept) leases_.rollback();
  leases_.begin();
  return swept;
}

}  // namespace reference::stores::postgres
