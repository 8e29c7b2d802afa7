#include "suites/checkers/slow.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/room.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::kNever;
using history::Note;
using history::Operation;
using history::Time;
using history::View;

constexpr std::uint64_t kManyWaiting = 1001;
constexpr std::chrono::seconds kStarvedHarness{1};

std::set<Group> groups_of(const View& view, std::uint32_t session) {
  std::set<Group> groups;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.ok() && subscribe.session == session)
      if (const auto group = group_of(view, subscribe.subscription)) groups.insert(*group);
  return groups;
}

bool is_for(const std::set<Group>& groups, history::Text destination) {
  return std::any_of(groups.begin(), groups.end(),
                     [&](const Group& group) { return group.first == destination; });
}

/// Whether a request of others was made after `after` and answered while the session read nothing.
bool was_awake(const View& view, const Stop& stop, Time after) {
  const auto all = view.operations(Action::publish);
  return std::any_of(all.begin(), all.end(), [&](const Operation& publish) {
    return publish.ok() && publish.session != stop.session && publish.invoked > after &&
           publish.answered < stop.until;
  });
}

/// A member of the group that certainly had credit for any message then; 0 where there was none.
std::uint32_t member_with_room(const View& view, const contract::Claims& claims, const Group& group,
                               Time from, Time to) {
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.ok() && subscribe.answered < from &&
        group_of(view, subscribe.subscription) == group &&
        !given_back(view, claims, subscribe, to) &&
        has_room(view, claims, subscribe.subscription, from, to))
      return subscribe.subscription;
  return 0;
}

/// What came to others than that session.
ByMessage without(const ByMessage& all, std::uint32_t session) {
  ByMessage rest;
  for (const auto& [message, deliveries] : all)
    for (const history::Delivery& delivery : deliveries)
      if (delivery.session != session) rest[message].push_back(delivery);
  return rest;
}

/// Whether the session may have settled the message, or used up its last attempt.
bool may_be_done(const View& view, const contract::Claims& claims, const ByMessage& all,
                 std::uint32_t message, std::uint32_t session) {
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.on_message(action, message))
      if (settle.session == session) return true;
  const auto most = claims.limit("attempts_max");
  const auto found = all.find(message);
  if (!most || found == all.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const history::Delivery& delivery) { return delivery.attempt >= *most; });
}

}  // namespace

std::vector<Stop> stops(const View& view) {
  std::vector<Stop> found;
  for (const Note& note : view.marks("stops_reading")) {
    Stop stop{.session = note.session, .from = note.at, .index = note.index};
    for (const Note& end : view.notes()) {
      if (end.session != note.session || end.at <= note.at || end.at >= stop.until) continue;
      const bool left = end.action == Action::disconnected ||
                        (end.action == Action::mark && end.name == "leaving");
      if (!left && !(end.action == Action::mark && end.name == "reads_again")) continue;
      stop.until = end.at;
      stop.left = left;
    }
    found.push_back(stop);
  }
  return found;
}

Judgement judge_publishers_go_on(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0, most = 0;
  const auto full = claims.limit("queue.messages_max");
  for (const Stop& stop : stops(view)) {
    const auto groups = groups_of(view, stop.session);
    std::uint64_t waiting = 0;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (publish.session == stop.session || !is_for(groups, publish.destination) ||
          publish.invoked < stop.from || publish.invoked > stop.until)
        continue;
      const std::vector<std::size_t> events = {stop.index, publish.invoke_index,
                                               publish.answer_index};
      if (publish.ok()) ++waiting;
      if (publish.error == "no_answer" &&
          view.longest_stall(publish.invoked, kNever) < kStarvedHarness)
        return Judgement::violated(
            "publisher_stalled",
            fmt::format("A publish was never answered while a subscriber read nothing and {} "
                        "messages waited.",
                        waiting),
            events);
      if (publish.error == "backpressure" &&
          !(full && waiting >= static_cast<std::uint64_t>(*full)))
        return Judgement::violated(
            "publisher_refused",
            fmt::format("A publish was refused with backpressure while a subscriber read nothing "
                        "and {} messages waited.",
                        waiting),
            events);
    }
    judged += waiting;
    most = std::max(most, waiting);
  }
  if (most < kManyWaiting)
    return Judgement::inconclusive(
        fmt::format("{} messages at most waited for a subscriber that read nothing", most));
  return Judgement::met(judged);
}

Judgement judge_others_unhindered(const View& view, const contract::Claims& claims) {
  const std::chrono::milliseconds bound(claims.limit_or_default("answer_ms"));
  std::uint64_t judged = 0;
  for (const Stop& stop : stops(view)) {
    const auto its = groups_of(view, stop.session);
    for (const auto& [group, came] : deliveries_by_group(view)) {
      if (its.contains(group)) continue;
      const Owed owed(view, claims, group, came);
      for (const Operation& publish : view.operations(Action::publish)) {
        const auto due = owed.due(publish);
        if (!due || publish.invoked < stop.from || *due > stop.until) continue;
        const auto found = came.find(publish.message);
        const Time latest = *due + bound + own_delay(view, publish.invoked, *due + bound);
        if (found != came.end() && found->second.front().at <= latest) {
          judged += found->second.front().at < stop.until ? 1 : 0;
          continue;
        }
        if (latest > stop.until || !was_awake(view, stop, latest) ||
            member_with_room(view, claims, group, *due, latest) == 0)
          continue;
        return Judgement::violated(
            "others_starved",
            fmt::format("Message m{} did not come to its subscriber within {} ms while another "
                        "subscriber read nothing.",
                        publish.message, bound.count()),
            {stop.index, publish.invoke_index, publish.answer_index});
      }
    }
  }
  return Judgement::met(judged);
}

Judgement judge_slow_loses_none(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  bool open = false;
  const auto all = deliveries_by_group(view);
  for (const Stop& stop : stops(view)) {
    if (!stop.left) continue;
    for (const Group& group : groups_of(view, stop.session)) {
      const ByMessage came = without(all.at(group), stop.session);
      const Owed owed(view, claims, group, came);
      for (const Operation& publish : view.operations(Action::publish)) {
        const auto due = owed.due(publish);
        if (!due || publish.invoked > stop.until ||
            may_be_done(view, claims, all.at(group), publish.message, stop.session))
          continue;
        if (came.contains(publish.message)) {
          ++judged;
          continue;
        }
        const Operation* fence = owed.fence_behind(*due);
        open = open || fence == nullptr;
        if (fence != nullptr)
          return Judgement::violated(
              "lost",
              fmt::format("Message m{} was unacked when the subscriber that read nothing went "
                          "away, and came to nobody else, though a later one did.",
                          publish.message),
              {stop.index, publish.invoke_index, fence->invoke_index});
      }
    }
  }
  if (open)
    return Judgement::inconclusive(
        "no fence came behind a missing message: silence proves nothing");
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
