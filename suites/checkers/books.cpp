#include "suites/checkers/books.hpp"

#include <algorithm>
#include <array>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Event;
using history::kNever;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;
using models::Bounds;
using models::Fate;
using models::Span;
using models::Tally;

constexpr std::array kChanging = {Action::publish, Action::subscribe, Action::unsubscribe,
                                  Action::credit,  Action::ack,       Action::reject,
                                  Action::extend,  Action::remove,    Action::call};
constexpr std::array<std::string_view, 5> kAsking = {"bus/stats", "bus/health", "bus/dead_letters",
                                                     "bus/correlated", "GET metrics"};

/// Whether it changes nothing that is counted.
bool only_asks(const Operation& operation) {
  return operation.action == Action::call &&
         std::count(kAsking.begin(), kAsking.end(), text_of(operation.asked, "method")) > 0;
}

Tally::Rules rules_of(const contract::Claims& claims) {
  return {
      .attempts_max = claims.limit("attempts_max").value_or(INT64_MAX),
      .dead_letters = claims.has("dead_letter"),
      .keeps_leases = claims.trait("queue", "release") == "keeps",
      .release_counts = claims.trait("queue", "release_counts") == "true",
      .expires_to_dead = claims.has("ttl") && claims.trait("ttl", "on_expiry") == "dead_letter"};
}

/// From `length` after the request until as long after its answer and the grace.
Span later(const contract::Claims& claims, const Operation& operation, std::int64_t length,
           std::string_view grace) {
  const Time time = std::chrono::milliseconds(length);
  return {operation.invoked + time - granularity(claims),
          operation.answered == kNever
              ? kNever
              : operation.answered + time + declared(claims, grace).value_or(kGraceOtherwise)};
}

/// When a rejected one is ready again: at once, after its delay, else after some backoff.
Span again(const contract::Claims& claims, const Operation& reject) {
  const bool stated = reject.asked.contains("delay_ms");
  const std::int64_t delay = number_of(reject.asked, "delay_ms");
  if (stated && delay == 0) return {Time::zero(), Time::zero()};
  if (stated) return later(claims, reject, delay, "delay_grace_ms");
  const auto cap = declared(claims, "backoff.cap_ms");
  if (!cap || reject.answered == kNever) return {reject.invoked, kNever};
  return {reject.invoked, reject.answered + 2 * *cap + kGraceOtherwise};  // Twice: its jitter.
}

}  // namespace

Books::Books(const View& view, const contract::Claims& claims, const Operation& asked)
    : view_(view), claims_(claims), asked_(asked) {
  for (const Action action : kChanging)
    for (const Operation& operation : view.operations(action))
      by_number_[operation.number] = &operation;
  walk();
  rest();
}

void Books::walk() {
  const auto& events = view_.history().events;
  for (std::size_t i = 0; i < events.size() && i <= asked_.answer_index; ++i) step(events[i]);
  // What is shown may be as old as counts_settle_ms.
  const Time settle = std::chrono::milliseconds(claims_.limit_or_default("counts_settle_ms"));
  const Span at{asked_.invoked - settle, asked_.answered};
  for (auto& [group, tally] : groups_) tally.until(at);
}

void Books::step(const Event& event) {
  if (event.phase == Phase::note) return note(event);
  const auto found = by_number_.find(event.op);
  if (found == by_number_.end()) return;
  const Operation& operation = *found->second;
  const bool known = operation.outcome != Phase::info && operation.answered <= asked_.answered;
  if (event.phase == Phase::invoke && !known) apply(operation, false);
  if (event.phase == Phase::ok) apply(operation, true);
}

void Books::note(const Event& event) {
  if (event.action == Action::deliver) return deliver(event);
  const bool leaving =
      event.action == Action::mark && view_.history().text(event.error) == "leaving";
  if (!leaving && event.action != Action::disconnected) return;
  for (const Operation& subscribe : view_.operations(Action::subscribe))
    if (subscribe.session == event.session && live_.contains(subscribe.subscription)) {
      if (leaving)
        live_[subscribe.subscription] = false;
      else
        went(subscribe.subscription, event.at, false);
    }
}

void Books::apply(const Operation& operation, bool certain) {
  switch (operation.action) {
    case Action::publish:
      return publish(operation, certain);
    case Action::subscribe:
      live_[operation.subscription] = certain;
      credit_[operation.subscription] = credit_of(claims_, operation).value_or(0);
      if (const auto group = group_of(view_, operation.subscription)) tally(*group);
      return;
    case Action::credit:
      credit_[operation.subscription] = operation.amount;
      return;
    case Action::unsubscribe:
      if (certain) return went(operation.subscription, operation.answered, true);
      live_[operation.subscription] = false;
      return;
    case Action::ack:
    case Action::reject:
      return settle(operation, certain);
    case Action::remove:
      if (const Operation* published = view_.publish_of(operation.message))
        for (auto& [group, tally] : groups_)
          if (group.first == published->destination) tally.deleted(operation.message, certain);
      return;
    case Action::call:
      return call(operation, certain);
    default:
      return;
  }
}

void Books::publish(const Operation& operation, bool certain) {
  const std::string mode = text_of(operation.asked, "mode");
  if (mode != "queue") count("topic_published", certain);
  if (mode == "topic") return;
  count("published", certain);
  const bool any = std::any_of(groups_.begin(), groups_.end(), [&](const auto& entry) {
    return entry.first.first == operation.destination;
  });
  if (!any) tally({operation.destination, "default"});
  std::optional<Span> due, ends;
  if (const std::int64_t delay = number_of(operation.asked, "delay_ms"); delay > 0)
    due = later(claims_, operation, delay, "delay_grace_ms");
  if (const std::int64_t ttl = number_of(operation.asked, "ttl_ms"); ttl > 0)
    ends = later(claims_, operation, ttl, "ttl_grace_ms");
  for (auto& [group, tally] : groups_) {
    if (group.first != operation.destination) continue;
    const bool mine = group.second == "default";
    bool existed = mine;
    for (const Operation& subscribe : view_.operations(Action::subscribe)) {
      const auto its = group_of(view_, subscribe.subscription);
      if (!its || its->first != group.first) continue;
      // With another group there, the default one may have come to be later.
      if (*its != group && mine && subscribe.invoked < operation.answered) existed = false;
    }
    for (const Operation& subscribe : view_.operations(Action::subscribe))
      if (group_of(view_, subscribe.subscription) == group && subscribe.ok() &&
          subscribe.answered <= operation.invoked)
        existed = true;
    tally.accepted(operation.message, certain && existed, due, ends);
  }
}

void Books::settle(const Operation& operation, bool certain) {
  Tally* tally = tally_of(operation.subscription);
  if (tally == nullptr || settled_[operation.delivery]) return;
  settled_[operation.delivery] = true;
  --open_[operation.subscription];
  if (operation.action == Action::ack) return tally->acked(operation.message, certain);
  count("rejected", certain);
  const bool requeue = operation.amount == 1;
  tally->rejected(operation.message, certain,
                  requeue ? std::optional(again(claims_, operation)) : std::nullopt,
                  {operation.invoked, std::min(operation.answered, asked_.answered)});
}

void Books::call(const Operation& operation, bool certain) {
  const std::string method = text_of(operation.asked, "method");
  const bool redrive = method == "bus/redrive";
  const auto* params = operation.asked.if_contains("params");
  if ((!redrive && method != "bus/purge") || params == nullptr || !params->is_object()) return;
  const std::string destination = text_of(params->get_object(), "destination");
  const std::string name = text_of(params->get_object(), "group");
  const auto* ids = params->get_object().if_contains("transaction_ids");
  for (auto& [group, tally] : groups_) {
    if (view_.history().text(group.first) != destination) continue;
    if (group.second != (name.empty() ? "default" : name)) continue;
    for (const Operation& published : view_.operations(Action::publish)) {
      const std::string id = text_of(published.said, "transaction_id");
      const bool meant =
          ids == nullptr || (ids->is_array() && !id.empty() &&
                             std::count(ids->get_array().begin(), ids->get_array().end(),
                                        boost::json::value(id)) > 0);
      if (!meant || published.destination != group.first || !certain) continue;
      const Span at{operation.invoked, operation.answered};
      redrive ? tally.redriven(published.message, at) : tally.purged(published.message, at);
    }
  }
}

void Books::deliver(const Event& event) {
  if (event.delivery == 0) return count("topic_delivered");
  count("delivered");
  if (event.attempt > 1) count("redelivered");
  ++open_[event.subscription];
  Tally* tally = tally_of(event.subscription);
  if (tally == nullptr) return;
  Span ends{kNever, kNever};
  const Operation* published = view_.publish_of(event.message);
  const auto lease = lease_of(view_, claims_, event.subscription);
  if (claims_.trait("queue", "lease") == "timed" && lease && published != nullptr)
    ends = {published->invoked + *lease,
            event.at + *lease + declared(claims_, "redelivery_grace_ms").value_or(kGraceOtherwise)};
  tally->delivered(event.message, event.subscription, ends);
}

void Books::went(std::uint32_t subscription, Time at, bool by_request) {
  if (!live_.contains(subscription)) return;
  live_.erase(subscription);
  const auto group = group_of(view_, subscription);
  if (!group) return;
  // What it had credit for may have been on its way to it, unseen.
  for (std::int64_t i = 0; i < credit_[subscription] - open_[subscription]; ++i) {
    count("delivered", false);
    count("redelivered", false);
  }
  Tally& its = tally(*group);
  its.went(subscription, {at, at});
  const auto all = view_.operations(Action::unsubscribe);
  const bool forget =
      by_request && std::any_of(all.begin(), all.end(), [&](const Operation& end) {
        return end.subscription == subscription && number_of(end.asked, "forget") == 1;
      });
  const bool others = std::any_of(live_.begin(), live_.end(), [&](const auto& other) {
    return group_of(view_, other.first) == group;
  });
  if (!forget || others) return;
  its.forgotten();
  ended_.push_back(its);
  groups_.erase(*group);
}

void Books::rest() {
  Time last = Time::min();
  for (const auto& [number, operation] : by_number_) {
    if (only_asks(*operation) || operation->invoked > asked_.answered) continue;
    if (operation->action == Action::extend) return;  // The model knows no extended leases.
    const bool open = operation->outcome == Phase::info || operation->answered > asked_.invoked;
    last = std::max(last, open ? asked_.answered : operation->answered);
  }
  for (const auto& delivery : view_.deliveries())
    if (delivery.at <= asked_.answered) last = std::max(last, delivery.at);
  for (const auto& note : view_.notes())
    if (note.action == Action::disconnected && note.at <= asked_.answered)
      last = std::max(last, note.at);
  const Time settle = std::chrono::milliseconds(claims_.limit_or_default("counts_settle_ms"));
  at_rest_ = last == Time::min() ||
             asked_.invoked >= last + settle + own_delay(view_, last, asked_.answered);
}

Tally& Books::tally(const Group& group) {
  return groups_.try_emplace(group, rules_of(claims_)).first->second;
}

Tally* Books::tally_of(std::uint32_t subscription) {
  const auto group = group_of(view_, subscription);
  return group ? &tally(*group) : nullptr;
}

void Books::count(std::string_view name, bool certain) { totals_[std::string(name)].add(certain); }

Bounds Books::total(std::string_view name) const {
  if (const auto found = totals_.find(std::string(name)); found != totals_.end())
    return found->second;
  Bounds sum;
  const auto add = [&](const Tally& tally) {
    const Bounds more = name == "acked"           ? tally.count(Fate::acked)
                        : name == "expired"       ? tally.count(Fate::expired)
                        : name == "deleted"       ? tally.count(Fate::deleted)
                        : name == "dead_lettered" ? tally.deaths()
                                                  : Bounds();
    sum.least += more.least;
    sum.most += more.most;
  };
  for (const auto& [group, tally] : groups_) add(tally);
  for (const Tally& tally : ended_) add(tally);
  return sum;
}

Bounds Books::subscribers(history::Text destination) const {
  Bounds found;
  for (const auto& [subscription, certain] : live_) {
    const Operation* subscribe = view_.subscribe_of(subscription);
    if (subscribe == nullptr || subscribe->destination != destination) continue;
    if (subscribe->asked.contains("pattern")) continue;
    found.add(certain);
  }
  return found;
}

}  // namespace busproof::checkers
