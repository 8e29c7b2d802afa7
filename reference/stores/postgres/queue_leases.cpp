// Leases: given, settled, ended. Source: QUE-2..6, QUE-8, QUE-15, QUE-17.
#include <algorithm>

#include "reference/stores/postgres/counts.hpp"
#include "reference/stores/postgres/message_rows.hpp"
#include "reference/stores/postgres/queue_store.hpp"

namespace reference::stores::postgres {
namespace {

// In the order of delivery, until the bytes are passed; who comes n-th gets the n-th token. What
// another node sweeps at this moment is left to it.
constexpr Query kLease{
    "lease",
    "WITH waiting AS MATERIALIZED ("
    "SELECT o.message, o.attempt, o.rank, o.place, coalesce(octet_length(m.payload), 0) AS bytes "
    "FROM message_bus_owed o JOIN message_bus m ON m.seq = o.message "
    "WHERE o.queue_group = $1::bigint AND o.state = 0 "
    "AND m.expires_at > message_bus_instant($2::bigint) "
    "ORDER BY o.rank, o.place LIMIT $3::int FOR UPDATE OF o SKIP LOCKED), "
    "ordered AS MATERIALIZED (SELECT message, attempt, (row_number() OVER w)::int AS n, "
    "sum(bytes) OVER w - bytes AS before FROM waiting WINDOW w AS (ORDER BY rank, place)), "
    "leased AS (UPDATE message_bus_owed o SET state = 1, attempt = o.attempt + 1, "
    "lease_holder = $5::bigint, lease_token = ($6::bigint[])[w.n], "
    "lease_until = $2::bigint + ($7::bigint[])[w.n] "
    "FROM ordered w WHERE w.before <= $4::bigint "
    "AND o.queue_group = $1::bigint AND o.message = w.message) "
    "SELECT w.attempt, " REFBUS_POSTGRES_MESSAGE_COLUMNS
    " FROM ordered w JOIN message_bus m ON m.seq = w.message WHERE w.before <= $4::bigint "
    "ORDER BY w.n"};
constexpr Query kSettleGone{
    "settle_gone",
    "SELECT message_bus_erase(ARRAY(SELECT m.seq FROM message_bus m WHERE m.seq = $1::bigint "
    "AND m.gone AND NOT EXISTS (SELECT FROM message_bus_group g JOIN message_bus_owed o "
    "ON o.queue_group = g.id AND o.message = m.seq WHERE g.destination = m.destination)), "
    "3::smallint, "
    "$2::bigint)"};

const std::string kExpired = "expired";  // the reason of a dead letter

void shorten(std::optional<core::Ms>& due, core::Ms other) {
  due = due ? std::min(*due, other) : other;
}

/// What the n-th delivery gets: each want in turn one, so that members share evenly.
struct Turn {
  std::uint64_t token;
  core::Ms term;
};

std::vector<Turn> turns_of(const core::Lease& op, std::int64_t most) {
  std::vector<Turn> turns;
  std::vector<int> given(op.wants.size(), 0);
  for (bool more = true; more && static_cast<std::int64_t>(turns.size()) < most;) {
    more = false;
    for (std::size_t i = 0; i < op.wants.size(); ++i) {
      const auto& want = op.wants[i];
      if (given[i] >= want.count) continue;
      turns.push_back({want.first_token + static_cast<std::uint64_t>(given[i]++), want.term});
      more = true;
    }
  }
  return turns;
}

}  // namespace

// Leases come last in their batch.
void PostgresQueueStore::on(const core::Lease&, core::Answer& answer) { answer.dry = true; }

void PostgresQueueStore::lease(const core::Lease& op, core::Answer& answer) {
  auto* group = draft_->find(op.destination, op.group);
  if (group == nullptr || group->counts.ready == 0) return;
  std::int64_t wanted = 0;
  for (const auto& want : op.wants) wanted += want.count;
  const auto turns = turns_of(op, group->counts.ready);
  Array tokens, terms;
  for (const auto& turn : turns) {
    tokens.add(static_cast<std::int64_t>(turn.token));
    terms.add(turn.term.count());
  }
  const auto at_most = std::min(wanted, static_cast<std::int64_t>(turns.size()));
  const auto rows = connection_.run(
      kLease, args(group->id, now_, at_most, static_cast<std::int64_t>(op.bytes_max), holder_,
                   tokens, terms));
  auto& totals = draft_->totals(op.destination);
  std::uint64_t bytes = 0;
  for (int row = 0; row < rows.size(); ++row) {
    const auto& turn = turns[static_cast<std::size_t>(row)];
    auto taken = taken_of(rows, row, 1);
    taken.attempt = static_cast<int>(rows.integer(row, 0)) + 1;
    taken.copy.group = group->id;
    taken.copy.token = turn.token;
    leases_.put({taken.copy.message, group->id}, {turn.token, now_ + turn.term.count()});
    bytes += taken.body.bytes.size();
    if (taken.attempt > 1) ++totals.redelivered;
    shorten(answer.due, turn.term);
    answer.taken.push_back(std::move(taken));
  }
  group->counts.ready -= rows.size();
  group->counts.leased += rows.size();
  totals.delivered += rows.size();
  answer.dry = bytes <= op.bytes_max && rows.size() < wanted;
}

void PostgresQueueStore::on(const core::Ack& op, core::Answer& answer) {
  const CopyKey key{op.copy.message, op.copy.group};
  const bool gone = draft_->copy(key)->gone;
  auto* group = draft_->find(op.copy.group);
  auto& counts = group->counts;
  draft_->settle(key);
  leases_.erase(key);
  --counts.leased;
  ++counts.acked;
  ++draft_->totals(group->destination).acked;
  if (gone) settle_gone(op.copy.message, answer.unreferenced);
}

void PostgresQueueStore::on(const core::Extend& op, core::Answer& answer) {
  const CopyKey key{op.copy.message, op.copy.group};
  draft_->copy(key)->until = now_ + op.term.count();
  draft_->change(key);
  leases_.put(key, {op.copy.token, now_ + op.term.count()});
  shorten(answer.due, op.term);
}

void PostgresQueueStore::on(const core::Fail& op, core::Answer& answer) {
  const CopyKey key{op.copy.message, op.copy.group};
  end_lease(key, *draft_->copy(key), op, answer);
}

// The one way a lease ends without an ack.
void PostgresQueueStore::end_lease(const CopyKey& key, CopyRow& row, const core::Fail& how,
                                   core::Answer& answer) {
  auto& group = *draft_->find(key.group);
  auto& totals = draft_->totals(group.destination);
  if (row.holder == holder_) leases_.erase(key);
  if (how.rejected) ++totals.rejected;
  const bool expired = row.expires <= now_;
  --count_of(group, row.state);
  if (expired && !expiry_.dead_letters) {
    const bool gone = row.gone;
    draft_->settle(key);
    ++group.counts.expired;
    ++totals.expired;
    if (gone) settle_gone(key.message, answer.unreferenced);
    return;
  }
  draft_->change(key);
  if (expired || how.dead) {
    row.state = kDead;
    row.reason = expired ? kExpired : how.reason;
    ++group.counts.dead;
    ++totals.dead_lettered;
    return draft_->restate(key.message);
  }
  if (how.unsent) {
    --totals.delivered;
    if (row.attempt > 1) --totals.redelivered;
    --row.attempt;
  }
  if (how.delay > core::Ms(0)) {
    row.state = kDelayed;
    row.due = now_ + how.delay.count();
    ++group.counts.delayed;
    return shorten(answer.due, how.delay);
  }
  row.state = kReady;
  ++group.counts.ready;
  answer.woken.push_back(group.destination);
}

// An expired message stays for those who hold a lease or a dead letter; the last takes it along.
void PostgresQueueStore::settle_gone(std::int64_t message,
                                     std::vector<core::TransactionId>& unreferenced) {
  draft_->write_rows();
  const auto erased = connection_.run(kSettleGone, args(message, now_));
  for (int row = 0; row < erased.size(); ++row)
    unreferenced.push_back(from_text(erased.text(row, 0)));
}

}  // namespace reference::stores::postgres
