// Queues in Redis: sorted sets that Lua scripts change, one script call for a batch.
//
// A batch is one script, so it is carried out whole and alone, and one write to the server's log:
// it is as durable as the server's configuration makes that (durability.hpp). Time is the
// server's. Leases stand in Redis with the node that holds them, so that any node may end them;
// what this node handed out it remembers too, since only its own core can be told.
// All keys have one hash tag: a Redis Cluster keeps them together (cluster.hpp).
// Threads: the store's lane alone.
// Errors: as the connection's; a batch whose answer was lost may have happened.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reference/stores/clock.hpp"
#include "reference/stores/leases.hpp"
#include "reference/stores/queue_store.hpp"
#include "reference/stores/redis/connection.hpp"
#include "reference/stores/redis/script.hpp"
#include "reference/stores/witness.hpp"

namespace reference::stores::redis {

class RedisQueueStore : public QueueStore {
 public:
  /// All its keys begin with `prefix`, which holds no braces. A `clock`, for tests, takes the place
  /// of the server's; it must outlive the store.
  RedisQueueStore(std::shared_ptr<Connection> connection, const std::string& prefix,
                  core::Expiry expiry = {}, const Clock* clock = nullptr);
  /// Its leases end with it.
  ~RedisQueueStore() override;

  core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                core::Shift shift) override;
  core::Result<core::View> look(const core::Question& question, core::Shift shift) override;
  core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) override;
  /// What the server forgets is no sign of another one.
  void trust() { witness_.trust(); }
  /// A key that is where all the keys of such a store are.
  static std::string home(const std::string& prefix);
  /// Leases of nodes that are connected no more count as ended.
  core::Result<void> migrate() override;

 private:
  /// A script's call up to where its own arguments begin.
  [[nodiscard]] Command begin(const Script& script, core::Shift shift) const;

  // queue_answers.cpp
  core::Answer answer_of(const Reply& row, core::Instant now);
  void note_settled(const core::Step& step, const core::Answer& answer, core::Instant now);
  std::optional<std::uint64_t> token_of_ended(const Reply& row);

  core::Result<void> join_nodes();
  core::Result<void> free_orphans(core::Ms missing_for);
  core::Result<std::optional<std::string>> damaged_bytes(const core::Corrupt& op,
                                                         core::Shift shift);

  core::Result<core::View> ask(const core::AskMessage& question, core::Shift shift);
  core::Result<core::View> ask(const core::AskCounts& question, core::Shift shift);
  core::Result<core::View> ask(const core::AskDead& question, core::Shift shift);
  core::Result<core::View> ask(const core::AskCorrelated& question, core::Shift shift);
  core::Result<core::View> ask(const core::AskAudit& question, core::Shift shift);
  core::Result<core::View> ask(const core::AskStats& question, core::Shift shift);

  std::shared_ptr<Connection> connection_;
  core::Expiry expiry_;
  const Clock* clock_;
  std::string prefix_;      ///< of the queues' keys, their hash tag included
  std::string names_;       ///< how the names of the nodes' connections begin
  core::Tick next_look_{};  ///< when the other nodes' lives are looked at again
  std::string node_;        ///< this store's number among all that ever were
  Leases leases_;           ///< what this node handed out and has not seen ended
  Witness witness_;
  Script apply_;
  Script sweep_;
  Script look_;
  Script orphans_;
};

}  // namespace reference::stores::redis
