// Dead letters and forgotten groups. Source: QUE-7, PRI-3.
#include "reference/stores/postgres/counts.hpp"
#include "reference/stores/postgres/queue_store.hpp"

namespace reference::stores::postgres {
namespace {

// Behind their equals, in order of acceptance; not what has outlived its time.
constexpr Query kRedrive{
    "redrive",
    "UPDATE message_bus_owed o SET state = 0, attempt = 0, due = NULL, reason = NULL, "
    "place = n.place FROM (SELECT d.message, nextval('message_bus_seq') AS place FROM ("
    "SELECT w.message FROM message_bus_owed w JOIN message_bus m ON m.seq = w.message "
    "WHERE w.queue_group = $1::bigint AND w.state = 3 AND NOT m.gone "
    "AND ($2::text[] IS NULL OR m.transaction_id = ANY ($2::text[])) ORDER BY w.message) d) n "
    "WHERE o.queue_group = $1::bigint AND o.message = n.message RETURNING o.message"};
constexpr Query kPurge{
    "purge",
    "DELETE FROM message_bus_owed o USING message_bus m WHERE o.queue_group = $1::bigint "
    "AND o.state = 3 AND m.seq = o.message "
    "AND ($2::text[] IS NULL OR m.transaction_id = ANY ($2::text[])) "
    "RETURNING o.message, m.gone"};
constexpr Query kForget{
    "forget_group",
    "DELETE FROM message_bus_owed o USING message_bus m WHERE o.queue_group = $1::bigint "
    "AND m.seq = o.message RETURNING o.message, m.gone, o.state, o.lease_holder, o.lease_token"};

std::optional<std::string> literal_of(const std::optional<std::vector<core::TransactionId>>& ids) {
  if (!ids) return std::nullopt;
  Array array;
  for (const auto& id : *ids) array.add(as_text(id));
  return array.literal();
}

}  // namespace

void PostgresQueueStore::on(const core::Redrive& op, core::Answer& answer) {
  auto* group = draft_->find(op.destination, op.group);
  if (group == nullptr) return;
  draft_->write_rows();
  const auto rows = connection_.run(kRedrive, args(group->id, literal_of(op.ids)));
  for (int row = 0; row < rows.size(); ++row) draft_->restate(rows.integer(row, 0));
  group->counts.dead -= rows.size();
  group->counts.ready += rows.size();
  answer.count += rows.size();
  draft_->forget();
}

void PostgresQueueStore::on(const core::Purge& op, core::Answer& answer) {
  auto* group = draft_->find(op.destination, op.group);
  if (group == nullptr) return;
  draft_->write_rows();
  const auto rows = connection_.run(kPurge, args(group->id, literal_of(op.ids)));
  group->counts.dead -= rows.size();
  group->counts.deleted += rows.size();
  draft_->totals(op.destination).deleted += rows.size();
  answer.count += rows.size();
  draft_->forget();
  for (int row = 0; row < rows.size(); ++row) {
    draft_->restate(rows.integer(row, 0));
    if (rows.truth(row, 1)) settle_gone(rows.integer(row, 0), answer.unreferenced);
  }
}

void PostgresQueueStore::on(const core::Forget& op, core::Answer& answer) {
  auto* group = draft_->find(op.destination, op.group);
  if (group == nullptr) return;
  draft_->write_rows();
  const auto rows = connection_.run(kForget, args(group->id));
  draft_->totals(op.destination).deleted += rows.size();
  draft_->forget();
  draft_->remove(*group);
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.integer(row, 2) == kLeased && rows.integer(row, 3) == holder_)
      answer.ended.push_back(static_cast<std::uint64_t>(rows.integer(row, 4)));
    draft_->restate(rows.integer(row, 0));
    if (rows.truth(row, 1)) settle_gone(rows.integer(row, 0), answer.unreferenced);
  }
}

}  // namespace reference::stores::postgres
