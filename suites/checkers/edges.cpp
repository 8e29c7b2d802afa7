#include "suites/checkers/edges.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/batch.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
using history::Delivery;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// When the subscription was ended by an unsubscribe, as far as its answer tells.
Time ended_at(const View& view, std::uint32_t subscription) {
  Time first = history::kNever;
  for (const Operation& end : view.operations(Action::unsubscribe))
    if (end.ok() && end.subscription == subscription) first = std::min(first, end.answered);
  return first;
}

std::uint32_t subscription_of(const View& view, std::uint32_t delivery) {
  for (const Delivery& came : view.deliveries())
    if (came.delivery == delivery && delivery != 0) return came.subscription;
  return 0;
}

/// The fence that somebody else was given when the ended subscription can hold nothing any more,
/// while the message never came again; or null.
const Operation* fence_without(const View& view, const contract::Claims& claims,
                               const Operation& settle, std::uint32_t subscription) {
  const auto group = group_of(view, subscription);
  const Operation* subscribe = view.subscribe_of(subscription);
  if (!group || subscribe == nullptr) return nullptr;
  const auto back = given_back(view, claims, *subscribe, history::kNever - Time(1));
  if (!back) return nullptr;
  for (const Delivery& came : view.deliveries())
    if (came.message == settle.message && came.subscription != subscription &&
        group_of(view, came.subscription) == group)
      return nullptr;
  for (const history::Note& mark : view.marks("fence")) {
    const Operation* fence = view.publish_of(mark.message);
    if (fence == nullptr || fence->invoked <= *back) continue;
    for (const Delivery& came : view.deliveries())
      if (came.message == mark.message && came.subscription != subscription &&
          group_of(view, came.subscription) == group)
        return fence;
  }
  return nullptr;
}

constexpr std::array<Action, 3> kSettling = {Action::ack, Action::reject, Action::extend};

/// Whether anything settled the message, prolonged its lease or used up its attempts, or may have:
/// it need not come again then.
bool need_not_come(const View& view, const contract::Claims& claims, std::uint32_t message) {
  for (const Action action : kSettling)
    for (const Operation& settle : view.on_message(action, message))
      if (settle.outcome != Phase::fail) return true;
  const auto most = claims.limit("attempts_max");
  return std::any_of(view.deliveries().begin(), view.deliveries().end(), [&](const Delivery& came) {
    return came.message == message && most && came.attempt >= *most;
  });
}

}  // namespace

Judgement judge_unsubscribe_twice(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation& again : view.operations(Action::unsubscribe)) {
    if (ended_at(view, again.subscription) >= again.invoked) continue;
    if (auto wrong = undefined_outcome(view, again, "A second unsubscribe")) return *wrong;
    if (was_answered(again)) ++judged;
  }
  const Judgement delivered = judge_delivered(view, claims);
  return delivered.finding() == "lost" ? delivered : Judgement::met(judged);
}

Judgement judge_settle_after_unsubscribe(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Action action : kSettling) {
    for (const Operation& settle : view.operations(action)) {
      const std::uint32_t subscription = subscription_of(view, settle.delivery);
      if (subscription == 0 || ended_at(view, subscription) >= settle.invoked) continue;
      if (auto wrong = undefined_outcome(view, settle, "Settling after unsubscribe")) return *wrong;
      if (!need_not_come(view, claims, settle.message))
        if (const Operation* fence = fence_without(view, claims, settle, subscription))
          return Judgement::violated(
              "lost",
              fmt::format("Message m{} was not settled when its subscription ended, and never "
                          "came again.",
                          settle.message),
              {settle.invoke_index, settle.answer_index, fence->invoke_index});
      if (was_answered(settle)) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_publish_during_shutdown(const View& view, const contract::Claims& claims) {
  const auto stops = view.marks("stop");
  if (stops.empty()) return Judgement::inconclusive("the bus was not told to stop");
  const auto during = [&](const Operation& publish) {
    return std::any_of(stops.begin(), stops.end(), [&](const history::Note& stop) {
      // Its connection lasts no longer than the bus.
      const bool before =
          std::none_of(stops.begin(), stops.end(), [&](const history::Note& earlier) {
            return earlier.at < stop.at && publish.invoked < earlier.at;
          });
      return before && publish.invoked < stop.at && publish.answered > stop.at;
    });
  };
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!during(publish) || !was_answered(publish)) continue;
    if (auto wrong = undefined_outcome(view, publish, "A publish during shutdown")) return *wrong;
    if (watched(view, publish.destination, publish.answered)) ++judged;
  }
  for (const Judgement& part : {judge_delivered(view, claims), judge_refused_absent(view, claims)})
    if (part.verdict() == Verdict::violated) return part;
  return Judgement::met(judged);
}

namespace {

/// Where a publish that was cut off was seen, and in which group certainly not.
struct Fate {
  const Delivery* seen = nullptr;
  const Operation* fence = nullptr;  ///< Came to a group that should have had it before.
  bool in_all = true;
};

Fate fate_of(const View& view, const contract::Claims& claims, const Operation& publish) {
  Fate fate;
  for (const Delivery& delivery : view.deliveries())
    if (delivery.message == publish.message && fate.seen == nullptr) fate.seen = &delivery;
  // The bus may take it up long after the connection ended; once it was seen it was accepted.
  Operation supposed = publish;
  supposed.outcome = Phase::ok;
  if (fate.seen != nullptr) supposed.answered = fate.seen->at;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    const auto due = owed.due(supposed);
    if (!due || came.contains(publish.message)) continue;
    fate.in_all = false;
    if (fate.seen != nullptr && fate.fence == nullptr) fate.fence = owed.fence_behind(*due);
  }
  return fate;
}

}  // namespace

Judgement judge_cut_under_publish(const View& view, const contract::Claims& claims) {
  const bool atomic = claims.trait("queue", "fanout") == "atomic";
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.outcome != Phase::info || publish.error != "disconnected") continue;
    const Fate fate = fate_of(view, claims, publish);
    if (const Doubled twice = doubled(view, publish.message, history::kNever))
      return Judgement::violated(
          "doubled", fmt::format("Message m{} came twice as the first.", publish.message),
          {publish.invoke_index, twice.first->index, twice.second->index});
    if (fate.seen != nullptr && fate.seen->said.contains("digest") &&
        text_of(fate.seen->said, "digest") != text_of(publish.asked, "digest"))
      return Judgement::violated(
          "altered",
          fmt::format("Message m{} was cut off and came with another payload.", publish.message),
          {publish.invoke_index, fate.seen->index});
    if (atomic && fate.fence != nullptr)
      return Judgement::violated(
          "half_done",
          fmt::format("Message m{} was cut off, came to one group and not to another.",
                      publish.message),
          {publish.invoke_index, publish.answer_index, fate.seen->index, fate.fence->invoke_index});
    const bool absent =
        fate.seen == nullptr && watched(view, publish.destination, publish.answered);
    if (absent || (fate.seen != nullptr && fate.in_all)) ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
