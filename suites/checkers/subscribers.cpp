#include "suites/checkers/subscribers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"
#include "suites/models/patterns.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

// How long a bus may take a connection that was closed for one that is there, at the least: its
// limit for that is counts_settle_ms, which is meant for counts on a machine that is not loaded.
constexpr Time kLeaves = std::chrono::milliseconds(5000);

struct Bounds {
  std::int64_t least = 0, most = 0;
  bool open = false;  ///< A pattern that may or may not match.
};

/// How many subscriptions the publish can have reached.
Bounds reached(const View& view, const contract::Claims& claims,
               const std::vector<Subscriber>& subscribers, const Operation& publish) {
  Bounds bounds;
  for (const Subscriber& subscriber : subscribers) {
    if (subscriber.possible_from > publish.answered || subscriber.possible_to < publish.invoked)
      continue;
    const auto asks = asks_for(view, claims, subscriber, publish.destination);
    bounds.open = bounds.open || !asks;
    if (asks == false) continue;
    ++bounds.most;
    if (asks == true && subscriber.certain_from < publish.invoked &&
        subscriber.certain_to > publish.answered)
      ++bounds.least;
  }
  return bounds;
}

Judgement miscounted(const Operation& publish, std::int64_t told, const Bounds& bounds) {
  return Judgement::violated(
      "wrong_count",
      fmt::format("Publish of m{} told {} receivers; between {} and {} subscriptions match.",
                  publish.message, told, bounds.least, bounds.most),
      {publish.invoke_index, publish.answer_index});
}

std::int64_t receivers_told(const Operation& publish) {
  return number_of(publish.said, "receivers", -1);
}

/// Refusals that have nothing to do with who listens.
bool is_overload(std::string_view error) {
  constexpr std::array<std::string_view, 7> kOverload = {
      "disconnected", "rate_limited", "backpressure", "store_unavailable",
      "breaker_open", "closed",       "no_answer"};
  return std::find(kOverload.begin(), kOverload.end(), error) != kOverload.end();
}

/// When the connection of a subscriber was certainly over, by our own clean doing; or nothing.
std::optional<history::Note> left(const View& view, const Subscriber& subscriber) {
  for (const history::Note& note : view.notes())
    if (note.action == Action::disconnected && note.session == subscriber.session() &&
        text_of(note.said, "by") == "us" &&
        (number_of(note.said, "code") == 1000 || view.history().header.over_lines))
      return note;
  return std::nullopt;
}

Time settles(const contract::Claims& claims) {
  return std::max<Time>(kLeaves,
                        std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms")));
}

/// What a bus told of the live subscriptions of one destination, by publish or by statistics.
struct Told {
  const Operation* operation;
  std::int64_t count;
};

/// After the subscriber has left, the last to be told must not count it, nor must any that was
/// asked for when it was long gone. `most` is how many others there may be.
template <typename Most>
Judgement judge_left(const View& view, const Subscriber& gone, const history::Note& end,
                     const std::vector<Told>& told, Most most, Time settled) {
  std::uint64_t judged = 0;
  const Time over = end.at + settled;
  for (const Told& one : told) {
    if (one.operation->invoked < end.at) continue;
    const bool counts_it = one.count > most(*one.operation);
    if (!counts_it) ++judged;
    if (counts_it && one.operation->invoked > over + own_delay(view, end.at, over))
      return Judgement::violated(
          "still_counted",
          fmt::format("Subscription s{} had left {:.0f} ms before, and is counted among {}.",
                      gone.number(), millis(one.operation->invoked - end.at), one.count),
          {end.index, one.operation->invoke_index, one.operation->answer_index});
  }
  return Judgement::met(judged);
}

/// How many other subscriptions may have been counted: those that left not long before, too.
std::int64_t others_than(const View& view, const contract::Claims& claims,
                         const std::vector<Subscriber>& subscribers, const Subscriber& gone,
                         const Operation& asked) {
  return std::count_if(subscribers.begin(), subscribers.end(), [&](const Subscriber& other) {
    const auto end = left(view, other);
    return other.number() != gone.number() && other.possible_from < asked.answered &&
           other.possible_to > asked.invoked &&
           !(end && end->at + settles(claims) < asked.invoked) &&
           asks_for(view, claims, other, gone.subscribe->destination).value_or(true);
  });
}

bool has_queue(const View& view, history::Text destination) {
  const auto all = view.operations(Action::subscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& subscribe) {
    return subscribe.destination == destination && text_of(subscribe.asked, "mode") != "topic";
  });
}

/// The subscribers of the exact name of that statistic's destination, as told.
std::int64_t subscribers_told(const Operation& stats, const std::string& destination) {
  const auto* destinations = stats.said.if_contains("destinations");
  if (destinations == nullptr || !destinations->is_object()) return 0;
  const auto* entry = destinations->get_object().if_contains(destination);
  if (entry == nullptr || !entry->is_object()) return 0;
  return number_of(entry->get_object(), "subscribers", 0);
}

/// Statistics asked of that destination, and answered.
std::vector<Told> statistics(const View& view, const std::string& destination) {
  std::vector<Told> told;
  for (const Operation& call : view.operations(Action::call)) {
    if (!call.ok() || text_of(call.asked, "method") != "bus/stats") continue;
    const auto* params = call.asked.if_contains("params");
    if (params == nullptr || !params->is_object() ||
        text_of(params->get_object(), "destination") != destination)
      continue;
    told.push_back({&call, subscribers_told(call, destination)});
  }
  return told;
}

}  // namespace

std::vector<Subscriber> topic_subscribers(const View& view) {
  std::vector<Subscriber> found;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (text_of(subscribe.asked, "mode") != "topic" || subscribe.outcome == Phase::fail) continue;
    Subscriber made{.subscribe = &subscribe,
                    .pattern = subscribe.asked.contains("pattern"),
                    .possible_from = subscribe.invoked};
    if (subscribe.ok()) {
      made.certain_from = subscribe.answered;
      history::Delivery any;
      any.session = subscribe.session;
      any.subscription = subscribe.subscription;
      made.certain_to = released_early(view, any);
    }
    for (const Operation& end : view.operations(Action::unsubscribe))
      if (end.ok() && end.subscription == subscribe.subscription)
        made.possible_to = std::min(made.possible_to, end.answered);
    found.push_back(made);
  }
  return found;
}

std::optional<bool> asks_for(const View& view, const contract::Claims& claims,
                             const Subscriber& subscriber, history::Text destination) {
  if (!subscriber.pattern) return subscriber.subscribe->destination == destination;
  return models::pattern_matches(claims.trait("patterns", "grammar"),
                                 text_of(subscriber.subscribe->asked, "pattern"),
                                 view.history().text(destination));
}

bool is_to_topics(const Operation& publish) {
  const std::string mode = text_of(publish.asked, "mode");
  return mode == "topic" || mode == "both";
}

Judgement judge_receivers(const View& view, const contract::Claims& claims) {
  const auto subscribers = topic_subscribers(view);
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!publish.ok() || !is_to_topics(publish)) continue;
    const Bounds bounds = reached(view, claims, subscribers, publish);
    if (bounds.open) continue;
    const std::int64_t told = receivers_told(publish);
    if (told < bounds.least || told > bounds.most) return miscounted(publish, told, bounds);
    if (bounds.least == bounds.most && bounds.most > 0) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_nobody(const View& view, const contract::Claims& claims) {
  const auto subscribers = topic_subscribers(view);
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (text_of(publish.asked, "mode") != "topic") continue;
    const Bounds bounds = reached(view, claims, subscribers, publish);
    if (bounds.most > 0 || bounds.open) continue;
    if (publish.outcome == Phase::fail && !is_overload(publish.error))
      return Judgement::violated(
          "error_for_nobody",
          fmt::format("Publish of m{} to a topic without subscribers was refused: {}.",
                      publish.message, publish.error),
          {publish.invoke_index, publish.answer_index});
    if (!publish.ok()) continue;
    if (receivers_told(publish) != 0) return miscounted(publish, receivers_told(publish), bounds);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_left_receivers(const View& view, const contract::Claims& claims) {
  const auto subscribers = topic_subscribers(view);
  std::uint64_t judged = 0;
  for (const Subscriber& gone : subscribers) {
    const auto end = left(view, gone);
    if (!end || gone.certain_from == history::kNever || gone.pattern) continue;
    std::vector<Told> told;
    for (const Operation& publish : view.operations(Action::publish))
      if (publish.ok() && is_to_topics(publish) &&
          publish.destination == gone.subscribe->destination)
        told.push_back({&publish, receivers_told(publish)});
    const auto others = [&](const Operation& publish) {
      return others_than(view, claims, subscribers, gone, publish);
    };
    Judgement one = judge_left(view, gone, *end, told, others, settles(claims));
    if (one.verdict() == contract::Verdict::violated) return one;
    judged += one.judged();
  }
  return Judgement::met(judged);
}

Judgement judge_left_counts(const View& view, const contract::Claims& claims) {
  const auto subscribers = topic_subscribers(view);
  std::vector<Subscriber> by_name;
  std::copy_if(subscribers.begin(), subscribers.end(), std::back_inserter(by_name),
               [](const Subscriber& subscriber) { return !subscriber.pattern; });
  std::uint64_t judged = 0;
  for (const Subscriber& gone : subscribers) {
    const auto end = left(view, gone);
    if (!end || gone.certain_from == history::kNever || gone.pattern) continue;
    if (has_queue(view, gone.subscribe->destination)) continue;  // Its members count as well.
    const auto told = statistics(view, view.history().text(gone.subscribe->destination));
    const bool was_counted = std::any_of(told.begin(), told.end(), [&](const Told& one) {
      return one.operation->answered < end->at && one.count > 0;
    });
    if (!was_counted) continue;  // It cannot go back to zero.
    const auto others = [&](const Operation& stats) {
      return others_than(view, claims, by_name, gone, stats);
    };
    Judgement one = judge_left(view, gone, *end, told, others, settles(claims));
    if (one.verdict() == contract::Verdict::violated) return one;
    judged += one.judged();
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
