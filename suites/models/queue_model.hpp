// A model of one queue group with priorities, stepped through what was seen of a bus.
//
// Where a bus may rightly choose, the model keeps every possibility: a message handed back by a
// reject or by the end of a connection is ready at some moment that nobody sees (`returning`), and
// one whose settling was never answered, or whose attempts are used up, may be gone (`uncertain`).
//
// Threads: values only.
// Source:  rules QUE-2, QUE-3, PRI-1, PRI-2, PRI-6.
#pragma once

#include <cstdint>

#include <map>
#include <optional>
#include <string>

namespace busproof::models {

using Message = std::uint32_t;  ///< 1..
using Holder = std::uint32_t;   ///< A session.

/// What a step broke: its published name and a sentence.
struct Broken {
  std::string finding;
  std::string says;
};

class QueueModel {
 public:
  /// `attempts_max`: deliveries after which a message that comes back may be dead instead.
  explicit QueueModel(std::int64_t attempts_max) : attempts_max_(attempts_max) {}

  /// A publish was answered; acceptance order is the order of these calls.
  void accepted(Message message, std::int64_t priority);

  /// A publish that may or may not have been accepted.
  void maybe_accepted(Message message, std::int64_t priority);

  /// From here on every message that is ready now was waiting when the next delivery was chosen.
  void credit_given();

  /// A delivery came.
  std::optional<Broken> delivered(Message message, Holder holder, std::int32_t attempt);

  /// A settling was answered; `certain` is false where the answer never came.
  void acked(Message message, bool certain);
  void handed_back(Message message, bool certain);

  /// The connection ended: what it held comes back.
  void ended(Holder holder);

  /// A message that must still come, if there is one. Call it when all has been drained.
  [[nodiscard]] std::optional<Message> owed() const;

 private:
  enum class State : std::uint8_t {
    ready,      ///< Certainly waiting.
    returning,  ///< Will be waiting; perhaps it is already.
    held,       ///< Leased to `holder`.
    uncertain,  ///< May come or may be gone.
    settled,    ///< Must never come again.
  };
  struct Entry {
    std::int64_t priority = 0;
    std::uint64_t order = 0;
    State state = State::ready;
    bool before_credit = false;  ///< It was ready when credit was last given.
    bool fresh = true;           ///< Never delivered.
    Holder holder = 0;
    std::int32_t attempt = 0;
  };
  void come_back(Entry& entry);
  [[nodiscard]] std::optional<Broken> overtaken(Message message, const Entry& entry) const;

  std::int64_t attempts_max_;
  std::uint64_t accepted_ = 0;
  std::map<Message, Entry> entries_;
};

}  // namespace busproof::models
