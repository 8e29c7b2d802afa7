#include "suites/checkers/restart.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/owed.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// When the bus went for the first time, and when it was back; nothing where it never did.
struct Restart {
  Time gone, back;
};

std::optional<Restart> restart_of(const View& view) {
  std::optional<Restart> found;
  for (const history::Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    if (!found && (note.name == "stop" || note.name == "kill"))
      found = Restart{note.at, history::kNever};
    if (found && note.name == "started") return Restart{found->gone, note.at};
  }
  return std::nullopt;
}

Judgement no_restart() { return Judgement::inconclusive("the bus was not restarted"); }

bool subscribed_after(const View& view, const Delivery& delivery, Time back) {
  const Operation* subscribe = view.subscribe_of(delivery.subscription);
  return subscribe != nullptr && subscribe->invoked >= back;
}

/// Attribute of an event as text, and as JSON where it is none.
std::string attribute(const boost::json::object& detail, const char* name) {
  const boost::json::value* all = detail.if_contains("attributes");
  if (all == nullptr || !all->is_object()) return {};
  const boost::json::value* value = all->get_object().if_contains(name);
  return value == nullptr ? "" : value->is_string() ? std::string(value->get_string()) : "?";
}

/// A dead letter as it was listed.
struct Letter {
  std::string reason;
  std::int64_t attempts = 0;
  std::size_t index = 0;
};
using Letters = std::map<std::pair<std::string, std::int64_t>, Letter>;  // destination, message

/// What was listed within [from, to], the last listing of each counting.
Letters letters_of(const View& view, Time from, Time to, std::set<std::string>& listed) {
  Letters found;
  for (const Operation& call : view.operations(Action::call)) {
    if (text_of(call.asked, "method") != "bus/dead_letters" || !call.ok()) continue;
    if (call.invoked < from || call.answered > to) continue;
    const boost::json::value* params = call.asked.if_contains("params");
    const boost::json::value* messages = call.said.if_contains("messages");
    if (params == nullptr || !params->is_object() || messages == nullptr || !messages->is_array())
      continue;
    const std::string destination = text_of(params->get_object(), "destination");
    listed.insert(destination);
    for (const boost::json::value& message : messages->get_array())
      if (message.is_object())
        found[{destination, number_of(message.get_object(), "message")}] = {
            text_of(message.get_object(), "reason"), number_of(message.get_object(), "attempts"),
            call.answer_index};
  }
  return found;
}

bool in_doubt(const Operation& operation) { return operation.outcome == Phase::info; }

/// The messages among `doubtful` that came, each whole; or the first that did not come whole.
Judgement whole_or_never(const View& view, const std::set<std::uint32_t>& doubtful, Time back) {
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr || !doubtful.contains(delivery.message) ||
        !subscribed_after(view, delivery, back) || !altered(*publish, delivery))
      continue;
    return Judgement::violated(
        "torn",
        fmt::format("Message m{} was in doubt when the bus was killed, and came altered.",
                    delivery.message),
        {publish->invoke_index, delivery.index});
  }
  return Judgement::met(doubtful.size());
}

}  // namespace

Judgement judge_correlation_survives(const View& view, const contract::Claims&) {
  const auto restart = restart_of(view);
  if (!restart) return no_restart();
  std::uint64_t judged = 0;
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr || publish->answered > restart->gone ||
        !subscribed_after(view, delivery, restart->back))
      continue;
    const std::string given = attribute(publish->asked, "correlationid");
    if (given.empty()) continue;
    ++judged;
    const std::string came = attribute(delivery.said, "correlationid");
    if (came != given)
      return Judgement::violated(
          "correlation_lost",
          fmt::format("Message m{} was published with correlation id \"{}\"; after the restart it "
                      "came with \"{}\".",
                      delivery.message, given, came),
          {publish->invoke_index, delivery.index});
  }
  return Judgement::met(judged);
}

Judgement judge_attempts_survive(const View& view, const contract::Claims& claims) {
  const auto restart = restart_of(view);
  if (!restart) return no_restart();
  const std::int32_t least = claims.trait("queue", "release_counts") == "false" ? 0 : 1;
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const auto& [message, all] : came) {
      const Delivery* before = nullptr;
      const Delivery* after = nullptr;
      for (const Delivery& delivery : all) {
        if (!subscribed_after(view, delivery, restart->back)) before = &delivery;
        if (after == nullptr && subscribed_after(view, delivery, restart->back)) after = &delivery;
      }
      if (message == 0 || before == nullptr || after == nullptr) continue;
      ++judged;
      if (after->attempt < before->attempt + least)
        return Judgement::violated(
            "attempts_forgotten",
            fmt::format("Message m{} was on attempt {} before the restart and on {} after it.",
                        message, before->attempt, after->attempt),
            {before->index, after->index});
    }
  return Judgement::met(judged);
}

Judgement judge_dead_letters_survive(const View& view, const contract::Claims& claims) {
  const auto restart = restart_of(view);
  if (!restart) return no_restart();
  const bool counts = claims.trait("dead_letter", "attempts") == "exact";
  std::set<std::string> listed_before, listed_after;
  const Letters before = letters_of(view, Time::zero(), restart->gone, listed_before);
  const Letters after = letters_of(view, restart->back, history::kNever, listed_after);
  std::uint64_t judged = 0;
  for (const auto& [key, letter] : before) {
    if (!listed_after.contains(key.first)) continue;
    const auto found = after.find(key);
    if (found == after.end())
      return Judgement::violated(
          "dead_letter_lost",
          fmt::format("Message m{} was a dead letter before the restart and none after it.",
                      key.second),
          {letter.index});
    ++judged;
    const bool same = found->second.reason == letter.reason &&
                      (!counts || found->second.attempts == letter.attempts);
    if (!same)
      return Judgement::violated(
          "dead_letter_changed",
          fmt::format(
              "The dead letter m{} said \"{}\" after {} attempts, and \"{}\" after {} since "
              "the restart.",
              key.second, letter.reason, letter.attempts, found->second.reason,
              found->second.attempts),
          {letter.index, found->second.index});
  }
  return Judgement::met(judged);
}

Judgement judge_doubtful_publishes(const View& view, const contract::Claims&) {
  const auto restart = restart_of(view);
  if (!restart) return no_restart();
  std::set<std::uint32_t> doubtful;
  for (const Operation& publish : view.operations(Action::publish))
    if (in_doubt(publish)) doubtful.insert(publish.message);
  return whole_or_never(view, doubtful, restart->back);
}

Judgement judge_doubtful_acks(const View& view, const contract::Claims&) {
  const auto restart = restart_of(view);
  if (!restart) return no_restart();
  std::set<std::uint32_t> doubtful;
  for (const Operation& ack : view.operations(Action::ack))
    if (in_doubt(ack)) doubtful.insert(ack.message);
  return whole_or_never(view, doubtful, restart->back);
}

Judgement judge_doubtful_batches(const View& view, const contract::Claims& claims) {
  if (!restart_of(view)) return no_restart();
  std::map<std::int64_t, std::vector<const Operation*>> batches;
  for (const Operation& publish : view.operations(Action::publish))
    if (const std::int64_t batch = number_of(publish.asked, "batch");
        batch != 0 && in_doubt(publish))
      batches[batch].push_back(&publish);
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const auto& [number, items] : batches) {
      const auto is_there = [&, &those = came](const Operation* item) {
        return those.contains(item->message);
      };
      if (items.front()->destination != group.first) continue;
      const auto missing = std::find_if_not(items.begin(), items.end(), is_there);
      const auto there = std::find_if(items.begin(), items.end(), is_there);
      const Operation* fence = owed.fence_behind(items.front()->answered);
      if (fence == nullptr) continue;
      ++judged;
      if (missing != items.end() && there != items.end())
        return Judgement::violated(
            "batch_torn",
            fmt::format("Of one batch that was in doubt message m{} came and m{} never did.",
                        (*there)->message, (*missing)->message),
            {(*missing)->invoke_index, (*there)->invoke_index, fence->invoke_index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
