// A store's lane: one thread that carries out, again and again, all that has gathered.
//
// Each store has its own, so that one that hangs holds nobody else up. What gathered while the last
// round was under way is the next batch: no timer, no setting. Within a round all steps come first
// as one batch, then sweeps, then questions. Payloads are carried out one by one.
// Threads: push() from any; the answers come on a thread of their own, in the order of the rounds,
// so that the store need not wait while they are told.
// Errors: a store's error goes back to each effect it concerns.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
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

  /// Takes back what has not begun; the tickets that were.
  std::vector<core::Ticket> withdraw(const std::set<core::Ticket>& tickets);

 private:
  struct Round;
  void run();
  bool gather(Round& round);
  Answers carry_out(Round& round);
  void apply_steps(Round& round, Answers& answers);

  stores::QueueStore& queues_;
  stores::PayloadStore& payloads_;
  Report report_;

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Work> gathered_;
  bool ending_ = false;
  Workers teller_{1};
  std::thread thread_;
};

}  // namespace reference::executor
