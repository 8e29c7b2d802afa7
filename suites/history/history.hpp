// History: what was asked of a bus and what it did, in the order in which the harness saw it.
//
// Every operation is an `invoke` and, if an answer came, one of `ok` (it happened), `fail` (it did
// not happen) or `info` (it may have happened), joined by its operation number. What the bus does
// unasked is a `note`. Judges are pure functions of a history: it can be judged again at any time.
//
// Threads: values only.
// Source:  FORMAT.md for the two file formats.
#pragma once

#include <cstdint>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "suites/history/clock.hpp"

namespace busproof::history {

enum class Phase : std::uint8_t { invoke, ok, fail, info, note };

/// What an event is about: a method of the protocol, or something seen.
enum class Action : std::uint8_t {
  hello,
  publish,
  subscribe,
  unsubscribe,
  credit,
  ack,
  reject,
  extend,
  retrieve,
  inspect,
  remove,
  pending,
  control,
  call,          ///< Any other request; `detail` says which.
  deliver,       ///< note: bus/deliver
  closed,        ///< note: bus/closed
  connected,     ///< note: a session's transport is open
  disconnected,  ///< note: a session's transport ended; `detail` {"by": "us"|"bus", "why": ...}
  breach,        ///< note: the bus sent what the protocol does not allow; `detail` says what
  mark,          ///< note: the scenario says where it is; `error` holds the mark's name
  stall,         ///< note: the machine stood still for `amount` ms; `error`: "processor" or "disk"
};

/// An index into History's texts; 0 is the empty text.
using Text = std::uint32_t;

struct Event {
  Time at{};
  Phase phase = Phase::note;
  Action action = Action::mark;
  std::uint32_t session = 0;  ///< 1.. in order of connecting; 0: none
  std::uint32_t op = 0;       ///< 1.. joins invoke and answer; 0 for notes
  std::uint32_t message = 0;  ///< 1.. in order of publishing; 0: none, or one nobody published
  Text destination = 0;
  std::uint32_t subscription = 0;  ///< 1.. in order of subscribing
  std::uint32_t delivery = 0;      ///< 1.. in order of receipt; names one delivery id
  std::int32_t attempt = 0;
  std::int64_t amount = 0;  ///< subscribe, credit: credit; extend: lease_ms; stall: ms
  Text error = 0;           ///< fail, info: error kind; mark: its name
  Text detail = 0;          ///< A JSON object with whatever else was said; may be empty
};

/// What a history is of, enough to judge it alone.
struct Header {
  std::string scenario = {};  ///< "Queue.QUE_4_redelivers_after_the_lease"
  std::uint64_t seed = 0;
  std::string claims = "{}";  ///< The result of bus/hello as JSON text.
  std::string note = {};      ///< For people.
  bool over_lines = false;    ///< How the bus was spoken to; else over a WebSocket.
};

class History {
 public:
  Header header;
  std::vector<Event> events;

  History() : texts_(1) {}

  /// The number of `text`, made if it is new.
  Text intern(std::string_view text);

  /// The text of that number.
  [[nodiscard]] const std::string& text(Text number) const { return texts_.at(number); }

  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string, Text> numbers_;
};

std::string_view to_string(Phase phase);
std::string_view to_string(Action action);
std::optional<Phase> phase_from(std::string_view word);
std::optional<Action> action_from(std::string_view word);

/// One line for people: "+1.203 s  #2 deliver m7 on d3, attempt 2".
std::string describe(const History& history, const Event& event);

}  // namespace busproof::history
