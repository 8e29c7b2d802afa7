// Source: PUB-10.
#include "suites/checkers/relinked.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/subscribers.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::Time;
using history::View;

constexpr std::size_t kEnough = 3;

/// The time for which links were disturbed, and whether that struck.
struct Cut {
  Time from = history::kNever, to{};
  bool struck = false;
  std::size_t index = 0;
};

std::optional<Cut> cut_of(const View& view) {
  Cut cut;
  for (const Note& fault : view.marks("fault")) cut.from = std::min(cut.from, fault.at);
  for (const Note& healed : view.marks("healed")) {
    cut.to = std::max(cut.to, healed.at);
    cut.struck = cut.struck || healed.amount > 0;
    cut.index = healed.index;
  }
  if (!cut.struck || cut.from >= cut.to) return std::nullopt;
  return cut;
}

/// Whether some message that was sent within [from, to] came to that subscription.
bool heard(const View& view, std::uint32_t subscription, Time from, Time to) {
  return std::any_of(view.deliveries().begin(), view.deliveries().end(),
                     [&](const Delivery& delivery) {
                       const Operation* publish = view.publish_of(delivery.message);
                       return delivery.subscription == subscription && publish != nullptr &&
                              publish->invoked >= from && publish->invoked <= to;
                     });
}

/// Whether the bus ended the subscription, or all of its connection, after that.
bool ended_by_bus(const View& view, const Subscriber& subscriber, Time after) {
  const auto notes = view.notes_of(subscriber.session());
  const bool told = std::any_of(notes.begin(), notes.end(), [&](const Note* note) {
    return note->at >= after &&
           (note->action == Action::closed ||
            (note->action == Action::disconnected && history::text_of(note->said, "by") == "bus"));
  });
  return told && subscriber.certain_to != history::kNever;
}

/// When something that the same publisher sent later came to that connection, on another topic.
std::optional<Time> fenced(const View& view, const Operation& publish, std::uint32_t session) {
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* later = view.publish_of(delivery.message);
    if (delivery.session == session && later != nullptr && later->session == publish.session &&
        later->destination != publish.destination && later->invoked > publish.answered)
      return delivery.at;
  }
  return std::nullopt;
}

/// The messages that should have come, each with a fence behind it.
std::vector<std::size_t> missed(const View& view, const Claims& claims,
                                const Subscriber& subscriber, const Cut& cut) {
  const Time recovery = std::chrono::milliseconds(claims.limit_or_default("recovery_ms"));
  const Time due = cut.to + recovery + declared(claims, "propagation_ms").value_or(kGraceOtherwise);
  const Time end = view.history().events.back().at;
  std::vector<std::size_t> found;
  for (const Operation& publish : view.operations(Action::publish)) {
    const bool late = publish.ok() && is_to_topics(publish) &&
                      publish.invoked > due + own_delay(view, cut.to, publish.invoked);
    if (!late || asks_for(view, claims, subscriber, publish.destination) != true) continue;
    const auto fence = fenced(view, publish, subscriber.session());
    if (fence && end > *fence + kGraceOtherwise + own_delay(view, *fence, end))
      found.push_back(publish.invoke_index);
  }
  return found;
}

Judgement judge_again(const View& view, const Claims& claims, bool patterns) {
  const auto cut = cut_of(view);
  if (!cut) return Judgement::inconclusive("the link was not seen to be lost and regained");
  std::uint64_t judged = 0;
  for (const Subscriber& subscriber : topic_subscribers(view)) {
    if (subscriber.pattern != patterns || subscriber.certain_from > cut->from) continue;
    if (!heard(view, subscriber.number(), Time(0), cut->from)) continue;
    if (ended_by_bus(view, subscriber, cut->from) ||
        heard(view, subscriber.number(), cut->to, history::kNever)) {
      ++judged;
      continue;
    }
    const auto lost = missed(view, claims, subscriber, *cut);
    if (lost.size() < kEnough) continue;
    return Judgement::violated(
        "deaf",
        fmt::format("After the link was back {} messages for {} s{} did not come, and others did; "
                    "nothing said that it had ended.",
                    lost.size(), patterns ? "the pattern of" : "the topic of", subscriber.number()),
        {subscriber.subscribe->invoke_index, cut->index, lost.front()});
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_live_again(const View& view, const Claims& claims) {
  return judge_again(view, claims, false);
}

Judgement judge_patterns_live_again(const View& view, const Claims& claims) {
  return judge_again(view, claims, true);
}

}  // namespace busproof::checkers
