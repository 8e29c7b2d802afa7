// View: a history read as operations and deliveries instead of single events. What judges look at.
//
// Threads: immutable once made.
// Errors:  an answer without its invoke, or a detail that is no JSON object, is ignored here: both
//          can only come from a history that somebody wrote by hand.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/iterator/indirect_iterator.hpp>
#include <boost/json/object.hpp>
#include <boost/range/iterator_range.hpp>

#include "suites/history/history.hpp"

namespace busproof::history {

inline constexpr Time kNever = Time::max();

/// A request and its answer. `outcome` is info where none came.
struct Operation {
  Action action = Action::call;
  std::uint32_t number = 0, session = 0, message = 0, subscription = 0, delivery = 0;
  Text destination = 0;
  std::int64_t amount = 0;
  Time invoked{};
  Time answered = kNever;
  Phase outcome = Phase::info;
  std::string error;             ///< Error kind; empty when ok.
  boost::json::object asked;     ///< Detail of the invoke.
  boost::json::object said;      ///< Detail of the answer.
  std::size_t invoke_index = 0;  ///< Into History::events.
  std::size_t answer_index = 0;  ///< The same as invoke_index where no answer came.

  [[nodiscard]] bool ok() const { return outcome == Phase::ok; }
};

/// A bus/deliver that came.
struct Delivery {
  Time at{};
  std::uint32_t session = 0, subscription = 0, delivery = 0, message = 0;
  std::int32_t attempt = 0;
  boost::json::object said;
  std::size_t index = 0;
};

/// Any other note.
struct Note {
  Time at{};
  Action action = Action::mark;
  std::uint32_t session = 0, message = 0;
  std::int64_t amount = 0;
  std::string name;
  boost::json::object said;
  std::size_t index = 0;
};

template <typename Seen>
using Picked = boost::iterator_range<
    boost::indirect_iterator<typename std::vector<const Seen*>::const_iterator>>;

/// Some of the operations, in the order of their invocation; some of the deliveries, in that of
/// their receipt.
using Operations = Picked<Operation>;
using Deliveries = Picked<Delivery>;

class View {
 public:
  explicit View(const History& history);
  View(const View&) = delete;  // Its indexes point into it.
  View& operator=(const View&) = delete;

  [[nodiscard]] const History& history() const { return *history_; }

  /// Operations of that action in the order of their invocation.
  [[nodiscard]] std::span<const Operation> operations(Action action) const;

  /// Those of that action on that delivery, or on that message; none for number 0.
  [[nodiscard]] Operations on_delivery(Action action, std::uint32_t delivery) const;
  [[nodiscard]] Operations on_message(Action action, std::uint32_t message) const;

  [[nodiscard]] std::span<const Delivery> deliveries() const { return deliveries_; }

  [[nodiscard]] std::span<const Note> notes() const { return notes_; }

  /// Those of that message, queues' and topics'; none for number 0.
  [[nodiscard]] Deliveries deliveries_of(std::uint32_t message) const;

  /// Those of that session; none for number 0.
  [[nodiscard]] std::span<const Note* const> notes_of(std::uint32_t session) const;

  /// The publish of that message, or null.
  [[nodiscard]] const Operation* publish_of(std::uint32_t message) const;

  /// The subscribe that made that subscription, or null.
  [[nodiscard]] const Operation* subscribe_of(std::uint32_t subscription) const;

  /// Every mark of that name, in order.
  [[nodiscard]] std::span<const Note> marks(std::string_view name) const;

  /// Whether there is a mark of that name for that message.
  [[nodiscard]] bool is_marked(std::string_view name, std::uint32_t message) const;

  /// When the last request was invoked that the bus had answered on that connection by `until`: the
  /// bus certainly still knew the connection then. Zero where there is none.
  [[nodiscard]] Time last_known(std::uint32_t session, Time until) const;

  /// How much time passed for the bus from `from` to `to`, at least and at most: the harness' own,
  /// and what ctl/clock added in between for certain or maybe. What a restart does to an added time
  /// is the target's: it hands it on.
  [[nodiscard]] Time passed_at_least(Time from, Time to) const;
  [[nodiscard]] Time passed_at_most(Time from, Time to) const;

  /// The earliest instant at which `span` can have passed for the bus since `from`.
  [[nodiscard]] Time earliest_after(Time from, Time span) const;

  /// The longest time, within [from, to], for which the machine stood still.
  [[nodiscard]] Time longest_stall(Time from, Time to) const;

 private:
  void add(const Event& event, std::size_t index);
  void add_answer(const Event& event, std::size_t index);
  void index_operations();

  /// The answers of a session in order of time, each with the latest invocation up to it.
  using Signs = std::vector<std::pair<Time, Time>>;
  /// By action and number.
  using Numbered = std::unordered_map<std::uint64_t, std::vector<const Operation*>>;
  static Operations found(const Numbered& all, Action action, std::uint32_t number);

  const History* history_;
  std::map<Action, std::vector<Operation>> operations_;
  std::map<std::uint32_t, std::pair<Action, std::size_t>> by_number_;
  std::map<std::uint32_t, std::size_t> publishes_, subscribes_;
  std::vector<Delivery> deliveries_;
  std::vector<Note> notes_;
  Numbered on_delivery_, on_message_;
  std::unordered_map<std::uint32_t, std::vector<const Delivery*>> deliveries_of_;
  std::unordered_map<std::uint32_t, std::vector<const Note*>> notes_of_;
  std::map<std::string, std::vector<Note>, std::less<>> marks_;
  std::map<std::string, std::set<std::uint32_t>, std::less<>> marked_;
  std::vector<const Note*> stalls_;
  std::unordered_map<std::uint32_t, Signs> signs_;
};

/// A member of a detail: its number, its text, or the given default where it is absent.
std::int64_t number_of(const boost::json::object& detail, std::string_view key,
                       std::int64_t otherwise = 0);
std::string text_of(const boost::json::object& detail, std::string_view key);

}  // namespace busproof::history
