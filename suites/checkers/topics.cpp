#include "suites/checkers/topics.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/subscribers.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/models/patterns.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// After so long a live message that has not come never will. No limit is declared for just that:
/// what a person would call never, or what the bus takes for waking and telling others, if longer.
Time silence_of(const contract::Claims& claims) {
  constexpr Time kSilence = std::chrono::seconds(5);
  return std::max({kSilence, declared(claims, "propagation_ms").value_or(kSilence),
                   declared(claims, "wakeup_ms").value_or(kSilence)});
}

/// What came on each subscription, in order of receipt.
using Came = std::map<std::uint32_t, std::vector<const Delivery*>>;

Came by_subscription(const View& view) {
  Came came;
  for (const Delivery& delivery : view.deliveries())
    came[delivery.subscription].push_back(&delivery);
  return came;
}

bool has(const std::vector<const Delivery*>& came, std::uint32_t message) {
  return std::any_of(came.begin(), came.end(),
                     [&](const Delivery* delivery) { return delivery->message == message; });
}

/// Whether the copy may be withheld: the connection has the queue as well.
bool may_be_withheld(const View& view, const Subscriber& subscriber, const Operation& publish) {
  if (text_of(publish.asked, "mode") != "both") return false;
  const auto all = view.operations(Action::subscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& other) {
    return other.session == subscriber.session() && other.destination == publish.destination &&
           text_of(other.asked, "mode") != "topic";
  });
}

bool unsubscribed(const View& view, const Subscriber& subscriber) {
  const auto all = view.operations(Action::unsubscribe);
  return std::any_of(all.begin(), all.end(),
                     [&](const Operation& end) { return end.subscription == subscriber.number(); });
}

/// Whether the subscription was owed the message for certain when it was published.
bool is_owed(const View& view, const contract::Claims& claims, const Subscriber& subscriber,
             const Operation& publish) {
  return publish.ok() && is_to_topics(publish) && subscriber.certain_from < publish.invoked &&
         subscriber.certain_to > publish.answered &&
         asks_for(view, claims, subscriber, publish.destination) == true &&
         !may_be_withheld(view, subscriber, publish);
}

/// The event that proves a message that did not come missing: the receipt of a later message of the
/// same publisher on the same topic, or an answer long after. Nothing: it may be under way.
std::optional<std::size_t> missing_by(const View& view, const contract::Claims& claims,
                                      const Subscriber& subscriber,
                                      const std::vector<const Delivery*>& came,
                                      const Operation& publish) {
  for (const Delivery* delivery : came) {
    const Operation* later = view.publish_of(delivery->message);
    if (later != nullptr && later->session == publish.session &&
        later->destination == publish.destination && later->invoked > publish.answered)
      return delivery->index;
  }
  const Time silence = silence_of(claims);
  for (const Action action : {Action::publish, Action::subscribe, Action::unsubscribe})
    for (const Operation& sign : view.operations(action))
      if (sign.ok() && sign.session == subscriber.session() &&
          sign.invoked >
              publish.answered + silence + own_delay(view, publish.answered, sign.answered) &&
          sign.answered < subscriber.certain_to)
        return sign.answer_index;
  return std::nullopt;
}

/// Judges each message that `wanted` names for each subscription that it names.
template <typename Wanted>
Judgement judge_lost(const View& view, const contract::Claims& claims, std::string_view finding,
                     Wanted wanted) {
  const Came all = by_subscription(view);
  static const std::vector<const Delivery*> kNone;
  std::uint64_t judged = 0;
  bool open = false;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    const auto found = all.find(subscriber.number());
    const auto& came = found == all.end() ? kNone : found->second;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!wanted(subscriber, publish) || !is_owed(view, claims, subscriber, publish)) continue;
      if (has(came, publish.message)) {
        ++judged;
        continue;
      }
      const auto proof = missing_by(view, claims, subscriber, came, publish);
      if (proof)
        return Judgement::violated(
            std::string(finding),
            fmt::format("Message m{} was accepted while subscription s{} lasted, and never came "
                        "there.",
                        publish.message, subscriber.number()),
            {subscriber.subscribe->answer_index, publish.invoke_index, publish.answer_index,
             *proof});
      open = open || !unsubscribed(view, subscriber);
    }
  }
  if (open)
    return Judgement::inconclusive("nothing came behind a missing message: silence proves nothing");
  return Judgement::met(judged);
}

Judgement misdelivered(const View& view, const Subscriber& subscriber, const Operation& publish,
                       const Delivery& delivery) {
  return Judgement::violated(
      "misdelivered",
      fmt::format("Message m{} of {} came on subscription s{} to {}.", publish.message,
                  view.history().text(publish.destination), subscriber.number(),
                  view.history().text(subscriber.subscribe->destination)),
      {subscriber.subscribe->invoke_index, publish.invoke_index, delivery.index});
}

/// Judges that nothing came on the subscriptions `wanted` for which they do not ask. What was
/// published and did not come counts where something came later.
template <typename Wanted>
Judgement judge_asked_for(const View& view, const contract::Claims& claims, Wanted wanted) {
  const Came all = by_subscription(view);
  std::uint64_t judged = 0;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    const auto came = all.find(subscriber.number());
    if (!wanted(subscriber) || came == all.end()) continue;
    for (const Delivery* delivery : came->second) {
      const Operation* publish = view.publish_of(delivery->message);
      if (publish != nullptr && asks_for(view, claims, subscriber, publish->destination) == false)
        return misdelivered(view, subscriber, *publish, *delivery);
    }
    const Time last = came->second.back()->at;
    for (const Operation& publish : view.operations(Action::publish))
      if (publish.ok() && is_to_topics(publish) && publish.invoked > subscriber.certain_from &&
          publish.answered < last &&
          asks_for(view, claims, subscriber, publish.destination) == false)
        ++judged;
  }
  return Judgement::met(judged);
}

bool has_pattern(const Subscriber& subscriber) { return subscriber.pattern; }

bool has_escape(const contract::Claims& claims, const Subscriber& subscriber) {
  return subscriber.pattern &&
         models::pattern_escapes(claims.trait("patterns", "grammar"),
                                 text_of(subscriber.subscribe->asked, "pattern"));
}

template <typename Wanted>
Judgement judge_patterns(const View& view, const contract::Claims& claims, Wanted wanted) {
  Judgement wrong = judge_asked_for(view, claims, wanted);
  if (wrong.verdict() == contract::Verdict::violated) return wrong;
  return judge_lost(view, claims, "lost", [&](const Subscriber& subscriber, const Operation&) {
    return wanted(subscriber);
  });
}

}  // namespace

Judgement judge_topic_lost_of(
    const View& view, const contract::Claims& claims,
    const std::function<bool(const Subscriber&, const Operation&)>& wanted) {
  return judge_lost(view, claims, "lost", wanted);
}

Judgement judge_topic_each(const View& view, const contract::Claims& claims) {
  return judge_lost(view, claims, "lost", [](const Subscriber& subscriber, const Operation&) {
    return !subscriber.pattern;
  });
}

Judgement judge_topic_once(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  const Came all = by_subscription(view);
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    const auto came = all.find(subscriber.number());
    if (came == all.end()) continue;
    std::map<std::uint32_t, const Delivery*> first;
    for (const Delivery* delivery : came->second) {
      if (view.publish_of(delivery->message) == nullptr) continue;
      const auto [known, fresh] = first.try_emplace(delivery->message, delivery);
      if (!fresh)
        return Judgement::violated("twice",
                                   fmt::format("Message m{} came twice on subscription s{}.",
                                               delivery->message, subscriber.number()),
                                   {known->second->index, delivery->index});
    }
    // The last may yet come again.
    judged += first.size() - 1;
  }
  return Judgement::met(judged);
}

Judgement judge_pattern_matches(const View& view, const contract::Claims& claims) {
  return judge_patterns(view, claims, has_pattern);
}

Judgement judge_pattern_literal(const View& view, const contract::Claims& claims) {
  return judge_patterns(
      view, claims, [&](const Subscriber& subscriber) { return has_escape(claims, subscriber); });
}

Judgement judge_pattern_invalid(const View& view, const contract::Claims& claims) {
  const std::string grammar = claims.trait("patterns", "grammar");
  std::uint64_t judged = 0;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (!subscribe.asked.contains("pattern") || text_of(subscribe.asked, "mode") != "topic")
      continue;
    const std::string pattern = text_of(subscribe.asked, "pattern");
    if (models::pattern_valid(grammar, pattern) != false) continue;
    const auto where = {subscribe.invoke_index, subscribe.answer_index};
    if (subscribe.ok())
      return Judgement::violated(
          "accepted",
          fmt::format("A pattern that {} does not allow was accepted: \"{}\".", grammar, pattern),
          where);
    if (subscribe.outcome != Phase::fail) continue;
    if (subscribe.error != "invalid_argument")
      return Judgement::violated("wrong_error",
                                 fmt::format("A pattern that {} does not allow was refused with "
                                             "{} instead of invalid_argument.",
                                             grammar, subscribe.error),
                                 where);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_topic_asked_for(const View& view, const contract::Claims& claims) {
  return judge_asked_for(view, claims,
                         [](const Subscriber& subscriber) { return !subscriber.pattern; });
}

Judgement judge_pattern_asked_for(const View& view, const contract::Claims& claims) {
  return judge_asked_for(view, claims, has_pattern);
}

Judgement judge_topic_silence(const View& view, const contract::Claims& claims) {
  const Came all = by_subscription(view);
  std::uint64_t judged = 0;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    if (subscriber.possible_to == history::kNever) continue;
    if (const auto came = all.find(subscriber.number()); came != all.end())
      for (const Delivery* delivery : came->second)
        if (delivery->at > subscriber.possible_to)
          return Judgement::violated(
              "after_unsubscribe",
              fmt::format("Message m{} came {:.1f} ms after unsubscribe was answered.",
                          delivery->message, millis(delivery->at - subscriber.possible_to)),
              {subscriber.subscribe->invoke_index, delivery->index});
    // Something to be silent about: published behind the answer, and come to another subscription
    // of the same connection.
    for (const Delivery& other : view.deliveries()) {
      const Operation* publish = view.publish_of(other.message);
      if (publish != nullptr && other.session == subscriber.session() &&
          publish->invoked > subscriber.possible_to && is_to_topics(*publish) &&
          asks_for(view, claims, subscriber, publish->destination) == true)
        ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_topic_order(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const auto& [subscription, came] : by_subscription(view)) {
    const Operation* subscribe = view.subscribe_of(subscription);
    if (subscribe == nullptr || text_of(subscribe->asked, "mode") != "topic") continue;
    // Of each publisher on each topic: what has come and was sent last.
    std::map<std::pair<std::uint32_t, history::Text>, std::pair<const Operation*, const Delivery*>>
        newest;
    std::set<std::uint32_t> seen;
    for (const Delivery* delivery : came) {
      const Operation* publish = view.publish_of(delivery->message);
      if (publish == nullptr || !seen.insert(delivery->message).second) continue;
      auto& [last, where] = newest[{publish->session, publish->destination}];
      if (last != nullptr && publish->answered < last->invoked)
        return Judgement::violated(
            "out_of_order",
            fmt::format("Message m{} came after m{}, which was published after it had been "
                        "accepted.",
                        publish->message, last->message),
            {publish->answer_index, last->invoke_index, where->index, delivery->index});
      if (last != nullptr && last->answered < publish->invoked) ++judged;
      if (last == nullptr || publish->invoked > last->invoked) {
        last = publish;
        where = delivery;
      }
    }
  }
  return Judgement::met(judged);
}

Judgement judge_topic_first(const View& view, const contract::Claims& claims) {
  return judge_lost(
      view, claims, "first_lost", [&](const Subscriber& subscriber, const Operation& publish) {
        const auto all = view.operations(Action::publish);
        return std::none_of(all.begin(), all.end(), [&](const Operation& before) {
          return before.session == publish.session && before.destination == publish.destination &&
                 before.invoked > subscriber.certain_from && before.invoked < publish.invoked;
        });
      });
}

}  // namespace busproof::checkers
