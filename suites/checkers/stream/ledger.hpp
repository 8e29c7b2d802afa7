// Ledger: what one pass over a history has to remember, for checkers that are fed an event at a
// time. It decides nothing.
//
// Events must come in order of time. What is kept grows with the messages (about 150 bytes each)
// and not with the events. Instants that the bus chose are kept as bounds in its favour.
//
// Threads: one.
// Source:  groups.hpp, which says the same of a history that is all there.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "suites/checkers/stream/paged.hpp"
#include "suites/contract/claims.hpp"
#include "suites/history/history.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers::stream {

using history::Event;
using history::kNever;
using history::Text;
using history::Time;

/// Looks texts up; valid as long as what it was read from.
using Texts = std::vector<std::string_view>;

/// Milliseconds, where millions are kept.
using Brief = std::chrono::duration<std::int32_t, std::milli>;

enum class Fate : std::uint8_t { unknown, accepted, refused, in_doubt };

struct Message {
  Time asked = kNever, answered = kNever;
  Brief ttl{}, delay{};  ///< Zero: none of its own.
  std::uint32_t asked_index = 0;
  std::uint32_t session = 0;
  Text destination = 0;
  std::int32_t priority = 0;
  std::uint32_t first_copy = 0, first_group = 0;  ///< Of the first group that it came to; from 1.
  Fate fate = Fate::unknown;
  bool topic = false, delivered = false, fence = false;
  bool removed = false;   ///< Nobody is owed it: deleted, damaged, used up, or another's repeat.
  bool repeated = false;  ///< Its event was published again: a refusal may have been of that.
  bool ranked = true;     ///< Its priority is known.
};

/// A message in a group that it has come to at least once.
struct Copy {
  Time first_at{}, last_at{};
  Time start{};                ///< The earliest at which the last lease can have begun.
  Time settle_asked = kNever;  ///< Of the last delivery.
  Time acked_at = kNever;      ///< Answered, while its lease certainly held.
  std::uint32_t last_index = 0, acked_index = 0;
  std::uint32_t last_delivery = 0, last_subscription = 0;
  std::uint32_t acked_delivery = 0, acked_subscription = 0;
  std::int32_t attempt = 0, acked_attempt = 0;
  bool extended = false;  ///< The last one's lease was moved: nothing is known of its end.
};

struct Session {
  Time last_sign{};     ///< When the last request that was answered had been made.
  Time left = kNever;   ///< When we may have been seen to go.
  Time ended = kNever;  ///< When its end was seen.
  bool ended_by_bus = false, clean = true;
};

struct Subscription {
  std::uint32_t session = 0, group = 0;  ///< Group from 1; 0: a topic.
  Text destination = 0;
  Time asked{};
  Time answered = kNever;
  Time unsubscribe_asked = kNever, unsubscribed = kNever;
  std::optional<Time> lease;
  std::deque<Time> room;   ///< When place for each delivery that is to come was made.
  bool room_known = true;  ///< No lease can have ended and made place unseen.
  struct Held {
    std::uint32_t copy, delivery;
    Time until;  ///< Its lease lasts to then at least.
  };
  std::vector<Held> held;    ///< Delivered and, when last looked at, not settled.
  Time look_again = kNever;  ///< The first of those instants.
  bool pattern = false;
};

struct Group {
  Text destination = 0;
  std::string name;
  Time exists_from = kNever;  ///< Zero: every publish to the destination reaches it.
  std::vector<std::uint32_t> members;
};

/// A delivery as it comes, with what was known before it.
struct Came {
  const Event& event;
  std::uint32_t index;
  const Message* message;  ///< Null: nobody published it.
  const Subscription* subscription;
  const Copy* before;  ///< Null: the first to this group, or no queue's.
  const Group* group;  ///< Null: a topic's.
  Time handed_out{};   ///< The earliest at which it can have been sent.
};

class Ledger {
 public:
  explicit Ledger(const contract::Claims& claims);

  [[nodiscard]] const contract::Claims& claims() const { return claims_; }
  [[nodiscard]] Time granularity() const { return granularity_; }

  /// Before any checker sees a delivery: what is known of it. add() must follow.
  Came came(const Event& event, std::uint32_t index);

  /// Takes note of an event.
  void add(const Event& event, std::uint32_t index, const Texts& texts);

  [[nodiscard]] const Message* message(std::uint32_t number) const;
  [[nodiscard]] const Subscription* subscription(std::uint32_t number) const;
  [[nodiscard]] const Session& session(std::uint32_t number) const;
  [[nodiscard]] const Copy* copy(std::uint32_t message, std::uint32_t group) const;
  [[nodiscard]] const Paged<Message>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<std::uint32_t>& fences() const { return fences_; }

  /// The earliest at which the lease that `copy` was last delivered under can have ended by its
  /// term, the end of its connection or of the bus.
  [[nodiscard]] Time earliest_end(const Copy& copy) const;

  /// Whether the bus certainly sent the last delivery of `copy` before this one.
  [[nodiscard]] bool sent_in_order(const Copy& copy, const Came& came) const;

  /// The last instant at which the bus went and may rightly have forgotten what it had accepted.
  [[nodiscard]] Time forgot_at() const { return forgot_at_; }

  /// The last instant at which ctl/clock may have moved the bus' time: never over while one is
  /// under way or in doubt. What a message of before then still has to live is not known here.
  [[nodiscard]] Time clock_moved() const { return clock_moved_; }
  /// Whether the bus was given data that holds messages which nobody published here.
  [[nodiscard]] bool older_data() const { return older_data_; }
  [[nodiscard]] Time stalled() const { return stalled_; }  ///< The longest stall so far.

 private:
  void on_publish(const Event& event, std::uint32_t index, const Texts& texts);
  void on_repeat(std::uint32_t first, std::uint32_t again);
  void on_subscribe(const Event& event, const Texts& texts);
  void on_settle(const Event& event, std::uint32_t index);
  void on_credit(const Event& event);
  void on_note(const Event& event, const Texts& texts);
  void on_control(const Event& event, const Texts& texts) {
    if (event.phase == history::Phase::invoke &&
        texts[event.detail].find("\"ctl/clock\"") != std::string_view::npos) {
      clock_op_ = event.op;
      clock_moved_ = kNever;
    } else if (event.op == clock_op_ && event.phase != history::Phase::info) {
      clock_moved_ = event.at;
    }
  }
  void on_delivery(const Event& event, std::uint32_t index);
  void answered(const Event& event);
  void group_exists(Subscription& made);
  std::uint32_t group_of(Text destination, std::string_view name);
  [[nodiscard]] std::uint32_t copy_number(std::uint32_t message, std::uint32_t group) const;
  std::uint32_t number_copy(std::uint32_t message, std::uint32_t group);
  [[nodiscard]] Time started(const Came& came) const;
  void watch_room(Subscription& subscription, Time now);

  contract::Claims claims_;
  Time granularity_, lease_default_{};
  std::optional<std::int64_t> priority_default_;
  std::int64_t credit_default_ = -1;
  std::optional<std::int64_t> attempts_max_;  // After which nothing is left of a message.
  Paged<Message> messages_;                   // by number - 1
  std::vector<Subscription> subscriptions_;   // by number - 1
  std::vector<Session> sessions_;             // by number - 1
  std::vector<Group> groups_;                 // by number - 1
  Paged<Copy> copies_;                        // by number - 1
  Paged<std::uint32_t> copy_of_delivery_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> more_copies_;
  boost::unordered_flat_map<Text, Time> first_accepted_;  // by destination
  std::array<std::pair<std::uint32_t, Time>, 4096> under_way_{};
  std::vector<std::uint32_t> fences_;
  std::optional<Came> pending_;
  Time bus_ended_{-1}, redriven_{-1}, forgot_at_{-1};  // Before all times: never.
  Time clock_moved_{-1};
  std::uint32_t clock_op_ = 0;
  bool older_data_ = false;
  Time stalled_{};
};

}  // namespace busproof::checkers::stream
