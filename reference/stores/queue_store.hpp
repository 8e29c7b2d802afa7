// Where queues live: messages, who is owed them, and what became of that.
//
// Threads: one lane calls all methods, one at a time; another store's lane runs beside it.
// Errors: a StoreError speaks for the whole call; what concerns one step is its Answer's refusal.
#pragma once

#include <span>
#include <vector>

#include "reference/core/result.hpp"
#include "reference/core/step.hpp"

namespace reference::stores {

/// How long the audit tells of a message that is gone; longer than any event is known again.
inline constexpr core::Ms kPastKept{7LL * 24 * 3'600'000};

class QueueStore {
 public:
  QueueStore() = default;
  QueueStore(const QueueStore&) = delete;
  QueueStore& operator=(const QueueStore&) = delete;
  virtual ~QueueStore() = default;

  /// One unit of durability: returns once every step is as durable as the store gives. Steps run in
  /// order, each all or none; one may be refused without the others. One Answer per step.
  virtual core::Result<std::vector<core::Answer>> apply(std::span<const core::Step> batch,
                                                        core::Shift shift) = 0;

  /// The counts of a destination without a name tell only whether the store answers, in one round
  /// trip.
  virtual core::Result<core::View> look(const core::Question& question, core::Shift shift) = 0;

  /// Ends leases, wakes delayed messages and removes expired ones, at most `at_most` of each. A
  /// lease that ends on delivery number `attempts_max` makes a dead letter.
  virtual core::Result<core::Swept> sweep(int at_most, int attempts_max, core::Shift shift) = 0;

  /// Makes or brings forward the schema; leases from before count as ended. Comes first;
  /// harmless when repeated.
  virtual core::Result<void> migrate() = 0;
};

}  // namespace reference::stores
