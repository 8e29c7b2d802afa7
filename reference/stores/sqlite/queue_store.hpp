// Queues in SQLite: one batch, one commit.
//
// Accepted messages, settlings and whatever clients hear as done are on the disk itself before
// they are answered. Leases live in memory, since a restart frees them; the attempt they raise is
// written before the delivery goes out, safe from the end of the process though not from a power
// cut until the next synced commit.
// Threads: the queue store's lane alone.
// Errors: a failed batch is rolled back whole, in memory too.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "reference/stores/clock.hpp"
#include "reference/stores/known_events.hpp"
#include "reference/stores/leases.hpp"
#include "reference/stores/queue_store.hpp"
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/sqlite/ledger.hpp"

namespace reference::stores::sqlite {

class SqliteQueueStore : public QueueStore {
 public:
  /// `clock` must outlive the store. Where the database lags it catches up `sync_within` later.
  SqliteQueueStore(std::shared_ptr<Database> database, const Clock& clock, core::Expiry expiry = {},
                   core::Ms sync_within = core::Ms(100));
  ~SqliteQueueStore() override;

  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override;
  core::Result<core::View> look(const core::Question& question, core::Shift shift) override;
  core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) override;
  core::Result<void> migrate() override;

 private:
  struct Statements;
  struct OwedRow;
  /// Whether a message is the record of an upload, and whether another has named it.
  enum class Upload : std::int64_t { none, unnamed, named };

  core::Answer run(const core::Step& step);
  [[nodiscard]] std::optional<core::Refusal> objection(const core::QueueOp& op);
  /// What the fullest group of a destination is owed, dead letters aside.
  std::int64_t fullest(const std::string& destination);
  void read_next_due();
  void read_memory();
  void undo();
  // One op each; a refusal goes into the answer. Times are of `now_`.
  void on(const core::Enqueue& op, core::Answer& answer);
  void on(const core::Join& op, core::Answer& answer);
  void on(const core::Lease& op, core::Answer& answer);
  void on(const core::Ack& op, core::Answer& answer);
  void on(const core::Fail& op, core::Answer& answer);
  void on(const core::Extend& op, core::Answer& answer);
  void on(const core::Redrive& op, core::Answer& answer);
  void on(const core::Purge& op, core::Answer& answer);
  void on(const core::Forget& op, core::Answer& answer);
  void on(const core::Delete& op, core::Answer& answer);
  void on(const core::Spoil& op, core::Answer& answer);
  void on(const core::Count& op, core::Answer& answer);
  void on(const core::Corrupt& op, core::Answer& answer);
  void on(const core::Reset& op, core::Answer& answer);

  // queue_leases.cpp
  core::Taken take(Statement& row);
  void end_lease(const CopyKey& key, GroupRow& group, const core::Fail& how, core::Answer& answer);
  bool expire_copy(const CopyKey& key, GroupRow& group, const OwedRow& row);
  void settle_gone(std::int64_t message, std::vector<core::TransactionId>& unreferenced);
  std::optional<OwedRow> owed(const CopyKey& key);
  void sweep_leases(int at_most, int attempts_max, core::Swept& swept);
  void sweep_delayed(int at_most, core::Swept& swept);
  void sweep_expired(int at_most, core::Swept& swept);
  void expire_message(std::int64_t message, core::Swept& swept);
  [[nodiscard]] std::optional<core::Instant> next_due() const;

  // queue_messages.cpp
  void insert_message(const core::Enqueue& op, std::int64_t seq, core::Instant expires);
  void owe(const core::Enqueue& op, std::int64_t seq, GroupRow& group);
  bool make_room(const core::Enqueue& op, GroupRow& group);
  void archive(std::int64_t message);
  void erase_message(std::int64_t message, core::Outcome outcome,
                     std::vector<core::TransactionId>& unreferenced);
  void leave(GroupRow& group, std::int64_t state);
  bool is_named(const core::TransactionId& payload);
  std::optional<std::int64_t> find_upload(const core::TransactionId& id);
  void name_upload(const core::TransactionId& id);

  // queue_past.cpp
  struct Seen {
    core::TransactionId id;
    core::Route route = core::Route::inlined;
    bool same = true;  ///< with the digest asked about
  };
  std::optional<Seen> seen(const core::Enqueue& op);
  void read_known();
  void keep_past(std::int64_t message, core::Outcome outcome);
  void sweep_past(int at_most, core::Swept& swept);

  // queue_dead.cpp
  std::vector<std::int64_t> dead_of(GroupRow& group,
                                    const std::optional<std::vector<core::TransactionId>>& ids);

  // queue_views.cpp
  core::View view(const core::AskMessage& ask);
  core::View view(const core::AskCounts& ask);
  core::View view(const core::AskDead& ask);
  core::View view(const core::AskCorrelated& ask);
  core::View view(const core::AskAudit& ask);
  core::View view(const core::AskStats& ask);
  core::MessageView message_view(Statement& row, int first_column, bool with_body);
  core::Status status_of(std::int64_t message, const std::string& destination,
                         core::Instant expires, bool spoiled, Upload upload);

  std::shared_ptr<Database> database_;
  const Clock& clock_;
  core::Expiry expiry_;
  core::Instant now_ = 0;  ///< of the call under way, shift included
  std::unique_ptr<Ledger> ledger_;
  Leases leases_;
  std::unordered_set<std::int64_t> gone_;     ///< messages with gone = 1
  std::optional<core::Instant> next_delay_;   ///< no delayed copy is due before
  std::optional<core::Instant> next_expiry_;  ///< no message expires before
  std::optional<core::Instant> next_past_;    ///< no message ended before
  core::Ms sync_within_;
  std::optional<core::Instant> next_sync_;  ///< when the database is to catch up with what it took
  KnownEvents known_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace reference::stores::sqlite
