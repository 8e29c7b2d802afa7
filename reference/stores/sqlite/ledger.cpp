// Counts that move with their rows. Source: STA-2, QUE-13.
#include "reference/stores/sqlite/ledger.hpp"

#include <algorithm>
#include <utility>

#include "reference/core/tenants.hpp"

namespace reference::stores::sqlite {
namespace {
constexpr std::size_t kDestinationsKept = 100'000;

// Behind the first column.
core::Totals totals_in(Statement& row) {
  return {row.integer(1),  row.integer(2),  row.integer(3), row.integer(4), row.integer(5),
          row.integer(6),  row.integer(7),  row.integer(8), row.integer(9), row.integer(10),
          row.integer(11), row.integer(12), row.integer(13)};
}
}  // namespace

Ledger::Ledger(Database& database)
    : database_(database),
      select_groups_(database,
                     "SELECT id, name, accepted, acked, ready, leased, delayed, dead, expired, "
                     "deleted FROM queue_group WHERE destination = ? ORDER BY id"),
      select_destination_(database, "SELECT destination FROM queue_group WHERE id = ?"),
      insert_group_(database, "INSERT INTO queue_group (destination, name) VALUES (?, ?)"),
      update_group_(database,
                    "UPDATE queue_group SET accepted = ?, acked = ?, ready = ?, leased = ?, "
                    "delayed = ?, dead = ?, expired = ?, deleted = ? WHERE id = ?"),
      delete_group_(database, "DELETE FROM queue_group WHERE id = ?"),
      select_totals_(database,
                     "SELECT next_place, published, delivered, acked, rejected, redelivered, "
                     "dead_lettered, expired, deleted, topic_published, topic_delivered, "
                     "payload_count, payload_bytes, payload_corrupt FROM totals"),
      update_totals_(database,
                     "UPDATE totals SET next_place = ?, published = ?, delivered = ?, acked = ?, "
                     "rejected = ?, redelivered = ?, dead_lettered = ?, expired = ?, deleted = ?, "
                     "topic_published = ?, topic_delivered = ?, payload_count = ?, "
                     "payload_bytes = ?, payload_corrupt = ?"),
      select_tenants_(database,
                      "SELECT tenant, published, delivered, acked, rejected, redelivered, "
                      "dead_lettered, expired, deleted, topic_published, topic_delivered, "
                      "payload_count, payload_bytes, payload_corrupt FROM tenant_totals"),
      put_tenant_(database,
                  "INSERT OR REPLACE INTO tenant_totals (tenant, published, delivered, acked, "
                  "rejected, redelivered, dead_lettered, expired, deleted, topic_published, "
                  "topic_delivered, payload_count, payload_bytes, payload_corrupt) VALUES "
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") {}

Ledger::Destination& Ledger::load(const std::string& destination) {
  const auto [entry, fresh] = destinations_.try_emplace(destination);
  if (!fresh) return entry->second;
  auto& rows = select_groups_.with(destination);
  while (rows.row()) {
    auto group = std::make_unique<GroupRow>();
    group->id = rows.integer(0);
    group->destination = destination;
    group->name = rows.text(1);
    group->counts = {rows.integer(2), rows.integer(3), rows.integer(4), rows.integer(5),
                     rows.integer(6), rows.integer(7), rows.integer(8), rows.integer(9)};
    by_id_[group->id] = group.get();
    entry->second.groups.push_back(std::move(group));
  }
  return entry->second;
}

std::vector<GroupRow*> Ledger::groups(const std::string& destination) {
  std::vector<GroupRow*> found;
  for (const auto& group : load(destination).groups) found.push_back(group.get());
  return found;
}

GroupRow* Ledger::find(const std::string& destination, const std::string& name) {
  for (const auto& group : load(destination).groups)
    if (group->name == name) return group.get();
  return nullptr;
}

GroupRow* Ledger::find(std::int64_t id) {
  if (const auto found = by_id_.find(id); found != by_id_.end()) return found->second;
  auto& row = select_destination_.with(id);
  if (!row.row()) return nullptr;
  const std::string destination = row.text(0);
  row.reset();
  load(destination);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

GroupRow& Ledger::make(const std::string& destination, const std::string& name) {
  if (auto* known = find(destination, name)) return *known;
  insert_group_.with(destination, name).run();
  auto group = std::make_unique<GroupRow>();
  group->id = database_.last_row();
  group->destination = destination;
  group->name = name;
  by_id_[group->id] = group.get();
  auto& groups = load(destination).groups;
  groups.push_back(std::move(group));
  return *groups.back();
}

void Ledger::remove(GroupRow& group) {
  delete_group_.with(group.id).run();
  changed_.erase(&group);
  by_id_.erase(group.id);
  auto& groups = load(group.destination).groups;
  std::erase_if(groups, [&](const auto& one) { return one.get() == &group; });
}

core::Counts& Ledger::change(GroupRow& group) {
  changed_.insert(&group);
  return group.counts;
}

core::Totals& Ledger::change_totals(std::string_view destination) {
  const auto mark = core::mark_in(destination);
  if (mark.empty()) {
    totals_changed_ = true;
    return totals_;
  }
  auto found = tenants_.find(mark);
  if (found == tenants_.end()) found = tenants_.emplace(mark, Tenant()).first;
  found->second.changed = true;
  return found->second.totals;
}

core::Totals Ledger::totals(const std::optional<std::string>& tenant) const {
  core::Totals sum;
  if (!tenant || tenant->empty()) sum = totals_;
  for (const auto& [mark, one] : tenants_)
    if (!tenant || mark == *tenant) sum += one.totals;
  return sum;
}

std::int64_t Ledger::next_place() {
  totals_changed_ = true;
  return next_place_++;
}

void Ledger::write() {
  for (const auto* group : changed_) {
    const auto& n = group->counts;
    update_group_
        .with(n.accepted, n.acked, n.ready, n.leased, n.delayed, n.dead, n.expired, n.deleted,
              group->id)
        .run();
  }
  changed_.clear();
  if (totals_changed_) write_totals();
  totals_changed_ = false;
  for (auto& [mark, one] : tenants_)
    if (std::exchange(one.changed, false)) write(mark, one.totals);
}

void Ledger::write(const std::string& mark, const core::Totals& n) {
  put_tenant_
      .with(mark, n.published, n.delivered, n.acked, n.rejected, n.redelivered, n.dead_lettered,
            n.expired, n.deleted, n.topic_published, n.topic_delivered, n.payload_count,
            n.payload_bytes, n.payload_corrupt)
      .run();
}

void Ledger::write_totals() {
  const auto& n = totals_;
  update_totals_
      .with(next_place_, n.published, n.delivered, n.acked, n.rejected, n.redelivered,
            n.dead_lettered, n.expired, n.deleted, n.topic_published, n.topic_delivered,
            n.payload_count, n.payload_bytes, n.payload_corrupt)
      .run();
}

void Ledger::reload() {
  destinations_.clear();
  by_id_.clear();
  changed_.clear();
  totals_changed_ = false;
  tenants_.clear();
  auto& row = select_totals_.with();
  if (!row.row()) return;
  next_place_ = row.integer(0);
  totals_ = totals_in(row);
  row.reset();
  auto& rows = select_tenants_.with();
  while (rows.row()) tenants_[rows.text(0)].totals = totals_in(rows);
  rows.reset();
}

void Ledger::trim() {
  if (destinations_.size() <= kDestinationsKept || !changed_.empty()) return;
  destinations_.clear();
  by_id_.clear();
}

}  // namespace reference::stores::sqlite
