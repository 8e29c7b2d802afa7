#include "suites/checkers/owed.hpp"

#include <algorithm>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/life.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// What was damaged in its store is set aside, and nobody is owed it.
bool damaged(const View& view, std::uint32_t message) {
  return view.is_marked("corrupted", message);
}

bool removed(const View& view, std::uint32_t message, Time before) {
  const auto all = view.on_message(Action::remove, message);
  return std::any_of(all.begin(), all.end(),
                     [&](const Operation& remove) { return remove.invoked < before; });
}

/// Whether dead letters may have been purged by then.
bool purged(const View& view, Time before) {
  const auto all = view.operations(Action::call);
  return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
    return text_of(call.asked, "method") == "bus/purge" && call.invoked < before;
  });
}

/// Whether the group may have been forgotten by then, with all that it was owed.
bool forgotten(const View& view, const Group& group, Time before) {
  const auto all = view.operations(Action::unsubscribe);
  return std::any_of(all.begin(), all.end(), [&](const Operation& end) {
    return number_of(end.asked, "forget") == 1 && end.invoked < before &&
           group_of(view, end.subscription) == group;
  });
}

/// Whether the message may have failed for good or for the last time by then, in that group.
bool may_have_failed(const View& view, const contract::Claims& claims, std::uint32_t message,
                     const Group& group, Time before) {
  for (const Operation& reject : view.on_message(Action::reject, message))
    if (reject.amount == 0 && reject.outcome != history::Phase::fail && reject.invoked < before)
      return true;
  std::size_t times = 0;
  for (const history::Delivery& delivery : view.deliveries_of(message))
    if (delivery.at < before && group_of(view, delivery.subscription) == group &&
        may_be_used_up(claims, delivery, ++times))
      return true;
  return false;
}

/// Whether the group may be done with the message by then. A dead letter still names it, until it
/// is purged; without dead letters it ends with its failure.
bool may_be_settled(const View& view, const contract::Claims& claims, const Operation& publish,
                    const Group& group, Time before) {
  for (const Operation& ack : view.on_message(Action::ack, publish.message)) {
    const auto its = group_of(view, ack.subscription);
    if (ack.outcome != history::Phase::fail && ack.invoked < before && (!its || its == group))
      return true;
  }
  if (forgotten(view, group, before)) return true;
  return may_have_failed(view, claims, publish.message, group, before) &&
         (!claims.has("dead_letter") || purged(view, before));
}

/// Whether every group that is certainly owed the message may be done with it by then; where there
/// is none, whether any may.
bool settled(const View& view, const contract::Claims& claims, const Operation& publish,
             Time before) {
  bool certain = false, any = false;
  for (const auto& [name, owed] : groups_owed(view, publish)) {
    const bool done =
        may_be_settled(view, claims, publish, Group{publish.destination, name}, before);
    if (owed && !done) return false;
    certain = certain || owed;
    any = any || done;
  }
  return certain || any;
}

/// Whether a publish to the destination was answered before another group can have been made
/// there: it brought the default group into being.
bool made_default(const View& view, const Group& group) {
  Time other = history::kNever, first = history::kNever;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (const auto its = group_of(view, subscribe.subscription);
        its && its->first == group.first && *its != group)
      other = std::min(other, subscribe.invoked);
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok() && publish.destination == group.first &&
        text_of(publish.asked, "mode") != "topic")
      first = std::min(first, publish.answered);
  return first < other;
}

/// The instant from which on the group certainly exists; zero where every publish reaches it.
Time exists_from(const View& view, const Group& group) {
  if (group.second == "default" && made_default(view, group)) return Time::zero();
  Time since = history::kNever;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.ok() && group_of(view, subscribe.subscription) == group)
      since = std::min(since, subscribe.answered);
  return since;
}

/// Whether the other side saw the end at once: a close that was agreed on, or the end of a stream.
bool was_clean(const View& view, const Note& ended) {
  return text_of(ended.said, "by") == "us" &&
         (number_of(ended.said, "code") == 1000 || view.history().header.over_lines);
}

}  // namespace

Owed::Owed(const View& view, const contract::Claims& claims, const Group& group,
           const ByMessage& came)
    : view_(view), claims_(claims), group_(group), exists_from_(exists_from(view, group)) {
  for (const Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    const auto received = came.find(mark.message);
    if (publish != nullptr && publish->destination == group.first && received != came.end())
      fences_.push_back(fence(*publish, received->second.front()));
  }
}

Owed::Fence Owed::fence(const Operation& publish, const history::Delivery& received) const {
  Fence made{&publish, Time::zero(), Time::zero()};
  for (const Operation& subscribe : view_.operations(Action::subscribe)) {
    if (subscribe.invoked > received.at || group_of(view_, subscribe.subscription) != group_)
      continue;
    const auto back = given_back(view_, claims_, subscribe, received.at);
    if (back)
      made.held_until = std::max(made.held_until, *back);
    else if (subscribe.session != received.session)
      made.slack = own_delay(view_, Time::zero(), received.at);
  }
  return made;
}

std::optional<Time> Owed::due(const Operation& publish) const {
  if (!publish.ok() || publish.destination != group_.first) return std::nullopt;
  if (text_of(publish.asked, "mode") == "topic") return std::nullopt;
  if (claims_.has("ttl") && is_mortal(publish)) return std::nullopt;
  if (removed(view_, publish.message, history::kNever)) return std::nullopt;
  if (damaged(view_, publish.message)) return std::nullopt;
  if (exists_from_ != Time::zero() && publish.invoked <= exists_from_) return std::nullopt;
  const std::int64_t delay = number_of(publish.asked, "delay_ms");
  if (delay == 0) return publish.answered;
  return publish.answered + std::chrono::milliseconds(delay) +
         declared(claims_, "delay_grace_ms").value_or(kGraceOtherwise);
}

const Operation* Owed::fence_behind(Time due) const {
  for (const Fence& fence : fences_)
    if (fence.publish->invoked > std::max(due + fence.slack, fence.held_until))
      return fence.publish;
  return nullptr;
}

std::optional<Time> given_back(const View& view, const contract::Claims& claims,
                               const Operation& subscribe, Time until) {
  std::optional<Time> ended;
  bool clean = true, bus_went = false;
  for (const Note& note : view.notes()) {
    if (note.at < subscribe.invoked || note.at > until || ended) continue;
    if (note.action == Action::mark && (note.name == "kill" || note.name == "stop"))
      bus_went = true;
    if (note.session != subscribe.session || note.action != Action::disconnected) continue;
    ended = note.at;
    clean = was_clean(view, note) && !bus_went;
  }
  for (const Operation& end : view.operations(Action::unsubscribe))
    if (end.ok() && end.subscription == subscribe.subscription && end.answered <= until)
      ended = std::min(ended.value_or(history::kNever), end.answered);
  if (!ended) return std::nullopt;
  const Time hold = lease_of(view, claims, subscribe.subscription).value_or(Time::zero());
  const bool at_once = clean && claims.trait("queue", "release") == "frees";
  return *ended + (at_once ? Time::zero() : hold) +
         declared(claims, "redelivery_grace_ms").value_or(kGraceOtherwise) +
         own_delay(view, *ended, *ended);
}

bool gone_otherwise(const View& view, const contract::Claims& claims, const Operation& publish,
                    const Operation& retrieve) {
  if (text_of(publish.asked, "mode") == "topic") return true;
  if (removed(view, publish.message, retrieve.answered)) return true;
  return claims.trait("store", "keeps") == "until_settled" &&
         settled(view, claims, publish, retrieve.answered);
}

bool may_be_gone(const View& view, const contract::Claims& claims, const Operation& publish,
                 const Operation& retrieve) {
  return maybe_over(view, claims, publish, retrieve.answered) ||
         gone_otherwise(view, claims, publish, retrieve);
}

bool may_be_dropped(const View& view, const contract::Claims& claims, const Operation& publish) {
  if (claims.trait("queue", "overflow") == "refuse") return false;
  const auto most = claims.limit("queue.messages_max");
  if (!most || claims.limit("queue.bytes_max")) return true;
  const auto all = view.operations(Action::publish);
  return std::count_if(all.begin(), all.end(), [&](const Operation& other) {
           return other.destination == publish.destination;
         }) > *most;
}

}  // namespace busproof::checkers
