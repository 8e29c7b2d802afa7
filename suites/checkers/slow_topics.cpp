#include "suites/checkers/slow_topics.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/slow.hpp"
#include "suites/checkers/subscribers.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

// No limit is declared for how soon a live message comes: what a person would call never.
constexpr Time kNeverCame = std::chrono::seconds(5);
constexpr Time kStarvedHarness = std::chrono::seconds(1);
// Less lies in the sockets' own buffers, and the bus never notices.
constexpr std::int64_t kMuchBytes = 8'000'000;
// For so long a bus keeps its last word for who reads nothing.
constexpr Time kWordWaits = std::chrono::seconds(10);
// After it a subscription that reads again has what there was.
constexpr Time kCaughtUp = std::chrono::seconds(2);

/// One session that read nothing, its topics and all others'.
struct Case {
  Stop stop;
  std::vector<Subscriber> its, others;
};

std::vector<Case> cases(const View& view) {
  std::vector<Case> found;
  const auto all_stops = stops(view);
  for (const Stop& stop : all_stops) {
    Case one{.stop = stop, .its = {}, .others = {}};
    for (const Subscriber& subscriber : topic_subscribers(view)) {
      if (subscriber.certain_from == kNever) continue;
      const bool reads = std::none_of(all_stops.begin(), all_stops.end(), [&](const Stop& other) {
        return other.session == subscriber.session();
      });
      if (subscriber.session() == stop.session && subscriber.certain_from < stop.from)
        one.its.push_back(subscriber);
      if (reads) one.others.push_back(subscriber);
    }
    if (!one.its.empty()) found.push_back(one);
  }
  return found;
}

bool any_asks(const View& view, const contract::Claims& claims, const std::vector<Subscriber>& all,
              history::Text destination) {
  return std::any_of(all.begin(), all.end(), [&](const Subscriber& subscriber) {
    return asks_for(view, claims, subscriber, destination) == true;
  });
}

/// What others publish to the topics of who reads nothing, meanwhile.
std::vector<const Operation*> flood(const View& view, const contract::Claims& claims,
                                    const Case& one) {
  std::vector<const Operation*> found;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.session != one.stop.session && is_to_topics(publish) &&
        publish.invoked > one.stop.from && publish.invoked < one.stop.until &&
        any_asks(view, claims, one.its, publish.destination))
      found.push_back(&publish);
  return found;
}

/// The note by which the bus ended something of that session while it read nothing, or later.
std::optional<Note> bus_closed(const View& view, const Case& one) {
  for (const Note& note : view.notes())
    if (note.session == one.stop.session && note.at > one.stop.from &&
        note.action == Action::closed)
      return note;
  return std::nullopt;
}

std::optional<Note> bus_disconnected(const View& view, const Case& one) {
  for (const Note& note : view.notes())
    if (note.session == one.stop.session && note.at > one.stop.from &&
        note.action == Action::disconnected && text_of(note.said, "by") == "bus")
      return note;
  return std::nullopt;
}

/// Whether enough was left unread for the bus to notice.
bool was_much(const View& view, const contract::Claims& claims, const Case& one) {
  if (bus_closed(view, one) || bus_disconnected(view, one)) return true;
  std::int64_t bytes = 0;
  for (const Operation* publish : flood(view, claims, one))
    if (publish->ok()) bytes += number_of(publish->asked, "size");
  return bytes >= kMuchBytes;
}

using Came = std::map<std::pair<std::uint32_t, std::uint32_t>, const Delivery*>;

/// By subscription and message, the first.
Came first_deliveries(const View& view) {
  Came came;
  for (const Delivery& delivery : view.deliveries())
    came.try_emplace({delivery.subscription, delivery.message}, &delivery);
  return came;
}

bool is_owed(const View& view, const contract::Claims& claims, const Subscriber& subscriber,
             const Operation& publish) {
  return publish.ok() && text_of(publish.asked, "mode") == "topic" &&
         subscriber.certain_from < publish.invoked && subscriber.certain_to > publish.answered &&
         asks_for(view, claims, subscriber, publish.destination) == true;
}

/// Whether everybody who reads had all that was accepted before that publish.
bool all_had_theirs(const View& view, const contract::Claims& claims, const Case& one,
                    const Came& came, const Operation& before) {
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!is_to_topics(publish) || publish.number == before.number ||
        publish.invoked > before.invoked)
      continue;
    if (publish.answered > before.invoked) return false;  // Several under way.
    for (const Subscriber& other : one.others) {
      if (!is_owed(view, claims, other, publish)) continue;
      const auto found = came.find({other.number(), publish.message});
      if (found == came.end() || found->second->at > before.invoked) return false;
    }
  }
  return true;
}

/// The first of a row of refusals, when nobody else had anything to catch up with, that lasts.
const Operation* refused_throughout(const View& view, const contract::Claims& claims,
                                    const Case& one, const Came& came) {
  const Operation* first = nullptr;
  for (const Operation* publish : flood(view, claims, one)) {
    if (publish->ok()) first = nullptr;
    if (publish->error != "backpressure") continue;
    if (first == nullptr && all_had_theirs(view, claims, one, came, *publish)) first = publish;
    if (first != nullptr &&
        publish->invoked >
            first->answered + kNeverCame + own_delay(view, first->invoked, publish->answered))
      return first;
  }
  return nullptr;
}

/// The answer of something that session asked after `after`, or null.
const Operation* sign_of_life(const View& view, std::uint32_t session, Time after) {
  for (const Action action : {Action::publish, Action::subscribe, Action::unsubscribe})
    for (const Operation& sign : view.operations(action))
      if (sign.ok() && sign.session == session && sign.invoked > after) return &sign;
  return nullptr;
}

Judgement starved(const Case& one, const Operation& publish, const Subscriber& other,
                  std::size_t event) {
  return Judgement::violated(
      "others_starved",
      fmt::format("Message m{} did not come on subscription s{} within {} s while another "
                  "subscriber of its topic read nothing.",
                  publish.message, other.number(),
                  std::chrono::duration_cast<std::chrono::seconds>(kNeverCame).count()),
      {one.stop.index, publish.invoke_index, publish.answer_index, event});
}

/// Judges what one publish owes to one who reads; how much was judged.
Judgement judge_copy(const View& view, const Case& one, const Came& came, const Operation& publish,
                     const Subscriber& other) {
  const Time latest = publish.answered + kNeverCame +
                      own_delay(view, publish.invoked, publish.answered + kNeverCame);
  const auto found = came.find({other.number(), publish.message});
  if (found != came.end() && found->second->at <= latest)
    return Judgement::met(found->second->at < one.stop.until ? 1 : 0);
  if (latest > one.stop.until) return Judgement::met(0);
  if (found != came.end()) return starved(one, publish, other, found->second->index);
  const Operation* sign = sign_of_life(view, other.session(), latest);
  if (sign != nullptr && sign->answered < one.stop.until && sign->answered < other.certain_to)
    return starved(one, publish, other, sign->answer_index);
  return Judgement::met(0);
}

/// Whether the kind is one of those that can be the reason.
bool says_why(std::string_view kind) {
  // Its own buffer, or that of a store or broker behind it, or something that it does not know.
  constexpr std::array<std::string_view, 3> kReasons = {"backpressure", "store_unavailable",
                                                        "internal"};
  return std::find(kReasons.begin(), kReasons.end(), kind) != kReasons.end();
}

/// What shows that nothing comes on a subscription any more, though it reads again: an answer long
/// after a publish. Nothing: something came, or it cannot be told.
std::optional<std::size_t> deaf(const View& view, const contract::Claims& claims, const Case& one,
                                const Subscriber& subscriber, const Came& came) {
  const Operation* last = nullptr;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!publish.ok() || !is_to_topics(publish) || publish.invoked < one.stop.until + kCaughtUp ||
        asks_for(view, claims, subscriber, publish.destination) != true)
      continue;
    if (came.contains({subscriber.number(), publish.message})) return std::nullopt;
    if (last == nullptr) last = &publish;
  }
  if (last == nullptr) return std::nullopt;
  const Time late = last->answered + kNeverCame + own_delay(view, last->invoked, kNever);
  const Operation* sign = sign_of_life(view, subscriber.session(), late);
  if (sign == nullptr || sign->answered > subscriber.certain_to) return std::nullopt;
  return sign->answer_index;
}

/// Whether something that was published after it read again came.
bool lives_on(const View& view, const Case& one, const Subscriber& subscriber) {
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(), [&](const Delivery& delivery) {
    const Operation* publish = view.publish_of(delivery.message);
    return delivery.subscription == subscriber.number() && publish != nullptr &&
           publish->invoked > one.stop.until;
  });
}

Judgement untold(const Case& one, const Subscriber& subscriber, std::size_t event) {
  return Judgement::violated(
      "untold",
      fmt::format(
          "Subscription s{} had read nothing for a while, and was ended without bus/closed.",
          subscriber.number()),
      {subscriber.subscribe->invoke_index, one.stop.index, event});
}

}  // namespace

Judgement judge_topic_others(const View& view, const contract::Claims& claims) {
  const Came came = first_deliveries(view);
  std::uint64_t judged = 0;
  for (const Case& one : cases(view)) {
    for (const Operation* publish : flood(view, claims, one)) {
      if (publish->error == "no_answer" &&
          view.longest_stall(publish->invoked, kNever) < kStarvedHarness)
        return Judgement::violated(
            "publisher_stalled",
            fmt::format("The publish of m{} was never answered while a subscriber of its topic "
                        "read nothing.",
                        publish->message),
            {one.stop.index, publish->invoke_index, publish->answer_index});
    }
    if (const Operation* refused = refused_throughout(view, claims, one, came); refused != nullptr)
      return Judgement::violated(
          "publisher_refused",
          fmt::format("Publishes were refused with backpressure from m{} on, though everybody but "
                      "one who read nothing had all there was.",
                      refused->message),
          {one.stop.index, refused->invoke_index, refused->answer_index});
    std::uint64_t on_time = 0;
    for (const Operation* publish : flood(view, claims, one))
      for (const Subscriber& other : one.others) {
        if (!is_owed(view, claims, other, *publish)) continue;
        Judgement copy = judge_copy(view, one, came, *publish, other);
        if (copy.verdict() == contract::Verdict::violated) return copy;
        on_time += copy.judged();
      }
    if (was_much(view, claims, one)) judged += on_time;
  }
  return Judgement::met(judged);
}

Judgement judge_topic_told(const View& view, const contract::Claims& claims) {
  const Came came = first_deliveries(view);
  std::uint64_t judged = 0;
  for (const Case& one : cases(view)) {
    if (one.stop.left) continue;
    const auto closed = bus_closed(view, one);
    const auto ended = bus_disconnected(view, one);
    if (closed && !says_why(text_of(closed->said, "kind")))
      return Judgement::violated(
          "wrong_kind",
          fmt::format("Who had read nothing was cut off with bus/closed of kind \"{}\", which does "
                      "not say why.",
                      text_of(closed->said, "kind")),
          {one.stop.index, closed->index});
    for (const Subscriber& subscriber : one.its) {
      if (closed) {
        ++judged;
      } else if (ended) {
        if (one.stop.until - one.stop.from < kWordWaits && ended->at > one.stop.until)
          return untold(one, subscriber, ended->index);
      } else if (const auto proof = deaf(view, claims, one, subscriber, came)) {
        return untold(one, subscriber, *proof);
      } else if (lives_on(view, one, subscriber) && was_much(view, claims, one)) {
        ++judged;
      }
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
