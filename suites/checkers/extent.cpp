#include "suites/checkers/extent.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/books.hpp"
#include "suites/checkers/counts.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/refusals.hpp"
#include "suites/checkers/statistics.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using contract::Verdict;
using history::Action;
using history::Delivery;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

constexpr std::string_view kTooLarge = "payload_too_large";
constexpr std::int64_t kEnvelope = 2048;  // What a message may hold beside its payload.

/// The publishes that carry that mark.
std::vector<const Operation*> marked(const View& view, std::string_view name) {
  std::vector<const Operation*> found;
  for (const history::Note& mark : view.marks(name))
    if (const Operation* publish = view.publish_of(mark.message)) found.push_back(publish);
  return found;
}

/// Whether that payload is within the bus' limits, in whichever form it is sent.
bool is_within(const Claims& claims, const Operation& publish) {
  const auto payload_max = claims.limit("payload_bytes_max");
  const auto message_max = claims.limit("message_bytes_max");
  const std::int64_t size = number_of(publish.asked, "size", -1);
  if (!payload_max || size < 0 || size > *payload_max) return false;
  return !message_max || (size + 2) / 3 * 4 + kEnvelope <= *message_max;
}

std::vector<std::size_t> events_of(const Operation& operation) {
  return {operation.invoke_index, operation.answer_index};
}

Judgement as_counted(const Judgement& wrong) {
  return Judgement::violated("counted", wrong.says(), wrong.events());
}

/// How many payloads the answer says are kept; nothing where it does not say.
std::optional<std::int64_t> payloads_in(const Operation& stats) {
  const auto* payloads = stats.said.if_contains("payloads");
  if (payloads == nullptr || !payloads->is_object()) return std::nullopt;
  const auto* count = payloads->get_object().if_contains("count");
  if (count == nullptr || !count->is_int64()) return std::nullopt;
  return count->get_int64();
}

/// Whether more payloads came to be kept between two answers than can have been accepted.
std::optional<Judgement> stored_more(const View& view, const Operation& before,
                                     const Operation& after) {
  const auto had = payloads_in(before), has = payloads_in(after);
  if (!had || !has) return std::nullopt;
  const auto all = view.operations(Action::publish);
  const auto may_count = std::count_if(all.begin(), all.end(), [&](const Operation& publish) {
    return publish.outcome != Phase::fail && publish.invoked < after.answered &&
           publish.answered > before.invoked;
  });
  if (*has - *had <= may_count) return std::nullopt;
  return Judgement::violated(
      "stored",
      fmt::format("{} more payloads are kept, and at most {} were accepted meanwhile.", *has - *had,
                  may_count),
      {before.answer_index, after.answer_index});
}

/// The statistics around the refusals: the last before them and the last of all, both at rest.
std::optional<Judgement> stored(const View& view, const Claims& claims,
                                const std::vector<const Operation*>& refused) {
  const Operation* before = nullptr;
  const Operation* after = nullptr;
  for (const Operation& call : view.operations(Action::call)) {
    if (!call.ok() || text_of(call.asked, "method") != "bus/stats") continue;
    if (call.answered < refused.front()->invoked) before = &call;
    if (call.invoked > refused.back()->answered) after = &call;
  }
  const bool alone = !view.marks("alone").empty();
  if (!alone || before == nullptr || after == nullptr) return std::nullopt;
  if (!Books(view, claims, *before).at_rest() || !Books(view, claims, *after).at_rest())
    return std::nullopt;
  return stored_more(view, *before, *after);
}

const Delivery* delivery_of(const View& view, std::uint32_t message) {
  const auto all = view.deliveries();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Delivery& delivery) {
    return delivery.message == message;
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

Judgement judge_too_large_refused(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation* publish : marked(view, "beyond_payload")) {
    const std::int64_t size = number_of(publish->asked, "size", -1);
    if (size <= claims.limit("payload_bytes_max").value_or(size)) continue;
    const std::string what =
        fmt::format("the publish of m{} with a payload of {} bytes", publish->message, size);
    if (publish->ok())
      return Judgement::violated("accepted", fmt::format("Accepted: {}.", what),
                                 events_of(*publish));
    if (auto undefined = undefined_outcome(view, *publish, what)) return *undefined;
    if (is_passing(*publish)) continue;
    if (publish->error != kTooLarge)
      return Judgement::violated("wrong_refusal",
                                 fmt::format("Refused with {}: {}.", publish->error, what),
                                 events_of(*publish));
    ++judged;
  }
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.error == kTooLarge && is_within(claims, publish))
      return Judgement::violated(
          "refused_within",
          fmt::format("A payload of {} bytes was too large, and payload_bytes_max is {}.",
                      number_of(publish.asked, "size"), *claims.limit("payload_bytes_max")),
          events_of(publish));
  return Judgement::met(judged);
}

Judgement judge_too_large_not_kept(const View& view, const Claims& claims) {
  auto refused = marked(view, "beyond_payload");
  std::erase_if(refused, [](const Operation* publish) { return publish->outcome != Phase::fail; });
  if (refused.empty())
    return Judgement::inconclusive("no payload was refused for its size: nothing can be left over");
  const Judgement absent = judge_refused_absent(view, claims);
  if (absent.verdict() == Verdict::violated) return absent;
  for (const Judge judge : {judge_count_ready, judge_group_counts})
    if (const Judgement counts = judge(view, claims); counts.verdict() == Verdict::violated)
      return as_counted(counts);
  if (auto wrong = stored(view, claims, refused)) return *wrong;
  const auto watched_ones =
      std::count_if(refused.begin(), refused.end(), [&](const Operation* publish) {
        return watched(view, publish->destination, publish->answered);
      });
  return Judgement::met(static_cast<std::uint64_t>(watched_ones));
}

Judgement judge_disabled_inline(const View& view, const Claims& claims) {
  std::uint64_t judged = 0;
  for (const Operation* publish : marked(view, "beyond_inline")) {
    if (!is_within(claims, *publish)) continue;
    const std::string what = fmt::format("m{} with {} bytes, which fits a message",
                                         publish->message, number_of(publish->asked, "size"));
    const bool refused = publish->outcome == Phase::fail && !is_passing(*publish);
    if (refused)
      return Judgement::violated("refused",
                                 fmt::format("Refused with {}: {}.", publish->error, what),
                                 events_of(*publish));
    if (publish->ok() && text_of(publish->said, "route") == "reference")
      return Judgement::violated("by_reference", fmt::format("Accepted by reference: {}.", what),
                                 events_of(*publish));
    const Delivery* delivery = delivery_of(view, publish->message);
    if (delivery == nullptr) continue;
    const std::vector<std::size_t> events = {publish->invoke_index, delivery->index};
    if (!delivery->said.contains("digest") && !delivery->said.contains("json"))
      return Judgement::violated("by_reference",
                                 fmt::format("Delivered without its payload: {}.", what), events);
    if (altered(*publish, *delivery))
      return Judgement::violated("altered", fmt::format("Delivered with other bytes: {}.", what),
                                 events);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_disabled_refused(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  const auto lives_on = [&](const Operation& publish) {
    for (const Operation& later : view.operations(Action::publish))
      if (later.ok() && later.invoked > publish.invoked) return true;
    return false;
  };
  for (const Operation* publish : marked(view, "beyond_message")) {
    const std::string what = fmt::format("m{} with {} bytes, more than a message holds",
                                         publish->message, number_of(publish->asked, "size"));
    if (publish->ok())
      return Judgement::violated("accepted", fmt::format("Accepted: {}.", what),
                                 events_of(*publish));
    if (const Delivery* delivery = delivery_of(view, publish->message))
      return Judgement::violated("delivered", fmt::format("Delivered: {}.", what),
                                 {publish->invoke_index, delivery->index});
    // A connection that ends over it is a refusal, too, by a bus that goes on.
    const bool told = publish->outcome == Phase::fail || publish->error == "disconnected";
    judged += told && lives_on(*publish);
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
