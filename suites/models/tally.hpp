// A model of what one group of a destination holds, for counting: each copy is in one state, and
// where nobody can know in which, in any of a few.
//
// Instants are bounds: what a bus does by itself (a lease, a delay, a time to live ending) happens
// somewhere between the earliest and the latest that are right.
//
// Threads: values only.
// Source:  rules STA-1, STA-2.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace busproof::models {

/// What a copy can be counted as.
enum class Fate : std::uint8_t { ready, leased, delayed, dead, acked, expired, deleted };
inline constexpr std::size_t kFates = 7;

/// The numbers that are right lie in [least, most].
struct Bounds {
  std::int64_t least = 0, most = 0;
  void add(bool certain) {
    least += certain ? 1 : 0;
    ++most;
  }
};

/// A moment that is only known to lie between two instants.
struct Span {
  std::chrono::nanoseconds from{}, to{};
};

class Tally {
 public:
  using Message = std::uint32_t;
  using Holder = std::uint32_t;

  struct Rules {
    std::int64_t attempts_max = INT64_MAX;
    bool dead_letters = true;    ///< Else a used-up message is deleted.
    bool keeps_leases = false;   ///< A lease outlives its holder.
    bool release_counts = true;  ///< What a holder gave back by going was an attempt.
    bool expires_to_dead = false;
  };
  explicit Tally(Rules rules) : rules_(rules) {}

  /// `certain`: the message was accepted for this group without doubt. `due`: when its delay is
  /// over, `ends`: when it expires, where it has either.
  void accepted(Message message, bool certain, std::optional<Span> due, std::optional<Span> ends);

  /// A delivery came; its lease ends within `ends` unless something ends it before.
  void delivered(Message message, Holder holder, Span ends);

  void acked(Message message, bool certain);

  /// Rejected: for good where `due` is nothing, else to be ready again within it; at once where
  /// both its ends lie in the past.
  void rejected(Message message, bool certain, std::optional<Span> due, Span at);

  /// The holder went: what it held is ready again, or a dead letter.
  void went(Holder holder, Span at);

  void deleted(Message message, bool certain);
  void redriven(Message message, Span at);
  void purged(Message message, Span at);

  /// The group ends: what it was owed counts as deleted.
  void forgotten();

  /// Lets time do what it does by a moment within `at`; what is counted is counted then.
  void until(Span at);

  [[nodiscard]] Bounds count(Fate fate) const;
  [[nodiscard]] Bounds accepted() const;

  /// How often a copy became a dead letter.
  [[nodiscard]] Bounds deaths() const;

 private:
  using Fates = unsigned;
  struct Copy {
    bool certain = true;
    Fates fates = 0;
    Holder holder = 0;
    std::int64_t attempts = 0, unseen = 0;
    Span lease{}, due{};
    std::optional<Span> ends;
    Bounds deaths;
  };
  void pass(Copy& copy, Span at) const;
  void come_back(Copy& copy, std::optional<Span> due, Span at, bool counts) const;
  void die(Copy& copy, Fates& to, bool certain) const;
  Copy* find(Message message);

  Rules rules_;
  std::map<Message, Copy> copies_;
};

}  // namespace busproof::models
