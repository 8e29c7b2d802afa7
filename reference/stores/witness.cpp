#include "reference/stores/witness.hpp"

#include <variant>

#include "reference/stores/queue_store.hpp"

namespace reference::stores {

void Witness::see(std::span<const core::Step> batch, std::span<const core::Answer> answers) {
  for (std::size_t i = 0; i < batch.size() && i < answers.size(); ++i) {
    if (answers[i].refused) continue;
    for (const auto& op : batch[i].ops) {
      if (std::holds_alternative<core::Reset>(op)) message_.reset();
      const auto* enqueue = std::get_if<core::Enqueue>(&op);
      // One that repeats another is not stored, nor what a full queue lets go of at once.
      if (enqueue == nullptr || !answers[i].repeats.empty() ||
          enqueue->overflow == core::Overflow::drop_newest)
        continue;
      message_ = enqueue->id;
      since_ = std::chrono::steady_clock::now();
    }
    for (const auto& taken : answers[i].taken) {
      if (message_) break;
      message_ = taken.id;
      since_ = std::chrono::steady_clock::now();
    }
  }
}

std::optional<core::TransactionId> Witness::message() const {
  // Whatever became of it, it is remembered for so long.
  constexpr auto kKnownFor = kPastKept / 2;
  if (trusting_ || !message_ || std::chrono::steady_clock::now() - since_ > kKnownFor)
    return std::nullopt;
  return message_;
}

std::string missing_witness(const core::TransactionId& message) {
  return "message " + message +
         " was accepted and is not there: the store has come back empty, or older than it was. "
         "Put back what it held, or start refbus again to take it as it is";
}

}  // namespace reference::stores
