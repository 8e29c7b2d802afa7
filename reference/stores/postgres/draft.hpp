// One transaction's work on queues: what it has read and locked, what it will write.
//
// Groups and copies are read as sets where prefetch() names them, and one by one where an op turns
// out to need another. Writes gather until write_rows(), counts until write_counts().
//
// Threads: the store's lane alone. Errors: Failure.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reference/core/step.hpp"
#include "reference/core/tenants.hpp"
#include "reference/stores/leases.hpp"
#include "reference/stores/postgres/connection.hpp"

namespace reference::stores::postgres {

enum CopyState : std::int64_t { kReady = 0, kLeased = 1, kDelayed = 2, kDead = 3 };

struct GroupRow {
  std::int64_t id = 0;
  std::string destination;
  std::string name;
  core::Counts counts;   ///< as they are now
  core::Counts written;  ///< as the database has them
};

/// One group's copy of one message.
struct CopyRow {
  std::int64_t state = kReady;
  int attempt = 0;
  std::optional<core::Instant> due;
  std::optional<std::string> reason;
  std::int64_t holder = 0;
  std::uint64_t token = 0;
  core::Instant until = 0;
  core::Instant expires = 0;  ///< the message's
  bool gone = false;          ///< the message's
};

/// A message to be accepted, and the groups that it is owed to.
struct NewMessage {
  const core::Enqueue* op = nullptr;
  core::Instant expires = 0;
  std::vector<std::int64_t> owed_to;
};

/// What an event was accepted as.
struct Known {
  core::TransactionId id;
  core::Route route = core::Route::inlined;
  std::string checksum;
};

class Draft {
 public:
  Draft(Connection& connection, core::Instant now, std::int64_t holder);

  /// Locks the groups that the batch is about, reads its copies and known events, and takes a
  /// place in the order of acceptance for each of its messages.
  void prefetch(std::span<const core::Step> batch);

  /// The groups of a destination, oldest first.
  std::vector<GroupRow*> groups(const std::string& destination);
  GroupRow* find(const std::string& destination, const std::string& name);
  GroupRow* find(std::int64_t group);
  GroupRow& make(const std::string& destination, const std::string& name);
  void remove(GroupRow& group);

  /// Null where the group is not owed the message.
  CopyRow* copy(const CopyKey& key);
  void change(const CopyKey& key);
  void settle(const CopyKey& key);

  [[nodiscard]] std::optional<Known> known(const core::Enqueue& op) const;
  void accept(NewMessage message);

  /// Of the tenant whose destination or id that is.
  core::Totals& totals(std::string_view kept) { return totals_[std::string(core::mark_in(kept))]; }
  /// Messages whose status may be another now.
  void restate(std::int64_t message) { restated_.insert(message); }

  /// From here on the database has what the draft has, counts aside.
  void write_rows();
  void write_counts();
  /// Forgets the copies: a statement of its own has changed some.
  void forget();

 private:
  void read_groups(const std::set<std::string>& destinations, const std::set<std::int64_t>& ids);
  void read_copies(const std::set<CopyKey>& keys);
  void read_known(std::span<const core::Step> batch);
  std::int64_t next_seq();
  void write_messages();
  void write_copies();

  Connection& connection_;
  core::Instant now_;
  std::int64_t holder_;
  std::map<std::int64_t, std::unique_ptr<GroupRow>> groups_;
  std::map<std::string, std::vector<GroupRow*>> destinations_;  ///< whole, where they are here
  std::map<CopyKey, std::optional<CopyRow>> copies_;
  std::set<CopyKey> changed_;
  std::set<CopyKey> settled_;
  std::set<std::int64_t> restated_;
  std::vector<NewMessage> accepted_;
  std::deque<std::int64_t> seqs_;  ///< places that are taken and not yet given
  std::unordered_map<core::Identity, Known, core::IdentityHash> known_;
  std::map<std::string, core::Totals> totals_;  ///< by tenant
};

}  // namespace reference::stores::postgres
