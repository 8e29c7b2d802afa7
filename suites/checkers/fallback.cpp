#include "suites/checkers/fallback.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/breaker.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/order.hpp"
#include "suites/checkers/store_calls.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Claims;
using contract::Verdict;
using history::Action;
using history::Delivery;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

std::vector<const Operation*> large_while_down(const View& view, const Claims& claims) {
  std::vector<const Operation*> found;
  for (const Operation& publish : view.operations(Action::publish))
    if (needs_store(publish, claims) && payload_store_during(view, claims, publish) == "down")
      found.push_back(&publish);
  return found;
}

/// What needs the store and no message can stand in for: calls of uploads, and publishes of those.
std::vector<const Operation*> uploading_while_down(const View& view, const Claims& claims) {
  std::vector<const Operation*> found;
  const auto add = [&](const Operation& request) {
    if (payload_store_during(view, claims, request) == "down") found.push_back(&request);
  };
  for (const Operation& publish : view.operations(Action::publish)) {
    const json::value* own = publish.asked.if_contains("attributes");
    if (own != nullptr && own->is_object() && own->get_object().contains("dataref")) add(publish);
  }
  for (const Operation& call : view.operations(Action::call))
    if (text_of(call.asked, "method").starts_with("bus/upload_")) add(call);
  return found;
}

/// Refused, or not answered, for what has nothing to do with the store.
bool for_another_reason(const Operation& request) {
  return request.error == "no_answer" || request.error == "disconnected" ||
         request.error == "rate_limited" || request.error == "backpressure";
}

/// A refusal that does not say that the store is away, and for now.
std::optional<Judgement> wrong_refusal(const Operation& request) {
  const std::vector<std::size_t> events = {request.invoke_index, request.answer_index};
  if (!says_store_is_away(request))
    return Judgement::violated("wrong_kind", fmt::format("It was refused with {}.", request.error),
                               events);
  const json::value* retryable = request.said.if_contains("retryable");
  if (retryable != nullptr && retryable->is_bool() && !retryable->get_bool())
    return Judgement::violated("not_retryable",
                               "The refusal says that it makes no sense to try again.", events);
  return std::nullopt;
}

/// Each of them has gone inline and come whole, as far as that is known.
Judgement judge_inline(const View& view, const std::vector<const Operation*>& publishes) {
  std::uint64_t judged = 0;
  for (const Operation* publish : publishes) {
    // Too much at once may be refused whatever the store is at.
    const bool for_now = publish->error == "rate_limited" || publish->error == "backpressure";
    if (publish->outcome == Phase::fail && !for_now)
      return Judgement::violated(
          "refused",
          fmt::format("Publish of m{} was refused ({}), and fallback is claimed.", publish->message,
                      publish->error),
          {publish->invoke_index, publish->answer_index});
    // One by reference was stored after all.
    if (!publish->ok() || text_of(publish->said, "route") != "inline") continue;
    for (const Delivery& delivery : view.deliveries_of(publish->message)) {
      const bool bare = text_of(delivery.said, "route") != "inline" ||
                        delivery.said.contains("dataref") || !delivery.said.contains("digest");
      if (bare || altered(*publish, delivery))
        return Judgement::violated(
            "not_whole",
            fmt::format("m{} was to go inline and came without its payload.", publish->message),
            {publish->answer_index, delivery.index});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

/// Why the history says nothing of a trip: it needs messages from before, during and after.
std::optional<Judgement> no_trip(const View& view, const Claims& claims) {
  const auto open = publishes_while_open(view, claims);
  if (open.empty()) return Judgement::inconclusive("the breaker was not open for certain");
  bool before = false, during = false, after = false;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!publish.ok()) continue;
    before = before || publish.answered < open.front()->invoked;
    during = during || (publish.invoked >= open.front()->invoked &&
                        publish.answered <= open.back()->answered);
    after = after || (publish.invoked > open.back()->answered && was_stored(publish));
  }
  if (!before || !during || !after)
    return Judgement::inconclusive("nothing was accepted before, during or after the trip");
  return std::nullopt;
}

}  // namespace

Judgement judge_inline_while_down(const View& view, const Claims& claims) {
  return judge_inline(view, large_while_down(view, claims));
}

Judgement judge_inline_while_open(const View& view, const Claims& claims) {
  return judge_inline(view, publishes_while_open(view, claims));
}

Judgement judge_refused_while_down(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation* publish : large_while_down(view, claims)) {
    // One by reference was stored after all.
    if (was_stored(*publish)) continue;
    if (publish->ok())
      return Judgement::violated(
          "accepted",
          fmt::format("m{} was accepted though its payload cannot be stored and fallback is not "
                      "claimed.",
                      publish->message),
          {publish->invoke_index, publish->answer_index});
    if (for_another_reason(*publish)) continue;
    if (auto broken = wrong_refusal(*publish)) return *broken;
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_upload_refused_while_down(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation* request : uploading_while_down(view, claims)) {
    if (request->ok() || for_another_reason(*request)) continue;
    if (auto broken = wrong_refusal(*request)) return *broken;
    // Whether an upload has got some bytes more is another matter.
    if (request->action == Action::publish && request->outcome != Phase::fail)
      return Judgement::violated("indefinite",
                                 "Whether the message was accepted is left open, though nothing "
                                 "but its payload's store was asked.",
                                 {request->invoke_index, request->answer_index});
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_upload_refused_stays_away(const View& view, const Claims& claims) {
  const auto requests = uploading_while_down(view, claims);
  const bool any = std::ranges::any_of(requests, [](const Operation* request) {
    return request->action == Action::publish && request->outcome == Phase::fail;
  });
  if (!any) return Judgement::inconclusive("no publish of an upload was definitely refused");
  return judge_refused_absent(view, claims);
}

Judgement judge_refused_definitely(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation* publish : large_while_down(view, claims)) {
    if (!says_store_is_away(*publish)) continue;
    if (publish->outcome != Phase::fail)
      return Judgement::violated(
          "indefinite",
          fmt::format("Whether m{} happened is left open, though the queue is in another store.",
                      publish->message),
          {publish->invoke_index, publish->answer_index});
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_refused_stays_away(const View& view, const Claims& claims) {
  const auto down = large_while_down(view, claims);
  const bool any = std::ranges::any_of(
      down, [](const Operation* publish) { return publish->outcome == Phase::fail; });
  if (!any) return Judgement::inconclusive("nothing was definitely refused");
  return judge_refused_absent(view, claims);
}

Judgement judge_mixed_fallback(const View& view, const Claims& claims) {
  std::set<std::string> ways;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!publish.ok()) continue;
    ways.insert(was_stored(publish)            ? "reference"
                : needs_store(publish, claims) ? "fallback"
                                               : "inline");
  }
  if (ways.size() < 3) return Judgement::inconclusive("not all three ways occurred");
  if (claims.ordering() != "none") {
    const Judgement order = judge_order_of_publisher(view, claims);
    if (order.verdict() != Verdict::met) return order;
  }
  return judge_none_lost(view, claims);
}

Judgement judge_none_lost_across_trip(const View& view, const Claims& claims) {
  if (auto why = no_trip(view, claims)) return *why;
  return judge_none_lost(view, claims);
}

Judgement judge_none_doubled_across_trip(const View& view, const Claims& claims) {
  if (auto why = no_trip(view, claims)) return *why;
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    for (const auto& [message, deliveries] : came) {
      if (message == 0 || is_fence(view, message)) continue;
      std::map<std::string, std::size_t> first;
      for (const Delivery& delivery : deliveries)
        first.try_emplace(text_of(delivery.said, "tx"), delivery.index);
      if (first.size() > 1)
        return Judgement::violated(
            "doubled",
            fmt::format("m{} was published once and came as {} messages.", message, first.size()),
            {first.begin()->second, first.rbegin()->second});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
