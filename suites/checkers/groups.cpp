#include "suites/checkers/groups.hpp"

#include <algorithm>
#include <chrono>

namespace busproof::checkers {

using history::Operation;
using history::Time;
using history::View;

std::optional<Group> group_of(const View& view, std::uint32_t subscription) {
  const Operation* subscribe = view.subscribe_of(subscription);
  if (subscribe == nullptr || history::text_of(subscribe->asked, "mode") == "topic")
    return std::nullopt;
  const std::string name = history::text_of(subscribe->asked, "group");
  return Group{subscribe->destination, name.empty() ? "default" : name};
}

std::map<Group, ByMessage> deliveries_by_group(const View& view) {
  std::map<Group, ByMessage> groups;
  for (const Operation& subscribe : view.operations(history::Action::subscribe))
    if (const auto group = group_of(view, subscribe.subscription)) groups[*group];
  for (const history::Delivery& delivery : view.deliveries())
    if (const auto group = group_of(view, delivery.subscription))
      groups[*group][delivery.message].push_back(delivery);
  return groups;
}

std::optional<Time> fence_seen(const View& view, const ByMessage& group,
                               history::Text destination) {
  std::optional<Time> seen;
  for (const history::Note& fence : view.marks("fence")) {
    const Operation* publish = view.publish_of(fence.message);
    if (publish == nullptr || publish->destination != destination) continue;
    const auto came = group.find(fence.message);
    if (came != group.end()) seen = came->second.front().at;
  }
  return seen;
}

bool is_fence(const View& view, std::uint32_t message) {
  const auto fences = view.marks("fence");
  return std::any_of(fences.begin(), fences.end(),
                     [&](const history::Note& fence) { return fence.message == message; });
}

std::optional<Time> lease_of(const View& view, const contract::Claims& claims,
                             std::uint32_t subscription) {
  const Operation* subscribe = view.subscribe_of(subscription);
  if (subscribe == nullptr) return std::nullopt;
  std::int64_t lease = history::number_of(subscribe->said, "lease_ms", 0);
  if (lease == 0) lease = history::number_of(subscribe->asked, "lease_ms", 0);
  if (lease == 0) lease = claims.limit("lease_default_ms").value_or(0);
  if (lease == 0) return std::nullopt;
  return std::chrono::milliseconds(lease);
}

Time released_early(const View& view, const history::Delivery& delivery) {
  Time earliest = history::kNever;
  const auto consider = [&](Time at) {
    if (at >= delivery.at) earliest = std::min(earliest, at);
  };
  for (const history::Note& note : view.notes()) {
    const bool same = note.session == delivery.session;
    const bool ended = note.action == history::Action::disconnected && same;
    const bool leaving = note.action == history::Action::mark && note.name == "leaving" && same;
    const bool bus = note.action == history::Action::mark &&
                     (note.name == "kill" || note.name == "stop");
    if (ended || leaving || bus) consider(note.at);
  }
  for (const Operation& end : view.operations(history::Action::unsubscribe))
    if (end.subscription == delivery.subscription) consider(end.invoked);
  return earliest;
}

std::vector<Time> earliest_lease_starts(const View& view, const contract::Claims& claims,
                                        const std::vector<history::Delivery>& deliveries) {
  std::vector<Time> starts;
  Time freed{};
  for (const history::Delivery& delivery : deliveries) {
    Time start = freed;
    if (const Operation* publish = view.publish_of(delivery.message))
      start = std::max(start, publish->invoked);
    if (const Operation* subscribe = view.subscribe_of(delivery.subscription))
      start = std::max(start, subscribe->invoked);
    starts.push_back(start);
    const auto lease = lease_of(view, claims, delivery.subscription);
    freed = lease ? start + *lease : history::kNever;
    freed = std::min(freed, released_early(view, delivery));
    for (const Operation& reject : view.operations(history::Action::reject))
      if (reject.delivery == delivery.delivery) freed = std::min(freed, reject.invoked);
  }
  return starts;
}

}  // namespace busproof::checkers
