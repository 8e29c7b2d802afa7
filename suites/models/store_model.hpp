// A model of a store whose records end: what a look at a record may find, whatever was done to it.
//
// A life begins at some instant between the publish and its answer, by the bus' own clock, which a
// control hook may have moved; all instants are bounds in favour of the bus. Nothing but deletion
// takes a record away before its end, and nothing moves that end.
//
// Threads: values only.
// Source:  rules TTL-1, TTL-2, TTL-4, TTL-8, STORE-5.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "suites/models/queue_model.hpp"

namespace busproof::models {

/// One instant: as the harness saw it, and by the bus' clock at least and at most.
struct When {
  Instant seen{};
  Instant least{}, most{};
};

class StoreModel {
 public:
  struct Rules {
    Instant granularity{};
    std::optional<Instant> grace;  ///< How late a record may go; nothing: never judged.
    bool keeps_settled = true;     ///< A record stays although its message was settled.
  };
  explicit StoreModel(const Rules& rules) : rules_(rules) {}

  /// A publish was sent; `life`: nothing where it is not known how long it is.
  void asked(Message message, const When& when, std::optional<Instant> life);

  /// It was answered: the record is there.
  void accepted(Message message, const When& when);

  /// It was refused, or what came of it is not known: nothing more is judged of it.
  void in_doubt(Message message);

  /// A request that may settle the message was sent.
  void settling(Message message);

  /// Its deletion was sent; it was answered with success.
  void removing(Message message);
  void removed(Message message, const When& when);

  /// A look, sent at `from` and answered at `to`, found the record or was told that it is gone.
  std::optional<Broken> found(Message message, const When& from);
  std::optional<Broken> gone(Message message, const When& to);

  /// A look told when it ends; `slack`: how far that may be off.
  std::optional<Broken> told_end(Message message, std::chrono::microseconds end,
                                 std::chrono::microseconds slack);

  /// How many looks have agreed with it that something else would have broken.
  [[nodiscard]] std::uint64_t judged() const { return judged_; }

 private:
  struct Record {
    When asked{}, accepted{};
    std::optional<Instant> life;
    bool known = false;   ///< It was accepted, and nothing is in doubt.
    bool may_go = false;  ///< It may be gone before its end.
    std::optional<Instant> removed_at;
    std::optional<std::chrono::microseconds> end;  ///< As first told.
    std::chrono::microseconds slack{};             ///< Of that.
  };
  Record* known(Message message);

  Rules rules_;
  std::uint64_t judged_ = 0;
  std::map<Message, Record> records_;
};

}  // namespace busproof::models
