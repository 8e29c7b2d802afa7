// A model of a circuit breaker, called by one caller after the other.
//
// It is closed, open or half open, or not known: after what may have been either, nothing is judged
// until a call shows where it is. All spans of time are bounds in favour of the bus.
//
// Threads: values only.
// Source:  rules BRK-1, BRK-2, BRK-4, BRK-5, BRK-8, BRK-10.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace busproof::models {

/// How the store is while it may be called.
enum class StoreIs : std::uint8_t { well, failing, unknown };

/// What came of a call: it reached the store and did what it should, or it did not.
enum class CallWas : std::uint8_t { served, unserved, unknown };

/// What an observation speaks about.
enum class About : std::uint8_t {
  below_threshold,  ///< Closed, the store well again after one failure less than opens it.
  after_success,    ///< The same, with enough failures in all and a success among them.
  opening,          ///< The first call after the failure that opens it.
  open,             ///< A later call before its time is over.
  probing,          ///< The first calls after that.
  closed_again,     ///< Closed by its probes: calls go through again.
  counted_anew,     ///< The same, after one failure less than opens it.
  opened_again,     ///< Before the time after a failed probe is over.
  anything,         ///< Closed, with no failure to speak of.
};

class BreakerModel {
 public:
  using Span = std::chrono::microseconds;
  struct Rules {
    int failures = 1;
    Span open{};
    int closes_after = 1;
    Span slack{};                ///< How exactly time is told, on either side.
    bool probes_itself = false;  ///< When it asks the store again is then its own affair.
  };
  explicit BreakerModel(const Rules& rules) : rules_(rules) {}

  /// How much time has passed for the bus since it opened, at least and at most.
  struct Passed {
    Span least{}, most{};
  };
  struct Told {
    About about = About::anything;
    bool right = true;
    bool telling = true;  ///< A bus that is wrong in what it is about would have shown.
  };

  /// One call; `passed` counts only while it is open. Nothing where nothing can be told of it.
  std::optional<Told> call(StoreIs store, CallWas was, const Passed& passed);

  enum class Shown : std::uint8_t { closed, open, half_open };
  /// Whether it may be shown so now; nothing where it may be anything.
  [[nodiscard]] std::optional<bool> may_show(Shown shown, const Passed& passed) const;

  /// Something else has happened that may have moved it.
  void lose_track() {
    state_ = State::unknown;
    successes_ = 0;
  }

  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  /// Whether the last call has opened it, so that its time begins with that.
  [[nodiscard]] bool just_opened() const { return just_opened_; }

 private:
  enum class State : std::uint8_t { closed, open, unknown };
  std::optional<Told> call_closed(StoreIs store, CallWas was);
  std::optional<Told> call_open(StoreIs store, CallWas was, const Passed& passed);
  std::optional<Told> call_due(StoreIs store, CallWas was);
  void close(bool again);
  void open(bool again);

  Rules rules_;
  State state_ = State::closed;
  int failures_ = 0;     // in a row
  int forgiven_ = 0;     // before the last success
  int successes_ = 0;    // of probes
  bool again_ = false;   // closed by probes, or opened by one
  bool called_ = false;  // since it opened
  bool just_opened_ = false;
};

}  // namespace busproof::models
