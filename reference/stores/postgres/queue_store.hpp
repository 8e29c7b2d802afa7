// Queues in PostgreSQL: one batch, one transaction, a handful of round trips.
//
// What a batch needs is read and locked at its start; its steps are carried out in memory, in
// order, and written as sets at the end: accepted messages, changed copies, counts. Leases stand in
// the database, each with the number of the node that gave it, so that nodes can share a queue. A
// batch's Leases come last, behind what its other steps make ready.
//
// Nodes wait for each other per destination: the groups of a batch are locked in order of their
// numbers. Time is the server's, and the hook's shift.
//
// Threads: the store's lane alone.
// Errors: a failed batch is rolled back whole; a commit that got no answer may have happened.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "reference/stores/clock.hpp"
#include "reference/stores/leases.hpp"
#include "reference/stores/postgres/connection.hpp"
#include "reference/stores/postgres/draft.hpp"
#include "reference/stores/queue_store.hpp"
#include "reference/stores/witness.hpp"

namespace reference::stores::postgres {

class PostgresQueueStore : public QueueStore {
 public:
  /// `dsn` as complete_dsn() makes it. `clock` is for tests: it stands in for the server's.
  PostgresQueueStore(std::string dsn, core::Expiry expiry = {}, const Clock* clock = nullptr);
  ~PostgresQueueStore() override;

  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override;
  core::Result<core::View> look(const core::Question& question, core::Shift shift) override;
  core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) override;
  core::Result<void> migrate() override;

 private:
  void read_now(core::Shift shift);
  void recognise();
  void greet();
  std::vector<core::Answer> run(std::span<const core::Step> batch);
  [[nodiscard]] std::optional<core::Refusal> objection(const core::QueueOp& op);
  bool refused(const core::Step& step, core::Answer& answer);
  // One op each; times are of `now_`.
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
  void lease(const core::Lease& op, core::Answer& answer);
  void end_lease(const CopyKey& key, CopyRow& row, const core::Fail& how, core::Answer& answer);
  void settle_gone(std::int64_t message, std::vector<core::TransactionId>& unreferenced);

  // queue_sweep.cpp
  core::Swept sweep_due(int at_most, int attempts_max);
  void sweep_leases(int at_most, int attempts_max, core::Swept& swept);
  void sweep_delayed(int at_most, core::Swept& swept);
  void sweep_expired(int at_most, core::Swept& swept);
  void sweep_past(int at_most, core::Swept& swept);
  std::optional<core::Instant> next_due();
  /// Ends what nodes held that are gone; where no other lives, a start need not wait for them.
  enum class Missing : std::uint8_t { for_long, at_start };
  void free_leases(Missing missing);
  void give_up_leases();

  // queue_messages.cpp
  void owe(const core::Enqueue& op, NewMessage& message, GroupRow& group);
  bool make_room(const core::Enqueue& op, GroupRow& group);
  /// Whether there is such an upload to be named; it stays until this transaction's end.
  bool holds_upload(const core::TransactionId& id);

  // queue_views.cpp
  core::View view(const core::AskMessage& ask);
  core::View view(const core::AskCounts& ask);
  core::View view(const core::AskDead& ask);
  core::View view(const core::AskCorrelated& ask);
  core::View view(const core::AskAudit& ask);
  core::View view(const core::AskStats& ask);

  std::string dsn_;
  Connection connection_;
  core::Expiry expiry_;
  const Clock* clock_;
  std::int64_t holder_ = 0;      ///< this store's number among the nodes
  core::Instant now_ = 0;        ///< of the call under way, shift included
  core::Instant next_look_ = 0;  ///< when the other nodes' lives are looked at again
  Leases leases_;                ///< what this node handed out and has not seen ended
  std::unique_ptr<Draft> draft_;
  Witness witness_;
};

}  // namespace reference::stores::postgres
