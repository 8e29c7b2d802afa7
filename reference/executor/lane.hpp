// The store's lane: one thread that carries out, again and again, all that has gathered.
//
// What gathered while the last round was under way is the next batch: no timer, no setting. Within
// a round payloads are written first, then all steps as one batch, then sweeps, then questions.
// Threads: push() from any; the answers come on a thread of their own, so that the store need not
// wait while they are told, in the order of their rounds.
// Errors: a store's error goes back to each effect it concerns.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "reference/core/effect.hpp"
#include "reference/executor/workers.hpp"
#include "reference/stores/payload_store.hpp"
#include "reference/stores/queue_store.hpp"

namespace reference::executor {

/// Answers of one round, in the order in which they were come by.
struct Answers {
  std::vector<std::pair<core::Ticket, core::Result<core::PayloadAnswer>>> payloads;
  std::vector<std::pair<core::Ticket, core::Result<core::Answer>>> steps;
  std::vector<std::pair<core::Ticket, core::Result<core::Swept>>> swept;
  std::vector<std::pair<core::Ticket, core::Result<core::View>>> views;
};

class Lane {
 public:
  using Work = std::variant<core::ToQueue, core::AskQueue, core::SweepQueue, core::ToPayload>;
  using Report = std::function<void(Answers)>;

  /// The stores must outlive the lane.
  Lane(stores::QueueStore& queues, stores::PayloadStore& payloads, Report report);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  /// Carries out what was pushed, then ends the thread. What is pushed afterwards stays undone.
  void end();

  void push(Work work);

 private:
  struct Round;
  void run();
  bool gather(Round& round);
  Answers carry_out(Round& round);
  void apply_steps(Round& round, Answers& answers);
  core::Result<core::PayloadAnswer> carry_out(core::ToPayload& work);

  stores::QueueStore& queues_;
  stores::PayloadStore& payloads_;
  Report report_;

  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<Work> gathered_;
  bool ending_ = false;
  Workers teller_{1};
  std::thread thread_;
};

}  // namespace reference::executor
