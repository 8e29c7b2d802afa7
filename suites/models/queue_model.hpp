// A model of one queue group with priorities, stepped through what was seen of a bus.
//
// Where a bus may rightly choose, the model keeps every possibility: a message handed back by a
// reject or by the end of a connection is ready at some moment that nobody sees (`returning`), and
// one whose publish or settling was never answered, or whose attempts are used up, may be gone
// (`uncertain`). Instants are bounds in favour of the bus.
//
// More lenient than need be: what returns is never held against what was delivered instead, however
// long it has been back.
//
// Threads: values only.
// Source:  rules QUE-2, QUE-3, PRI-1, PRI-2, PRI-6.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace busproof::models {

using Message = std::uint32_t;  ///< 1..
using Holder = std::uint32_t;   ///< A subscription.
using Instant = std::chrono::nanoseconds;

/// What a step broke: its published name and a sentence.
struct Broken {
  std::string finding;
  std::string says;
};

class QueueModel {
 public:
  /// `attempts_max`: deliveries after which a message that comes back may be dead instead.
  explicit QueueModel(std::int64_t attempts_max) : attempts_max_(attempts_max) {}

  /// A publish was sent: from now on the message may come, even before the answer.
  void asked(Message message, std::int64_t priority);

  /// It was answered: the message waits, and must come once `due` is past; one that is delayed
  /// begins to wait at some moment until then.
  void accepted(Message message, bool delayed, Instant due);

  /// It was refused: the message must not come.
  void refused(Message message);

  /// It may be gone from here on: expired, deleted, or its settling was not answered.
  void in_doubt(Message message);

  /// Credit for deliveries was asked for: what is ready now waits when the next one is chosen.
  void credit_given();

  /// A delivery came at `at`, its lease to last until `held_until` at least.
  std::optional<Broken> delivered(Message message, Holder holder, std::int32_t attempt, Instant at,
                                  Instant held_until);

  /// An ack was answered while its lease certainly held.
  void acked(Message message);

  /// A reject for another try was sent, and then was answered: the message must come again once
  /// `due` is past.
  void handing_back(Message message);
  void handed_back(Message message, Instant due);

  /// The subscription ended: what it held must come again once `due` is past.
  void ended(Holder holder, Instant due);

  /// A message that had to come before `until` and did not, if there is one.
  [[nodiscard]] std::optional<Message> owed(Instant until) const;

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
    std::uint64_t accepted_before = 0;  ///< How many were accepted when this was asked for.
    std::uint64_t order = 0;            ///< In which it was accepted, from 1; 0: not known to be.
    State state = State::uncertain;
    bool before_credit = false;  ///< It was ready when credit was last asked for.
    bool may_return = false;     ///< It is held, and its reject is under way.
    Holder holder = 0;
    std::int64_t attempts = 0;
    Instant due{}, held_until{};
  };
  void come_back(Entry& entry, Instant due);
  [[nodiscard]] std::optional<Broken> overtaken(Message message, const Entry& entry) const;

  std::int64_t attempts_max_;
  std::uint64_t accepted_ = 0;
  bool chosen_ = true;  ///< A delivery came since credit was last asked for.
  std::map<Message, Entry> entries_;
};

}  // namespace busproof::models
