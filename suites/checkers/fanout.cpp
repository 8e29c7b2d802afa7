#include "suites/checkers/fanout.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::Phase;
using history::Time;
using history::View;

/// A group and what came to it.
struct Seen {
  Group group;
  const ByMessage* came;
  Owed owed;
};

/// What is owed if the bus took it: the publish as if it had been answered when its wait ended.
Operation if_accepted(const Operation& publish) {
  Operation accepted = publish;
  accepted.outcome = Phase::ok;
  return accepted;
}

/// The first delivery of the message to any of the groups.
const Delivery* first_delivery(const std::vector<const Seen*>& groups, std::uint32_t message) {
  const Delivery* first = nullptr;
  for (const Seen* seen : groups)
    if (const auto found = seen->came->find(message); found != seen->came->end())
      if (first == nullptr || found->second.front().at < first->at) first = &found->second.front();
  return first;
}

/// The groups that certainly were there before the publish and must still have it.
std::vector<const Seen*> owed_to(const View& view, const std::vector<Seen>& all,
                                 const Operation& publish) {
  std::vector<const Seen*> found;
  const auto names = groups_owed(view, publish);
  for (const Seen& seen : all) {
    const auto name = names.find(seen.group.second);
    if (seen.group.first == publish.destination && name != names.end() && name->second &&
        seen.owed.due(publish))
      found.push_back(&seen);
  }
  return found;
}

/// Whether that member can hold the message without our seeing it: it was there after its publish,
/// and is not one that the session of the fence still has.
bool may_hold(const View& view, const Operation& subscribe, const Operation& publish,
              const Delivery& fence) {
  bool kept = true;
  for (const Operation& end : view.operations(Action::unsubscribe)) {
    if (end.subscription != subscribe.subscription) continue;
    if (end.ok() && end.answered < publish.invoked) return false;
    kept = kept && end.invoked > fence.at;
  }
  return !kept || subscribe.session != fence.session;
}

/// The publish of a fence behind which the group's silence about the message counts: sent after
/// `since`, and come while nobody else can have held the message. Null where there is none.
const Operation* fence_behind(const View& view, const Seen& seen, const Operation& publish,
                              Time since) {
  for (const Note& mark : view.marks("fence")) {
    const Operation* fence = view.publish_of(mark.message);
    const auto came = seen.came->find(mark.message);
    if (fence == nullptr || came == seen.came->end() || fence->invoked <= since) continue;
    const auto all = view.operations(Action::subscribe);
    const Delivery& delivery = came->second.front();
    const bool hidden = std::any_of(all.begin(), all.end(), [&](const Operation& subscribe) {
      return group_of(view, subscribe.subscription) == seen.group &&
             subscribe.invoked < delivery.at && may_hold(view, subscribe, publish, delivery);
    });
    if (!hidden) return fence;
  }
  return nullptr;
}

bool was_killed(const View& view) { return !view.marks("kill").empty(); }

}  // namespace

Judgement judge_doubtful_fanout(const View& view, const contract::Claims& claims) {
  if (!was_killed(view)) return Judgement::inconclusive("the bus was not killed");
  const auto deliveries = deliveries_by_group(view);
  std::vector<Seen> all;
  for (const auto& [group, came] : deliveries)
    all.push_back({group, &came, Owed(view, claims, group, came)});
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.outcome != Phase::info || publish.answered == history::kNever) continue;
    const Operation accepted = if_accepted(publish);
    if (may_be_dropped(view, claims, accepted)) continue;
    const auto groups = owed_to(view, all, accepted);
    const Delivery* there = first_delivery(groups, publish.message);
    // What came nowhere was not taken, as far as the fences go.
    const Time since = there == nullptr ? publish.answered : std::max(publish.answered, there->at);
    std::size_t fenced = 0;
    for (const Seen* seen : groups) {
      const Operation* fence = fence_behind(view, *seen, publish, since);
      if (fence == nullptr) continue;
      ++fenced;
      if (there != nullptr && !seen->came->contains(publish.message))
        return Judgement::violated(
            "fanout_torn",
            fmt::format("Message m{} was in doubt when the bus was killed; it came to one group "
                        "and never to \"{}\".",
                        publish.message, seen->group.second),
            {publish.invoke_index, there->index, fence->invoke_index});
    }
    if (fenced > 1) ++judged;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
