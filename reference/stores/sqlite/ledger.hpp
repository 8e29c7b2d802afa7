// Groups with their counts, and the totals: kept in memory, written with each commit that changed
// them, so that counting never walks a queue.
//
// Threads: the queue store's lane alone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reference/core/step.hpp"
#include "reference/stores/sqlite/database.hpp"

namespace reference::stores::sqlite {

struct GroupRow {
  std::int64_t id = 0;
  std::string destination;
  std::string name;
  core::Counts counts;
};

class Ledger {
 public:
  explicit Ledger(Database& database);

  /// The groups of a destination, oldest first; none where nothing is known of it.
  std::vector<GroupRow*> groups(const std::string& destination);
  GroupRow* find(const std::string& destination, const std::string& name);
  GroupRow* find(std::int64_t id);
  GroupRow& make(const std::string& destination, const std::string& name);
  void remove(GroupRow& group);
  /// The counts of `group` are about to change.
  core::Counts& change(GroupRow& group);

  /// The totals of the tenant whose destination that is.
  core::Totals& change_totals(std::string_view destination);
  /// Those of a tenant, by its mark, or of all together.
  [[nodiscard]] core::Totals totals(const std::optional<std::string>& tenant) const;
  /// A number above every seq and place given so far.
  std::int64_t next_place();

  /// Writes what changed; within the transaction that changed it.
  void write();
  /// Forgets all and reads the totals anew: after a rollback, a reset, or at the start.
  void reload();
  /// Keeps memory bounded: forgets the groups where there are very many.
  void trim();

 private:
  struct Destination {
    std::vector<std::unique_ptr<GroupRow>> groups;
  };
  Destination& load(const std::string& destination);
  struct Tenant {
    core::Totals totals;
    bool changed = false;
  };
  void write_totals();
  void write(const std::string& mark, const core::Totals& totals);

  Database& database_;
  std::unordered_map<std::string, Destination> destinations_;
  std::unordered_map<std::int64_t, GroupRow*> by_id_;
  std::set<GroupRow*> changed_;
  core::Totals totals_;  // of the empty tenant
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::int64_t next_place_ = 1;
  bool totals_changed_ = false;

  Statement select_groups_;
  Statement select_destination_;
  Statement insert_group_;
  Statement update_group_;
  Statement delete_group_;
  Statement select_totals_;
  Statement update_totals_;
  Statement select_tenants_;
  Statement put_tenant_;
};

}  // namespace reference::stores::sqlite
