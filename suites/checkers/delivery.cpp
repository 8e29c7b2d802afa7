#include "suites/checkers/delivery.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/refusals.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

/// What is wrong with a delivery by itself, or nothing.
std::optional<Judgement> foreign(const View& view, const Delivery& delivery) {
  const Operation* publish = view.publish_of(delivery.message);
  if (publish == nullptr)
    return Judgement::violated("made_up", "A message came that nobody had published.",
                               {delivery.index});
  const Operation* subscribe = view.subscribe_of(delivery.subscription);
  if (subscribe == nullptr) return std::nullopt;
  if (publish->destination != subscribe->destination)
    return Judgement::violated(
        "misdelivered", fmt::format("Message m{} came on another destination.", delivery.message),
        {publish->invoke_index, delivery.index});
  if (payload_altered(*publish, delivery.said))
    return Judgement::violated(
        "altered", fmt::format("Message m{} came with another payload.", delivery.message),
        {publish->invoke_index, delivery.index});
  return std::nullopt;
}

}  // namespace

bool payload_altered(const Operation& publish, const boost::json::object& came) {
  const std::string digest = text_of(publish.asked, "digest");
  const std::string json = text_of(publish.asked, "json");
  if (digest.empty() && json.empty()) return false;
  if (came.if_contains("unreadable") != nullptr) return true;
  const std::string digest_came = text_of(came, "digest");
  const std::string json_came = text_of(came, "json");
  if (!digest.empty()) return digest_came.empty() ? !json_came.empty() : digest_came != digest;
  return !json_came.empty() && json_came != json;
}

bool altered(const Operation& publish, const Delivery& delivery) {
  return payload_altered(publish, delivery.said);
}

Judgement judge_none_made_up(const View& view, const contract::Claims&) {
  for (const Delivery& delivery : view.deliveries())
    if (auto wrong = foreign(view, delivery)) return *wrong;
  return Judgement::met(view.deliveries().size());
}

Judgement judge_none_lost_of(const View& view, const contract::Claims& claims,
                             const std::function<bool(const Operation&)>& wanted) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Operation& publish : view.operations(Action::publish)) {
      const auto due = wanted(publish) ? owed.due(publish) : std::nullopt;
      if (!due) continue;
      if (came.contains(publish.message)) {
        if (!is_fence(view, publish.message)) ++judged;
        continue;
      }
      const Operation* fence = owed.fence_behind(*due);
      open = open || fence == nullptr;
      if (fence != nullptr)
        return Judgement::violated(
            "lost",
            fmt::format("Message m{} was accepted and never delivered, though a later one was.",
                        publish.message),
            {publish.invoke_index, publish.answer_index, fence->invoke_index});
    }
  }
  if (open)
    return Judgement::inconclusive(
        "no fence came behind a missing message: silence proves nothing");
  return Judgement::met(judged);
}

Judgement judge_none_lost(const View& view, const contract::Claims& claims) {
  return judge_none_lost_of(view, claims, [](const Operation&) { return true; });
}

Judgement judge_delivered(const View& view, const contract::Claims& claims) {
  const Judgement came = judge_none_made_up(view, claims);
  return came.verdict() == contract::Verdict::violated ? came : judge_none_lost(view, claims);
}

Judgement judge_refused_absent(const View& view, const contract::Claims&) {
  std::map<std::uint32_t, std::size_t> first;
  for (const Delivery& delivery : view.deliveries())
    first.try_emplace(delivery.message, delivery.index);
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.outcome != Phase::fail || publish.error == "disconnected") continue;
    if (const auto found = first.find(publish.message); found != first.end())
      return Judgement::violated(
          "refused_but_delivered",
          fmt::format("Publish of m{} was refused ({}) as certainly not done, and then came.",
                      publish.message, publish.error),
          {publish.invoke_index, publish.answer_index, found->second});
    if (watched(view, publish.destination, publish.answered)) ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
