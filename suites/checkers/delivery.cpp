#include "suites/checkers/delivery.hpp"

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Phase;
using history::View;
using history::text_of;

/// What is wrong with a delivery by itself, or nothing.
std::optional<Judgement> foreign(const View& view, const Delivery& delivery) {
  if (delivery.message == 0)
    return Judgement::violated("made_up", "A message came that nobody had published.",
                               {delivery.index});
  const Operation* publish = view.publish_of(delivery.message);
  const Operation* subscribe = view.subscribe_of(delivery.subscription);
  if (publish == nullptr || subscribe == nullptr) return std::nullopt;
  if (publish->destination != subscribe->destination)
    return Judgement::violated(
        "misdelivered", fmt::format("Message m{} came on another destination.", delivery.message),
        {publish->invoke_index, delivery.index});
  for (const char* key : {"digest", "json"}) {
    const std::string sent = text_of(publish->asked, key);
    const std::string came = text_of(delivery.said, key);
    if (!sent.empty() && !came.empty() && sent != came)
      return Judgement::violated(
          "altered", fmt::format("Message m{} came with another payload.", delivery.message),
          {publish->invoke_index, delivery.index});
  }
  return std::nullopt;
}

/// Whether the publish must reach the group: accepted into its queue, without an end of its own.
bool owed(const View& view, const Operation& publish, const Group& group) {
  if (!publish.ok() || publish.destination != group.first) return false;
  if (text_of(publish.asked, "mode") == "topic") return false;
  if (publish.asked.if_contains("ttl_ms") != nullptr) return false;
  if (group.second == "default") return true;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.ok() && group_of(view, subscribe.subscription) == group &&
        subscribe.answered < publish.invoked)
      return true;
  return false;
}

}  // namespace

Judgement judge_delivered(const View& view, const contract::Claims&) {
  for (const Delivery& delivery : view.deliveries())
    if (auto wrong = foreign(view, delivery)) return *wrong;
  std::uint64_t judged = 0;
  bool fenced = true;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const bool seen = fence_seen(view, came, group.first).has_value();
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!owed(view, publish, group) || is_fence(view, publish.message)) continue;
      fenced = fenced && seen;
      if (came.contains(publish.message)) {
        ++judged;
      } else if (seen) {
        return Judgement::violated(
            "lost",
            fmt::format("Message m{} was accepted and never delivered, though a later one was.",
                        publish.message),
            {publish.invoke_index, publish.answer_index});
      }
    }
  }
  if (!fenced)
    return Judgement::inconclusive("the fence message did not come: silence proves nothing");
  return Judgement::met(judged);
}

Judgement judge_refused_absent(const View& view, const contract::Claims&) {
  const auto groups = deliveries_by_group(view);
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.outcome != Phase::fail || publish.error == "disconnected") continue;
    bool seen = false;
    for (const auto& [group, came] : groups) {
      if (group.first != publish.destination) continue;
      const auto found = came.find(publish.message);
      if (found != came.end())
        return Judgement::violated(
            "refused_but_delivered",
            fmt::format("Publish of m{} was refused ({}) as certainly not done, and then came.",
                        publish.message, publish.error),
            {publish.invoke_index, publish.answer_index, found->second.front().index});
      seen = seen || fence_seen(view, came, group.first).has_value();
    }
    if (seen) ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
