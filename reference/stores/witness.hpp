// What a store must know of as long as it is the one that this bus has written to: the last message
// that it accepted. A server that comes back without it has come back empty, or older than it was.
//
// A message is remembered for kPastKept after it is gone; who has not written for longer than that
// recognises nothing.
// Threads: the store's lane.
// Source: DUR-10.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "reference/core/step.hpp"

namespace reference::stores {

class Witness {
 public:
  /// What a store has done of a batch, one answer for each step.
  void see(std::span<const core::Step> batch, std::span<const core::Answer> answers);

  /// The message to look for; nothing where none is known to be there.
  [[nodiscard]] std::optional<core::TransactionId> message() const;

  /// From now on nothing is looked for: a store that need not keep what it was given.
  void trust() { trusting_ = true; }

 private:
  std::optional<core::TransactionId> message_;
  std::chrono::steady_clock::time_point since_{};
  bool trusting_ = false;
};

/// What to tell who asks a store without it.
std::string missing_witness(const core::TransactionId& message);

}  // namespace reference::stores
