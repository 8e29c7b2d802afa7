#include "suites/checkers/damaged_queue.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::text_of;
using history::View;

/// The publish of a queue message that was damaged before anybody subscribed to its destination,
/// so that no delivery of it can have been under way; null else.
const Operation* damaged_before_delivery(const View& view, const Note& mark) {
  const Operation* publish = view.publish_of(mark.message);
  if (publish == nullptr || !publish->ok()) return nullptr;
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (subscribe.destination == publish->destination && subscribe.invoked < mark.at)
      return nullptr;
  return publish;
}

bool carries_payload(const Delivery& delivery) {
  return delivery.said.contains("digest") || delivery.said.contains("json") ||
         delivery.said.contains("unreadable");
}

bool differs(const Operation& publish, const Delivery& delivery) {
  const std::string value = text_of(publish.asked, "json");
  if (!value.empty()) return text_of(delivery.said, "json") != value;
  return text_of(delivery.said, "digest") != text_of(publish.asked, "digest");
}

const ByMessage* default_group(const std::map<Group, ByMessage>& groups,
                               history::Text destination) {
  const auto found = groups.find(Group{destination, "default"});
  return found == groups.end() ? nullptr : &found->second;
}

/// When the first fence behind the damage came to the default group.
std::optional<history::Time> fenced(const View& view, const std::map<Group, ByMessage>& groups,
                                    const Operation& publish) {
  const ByMessage* group = default_group(groups, publish.destination);
  if (group == nullptr) return std::nullopt;
  const Operation* fence =
      fence_published_after(view, *group, publish.destination, publish.answered);
  if (fence == nullptr) return std::nullopt;
  return group->at(fence->message).front().at;
}

/// The entry of a dead letter in an answer of bus/dead_letters, or null.
const boost::json::object* entry_of(const Operation& call, std::uint32_t message) {
  const auto* messages = call.said.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return nullptr;
  for (const auto& entry : messages->get_array())
    if (entry.is_object() && history::number_of(entry.get_object(), "message") == message)
      return &entry.get_object();
  return nullptr;
}

bool asks_dead_letters(const View& view, const Operation& call, history::Text destination) {
  if (text_of(call.asked, "method") != "bus/dead_letters" || !call.ok()) return false;
  const auto* params = call.asked.if_contains("params");
  return params != nullptr && params->is_object() &&
         text_of(params->get_object(), "destination") == view.history().text(destination);
}

}  // namespace

Judgement judge_no_damage_delivered(const View& view, const contract::Claims&) {
  const auto groups = deliveries_by_group(view);
  std::uint64_t judged = 0;
  for (const Note& mark : view.marks("corrupted")) {
    const Operation* publish = damaged_before_delivery(view, mark);
    if (publish == nullptr) continue;
    for (const Delivery& delivery : view.deliveries()) {
      if (delivery.message != mark.message || !carries_payload(delivery)) continue;
      if (differs(*publish, delivery))
        return Judgement::violated(
            "delivered_damaged",
            fmt::format("m{} was damaged in its store and delivered with other bytes than it was "
                        "published with.",
                        mark.message),
            {publish->invoke_index, mark.index, delivery.index});
    }
    if (fenced(view, groups, *publish)) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_damaged_settled(const View& view, const contract::Claims&) {
  // What may be the lease's end, or passes, says nothing of the payload.
  const auto refuses = [](const Operation& ack) {
    for (const char* kind : {"digest_mismatch", "internal", "internal_error", "not_found",
                             "invalid_argument", "conflict", "not_supported", "forbidden"})
      if (ack.error == kind) return true;
    return false;
  };
  std::uint64_t judged = 0;
  for (const Operation& ack : view.operations(Action::ack)) {
    const auto marks = view.marks("corrupted");
    const auto mark = std::find_if(marks.begin(), marks.end(), [&](const Note& one) {
      return one.message == ack.message && one.at < ack.invoked;
    });
    if (mark == marks.end()) continue;
    if (refuses(ack))
      return Judgement::violated(
          "cannot_settle",
          fmt::format("The payload of m{} was damaged, and acking its delivery gave {}.",
                      ack.message, ack.error),
          {mark->index, ack.answer_index});
    if (ack.ok()) ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_damaged_set_aside(const View& view, const contract::Claims& claims) {
  const auto settle = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  const bool exact = claims.trait("dead_letter", "reason") == "given";
  const auto groups = deliveries_by_group(view);
  std::uint64_t judged = 0;
  for (const Note& mark : view.marks("corrupted")) {
    const Operation* publish = damaged_before_delivery(view, mark);
    if (publish == nullptr) continue;
    const auto fence = fenced(view, groups, *publish);
    // Delivered all the same: repaired, or SUM-9's business.
    if (!fence || default_group(groups, publish->destination)->contains(mark.message)) continue;
    for (const Operation& call : view.operations(Action::call)) {
      if (!asks_dead_letters(view, call, publish->destination)) continue;
      const boost::json::object* entry = entry_of(call, mark.message);
      if (entry == nullptr) {
        if (call.invoked < *fence + settle + own_delay(view, *fence, call.invoked)) continue;
        return Judgement::violated(
            "not_set_aside",
            fmt::format("The damaged m{} was not delivered and is no dead letter.", mark.message),
            {mark.index, call.answer_index});
      }
      ++judged;
      if (exact && text_of(*entry, "reason") != "digest_mismatch")
        return Judgement::violated(
            "wrong_reason",
            fmt::format("The damaged m{} is a dead letter for the reason \"{}\".", mark.message,
                        text_of(*entry, "reason")),
            {mark.index, call.answer_index});
    }
  }
  return Judgement::met(judged);
}

Judgement judge_others_go_on(const View& view, const contract::Claims& claims) {
  const auto wakeup = declared(claims, "wakeup_ms").value_or(kGraceOtherwise);
  const auto groups = deliveries_by_group(view);
  const auto waited = view.marks("waited");
  std::uint64_t judged = 0;
  for (const Note& mark : view.marks("corrupted")) {
    const Operation* damaged = damaged_before_delivery(view, mark);
    if (damaged == nullptr) continue;
    const ByMessage* group = default_group(groups, damaged->destination);
    for (const Operation& publish : view.operations(Action::publish)) {
      const bool behind = publish.ok() && publish.destination == damaged->destination &&
                          publish.invoked > damaged->answered;
      const auto marks = view.marks("corrupted");
      const bool intact = std::none_of(marks.begin(), marks.end(), [&](const Note& one) {
        return one.message == publish.message;
      });
      if (!behind || !intact) continue;
      if (group != nullptr && group->contains(publish.message)) {
        ++judged;
        continue;
      }
      const auto subscribes = view.operations(Action::subscribe);
      const auto member =
          std::find_if(subscribes.begin(), subscribes.end(), [&](const Operation& one) {
            return one.destination == damaged->destination && one.ok();
          });
      if (member == subscribes.end() || waited.empty()) continue;
      const auto from = std::max(member->answered, publish.answered);
      const auto until = waited.back().at;
      if (until < from + wakeup + own_delay(view, from, until)) continue;
      return Judgement::violated(
          "blocked_behind",
          fmt::format("m{}, published behind the damaged m{}, was not delivered within {:.0f} ms.",
                      publish.message, mark.message, millis(until - from)),
          {mark.index, publish.answer_index, waited.back().index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
