#include "suites/checkers/groups.hpp"

#include <algorithm>
#include <chrono>

#include "suites/checkers/timing.hpp"

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
    if (const auto group = group_of(view, subscribe.subscription); group && subscribe.ok())
      groups[*group];
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

bool is_fence(const View& view, std::uint32_t message) { return view.is_marked("fence", message); }

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

namespace {

bool is_mark(const history::Note& note, std::string_view name) {
  return note.action == history::Action::mark && note.name == name;
}

/// When the bus was killed or stopped between those instants, first of all times; or nothing.
std::optional<Time> bus_ended(const View& view, Time from, Time to) {
  std::optional<Time> first;
  for (const std::string_view name : {"kill", "stop"})
    for (const history::Note& note : view.marks(name))
      if (note.at >= from && note.at <= to)
        first = std::min(first.value_or(history::kNever), note.at);
  return first;
}

}  // namespace

Time released_early(const View& view, const history::Delivery& delivery) {
  const Operation* subscribe = view.subscribe_of(delivery.subscription);
  const Time begun = subscribe == nullptr ? Time::zero() : subscribe->invoked;
  Time earliest = bus_ended(view, begun, history::kNever).value_or(history::kNever);
  for (const history::Note* one : view.notes_of(delivery.session)) {
    const history::Note& note = *one;
    if (note.at < begun) continue;
    const bool closed = note.action == history::Action::closed;
    const bool ended = note.action == history::Action::disconnected;
    const bool ours =
        is_mark(note, "leaving") || (ended && history::text_of(note.said, "by") == "us");
    if (ours) earliest = std::min(earliest, note.at);
    // What the bus ends by itself it may have ended long before we see it.
    if ((closed || ended) && !ours && !bus_ended(view, begun, note.at))
      earliest = std::min(earliest, view.last_known(note.session, note.at));
  }
  for (const Operation& end : view.operations(history::Action::unsubscribe))
    if (end.subscription == delivery.subscription) earliest = std::min(earliest, end.invoked);
  return earliest;
}

namespace {

/// What an extension that was granted shows if the lease may have been over by then.
enum class Granted : std::uint8_t {
  only_that,    ///< Nothing of the time before it.
  nobody_else,  ///< Nobody else held the message up to then: it would have been refused.
};

/// The earliest instant at which the term of the lease can have been over. An extension that was
/// granted while it certainly still ran took the place of its end.
Time earliest_term(const View& view, const contract::Claims& claims,
                   const history::Delivery& delivery, Time by_lease, Granted granted) {
  Time term = by_lease, busy_until{};
  for (const Operation& extend : view.on_delivery(history::Action::extend, delivery.delivery)) {
    if (extend.outcome == history::Phase::fail) continue;
    const Time moved = view.earliest_after(
        extend.invoked, std::chrono::milliseconds(extend.amount) - granularity(claims));
    const bool in_time = extend.answered < term || granted == Granted::nobody_else;
    const bool counts =
        extend.ok() && extend.session == delivery.session && extend.invoked > busy_until;
    term = counts && in_time ? moved : std::min(term, moved);
    busy_until = std::max(busy_until, extend.answered);
  }
  return term;
}

Time earliest_end(const View& view, const contract::Claims& claims,
                  const history::Delivery& delivery, Time start, Granted granted) {
  const auto lease = lease_of(view, claims, delivery.subscription);
  const Time by_lease =
      lease ? view.earliest_after(start, *lease - granularity(claims)) : history::kNever;
  return std::min(released_early(view, delivery),
                  earliest_term(view, claims, delivery, by_lease, granted));
}

}  // namespace

Time earliest_end(const View& view, const contract::Claims& claims,
                  const history::Delivery& delivery, Time start) {
  return earliest_end(view, claims, delivery, start, Granted::only_that);
}

namespace {

/// Whether the refusal says that the bus has taken the lease to be over.
bool says_lost(const Operation& request) {
  return request.error == "lease_lost" || request.error == "not_found" ||
         request.error == "conflict";
}

}  // namespace

Time earliest_free(const View& view, const contract::Claims& claims,
                   const history::Delivery& delivery, Time start) {
  Time free = std::min(earliest_end(view, claims, delivery, start, Granted::nobody_else),
                       earliest_settled(view, delivery.delivery));
  for (const Operation& extend : view.on_delivery(history::Action::extend, delivery.delivery))
    if (says_lost(extend)) free = std::min(free, extend.invoked);
  return free;
}

Time earliest_settled(const View& view, std::uint32_t delivery) {
  Time earliest = history::kNever;
  for (const auto action : {history::Action::ack, history::Action::reject})
    for (const Operation& settle : view.on_delivery(action, delivery))
      if (settle.outcome != history::Phase::fail || says_lost(settle))
        earliest = std::min(earliest, settle.invoked);
  return earliest;
}

bool sent_in_order(const View& view, const history::Delivery& earlier,
                   const history::Delivery& later) {
  if (earlier.session == later.session) return true;
  const Operation* subscribe = view.subscribe_of(later.subscription);
  return subscribe != nullptr && subscribe->invoked > earlier.at;
}

std::vector<Time> earliest_lease_starts(const View& view, const contract::Claims& claims,
                                        const std::vector<history::Delivery>& deliveries) {
  std::vector<Time> starts;
  Time freed{};
  const history::Delivery* before = nullptr;
  for (const history::Delivery& delivery : deliveries) {
    Time asked{};
    if (const Operation* publish = view.publish_of(delivery.message)) asked = publish->invoked;
    if (const Operation* subscribe = view.subscribe_of(delivery.subscription))
      asked = std::max(asked, subscribe->invoked);
    // A lease that was broken before, or a delivery that was long under way, says nothing of this.
    const bool follows = before == nullptr || sent_in_order(view, *before, delivery);
    const bool known = follows && freed <= delivery.at;
    starts.push_back(known ? std::max(asked, freed) : asked);
    freed = earliest_free(view, claims, delivery, starts.back());
    before = &delivery;
  }
  return starts;
}

std::map<std::string, bool> groups_owed(const View& view, const Operation& publish) {
  std::map<std::string, bool> owed;
  Time first_publish = publish.invoked;
  for (const Operation& other : view.operations(history::Action::publish))
    if (other.destination == publish.destination &&
        history::text_of(other.asked, "mode") != "topic")
      first_publish = std::min(first_publish, other.invoked);
  bool named = false, named_first = false;
  for (const Operation& subscribe : view.operations(history::Action::subscribe)) {
    const auto group = group_of(view, subscribe.subscription);
    if (!group || group->first != publish.destination || subscribe.invoked > publish.answered)
      continue;
    const bool certain = subscribe.ok() && subscribe.answered < publish.invoked;
    owed[group->second] = owed[group->second] || certain;
    named = named || group->second != "default";
    named_first = named_first || (subscribe.ok() && subscribe.answered < first_publish);
  }
  for (const Operation& end : view.operations(history::Action::unsubscribe))
    if (history::number_of(end.asked, "forget") == 1)
      if (const auto group = group_of(view, end.subscription);
          group && group->first == publish.destination && end.invoked < publish.answered)
        owed[group->second] = false;
  // A first publish makes the group `default` where there is none.
  if (!named)
    owed["default"] = true;
  else if (!named_first)
    owed.try_emplace("default", false);
  return owed;
}

std::map<std::uint32_t, Time> lease_ends(const View& view, const contract::Claims& claims) {
  std::map<std::uint32_t, Time> ends;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    for (const auto& [message, all] : came) {
      const auto starts = earliest_lease_starts(view, claims, all);
      for (std::size_t i = 0; i < all.size(); ++i)
        ends[all[i].delivery] = earliest_end(view, claims, all[i], starts[i]);
    }
  }
  return ends;
}

std::optional<std::int64_t> credit_of(const contract::Claims& claims, const Operation& subscribe) {
  if (subscribe.amount >= 0) return subscribe.amount;
  return claims.limit("credit_default");
}

}  // namespace busproof::checkers
