#include "suites/checkers/store_trouble.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/store_calls.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::Delivery;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

/// The kinds that speak of one message, as far as this bus can be made to say them.
std::vector<std::string> kinds_about_messages(const Claims& claims) {
  std::vector<std::string> kinds = {"not_found"};
  if (claims.has("integrity")) kinds.emplace_back("digest_mismatch");
  if (claims.has("dedupe")) kinds.emplace_back("conflict");
  if (too_large_can_be_sent(claims)) kinds.emplace_back("payload_too_large");
  return kinds;
}

std::vector<const Operation*> requests_in_order(const View& view) {
  std::vector<const Operation*> found;
  for (const Action action : {Action::publish, Action::retrieve, Action::control})
    for (const Operation& operation : view.operations(action)) found.push_back(&operation);
  std::ranges::stable_sort(found, {}, [](const Operation* one) { return one->invoked; });
  return found;
}

Judgement opened(std::string finding, std::string says, const Operation& by) {
  return Judgement::violated(std::move(finding), std::move(says),
                             {by.invoke_index, by.answer_index});
}

/// A call that took as long as the store may take may have failed for that.
bool in_good_time(const Operation& request, const Claims& claims) {
  const auto timeout = declared(claims, "breaker.call_timeout_ms");
  return request.answered != history::kNever &&
         (!timeout || request.answered - request.invoked < *timeout / 2);
}

/// From the answer of "hang" to the request of what ended it.
struct Hang {
  Time from{}, to = history::kNever;
};
std::optional<Hang> hang_of(const View& view, const Claims& claims) {
  std::optional<Hang> hang;
  for (const Operation& control : view.operations(Action::control)) {
    const std::string told = told_payload_store(control, claims);
    if (told.empty() || !control.ok()) continue;
    if (!hang && told == "hang") {
      hang = Hang{control.answered};
    } else if (hang && hang->to == history::kNever) {
      hang->to = control.invoked;
    }
  }
  return hang;
}

/// Something that took a while, seen at the event of that index.
struct Span {
  Time from{}, took{};
  std::size_t begun = 0, ended = 0;
};

/// How many calls to the hanging store were under way at that time.
std::size_t waiting_at(const View& view, const Claims& claims, const Hang& hang, Time time) {
  const auto publishes = view.operations(Action::publish);
  return static_cast<std::size_t>(std::ranges::count_if(publishes, [&](const Operation& one) {
    return needs_store(one, claims) && one.invoked >= hang.from && one.invoked <= time &&
           one.answered > time;
  }));
}

/// Each must take no longer while so many wait for the hanging store than ten times the slowest
/// before, or two seconds where that is more.
Judgement judge_goes_on(const View& view, const Claims& claims, const Hang& hang,
                        const std::vector<Span>& spans, std::size_t crowd) {
  constexpr Time kSurely = std::chrono::seconds(2);
  Time slowest{};
  for (const Span& span : spans)
    if (span.from < hang.from) slowest = std::max(slowest, span.took);
  const Time most = std::max(kSurely, 10 * slowest);
  std::uint64_t judged = 0;
  for (const Span& span : spans) {
    if (span.from < hang.from || span.from > hang.to) continue;
    if (waiting_at(view, claims, hang, span.from) < crowd) continue;
    if (span.took > most + own_delay(view, span.from, span.from + span.took))
      return Judgement::violated(
          "held_up",
          fmt::format(
              "It took {:.0f} ms while the payload store hung, and before that {:.0f} ms at "
              "most.",
              millis(span.took), millis(slowest)),
          {span.begun, span.ended});
    ++judged;
  }
  return Judgement::met(judged);
}

/// Answers to requests for that, and the ways of the messages to whoever wanted them.
std::vector<Span> spans_of(const View& view, const Claims& claims, std::string_view mode) {
  std::vector<Span> spans;
  const auto add = [&](const Operation& request) {
    if (request.answered != history::kNever)
      spans.push_back({request.invoked, request.answered - request.invoked, request.invoke_index,
                       request.answer_index});
  };
  for (const Operation& publish : view.operations(Action::publish)) {
    if (text_of(publish.asked, "mode") != mode || needs_store(publish, claims)) continue;
    add(publish);
    for (const Delivery& delivery : view.deliveries_of(publish.message)) {
      spans.push_back(
          {publish.invoked, delivery.at - publish.invoked, publish.invoke_index, delivery.index});
      for (const Operation& ack : view.on_delivery(Action::ack, delivery.delivery)) add(ack);
    }
  }
  return spans;
}

/// The first publish of that mode that does not need the hanging store and was refused, or an ack.
/// Only as long as no call to the other store can have timed out, which is one reason to refuse.
const Operation* refused_beside(const View& view, const Claims& claims, const Hang& hang,
                                std::string_view mode) {
  const Time timeout = declared(claims, "breaker.call_timeout_ms").value_or(4 * kGraceOtherwise);
  const Time until = std::min(hang.to, hang.from + timeout / 2);
  const auto is_refused = [&](const Operation& request) {
    const bool of_its_own = request.error == "no_answer" || request.error == "disconnected" ||
                            request.error == "rate_limited" || request.error == "backpressure" ||
                            request.error == "lease_lost";
    return request.invoked >= hang.from && request.answered < until && !request.ok() && !of_its_own;
  };
  for (const Operation& publish : view.operations(Action::publish)) {
    if (text_of(publish.asked, "mode") != mode || needs_store(publish, claims)) continue;
    if (is_refused(publish)) return &publish;
    for (const Operation& ack : view.on_message(Action::ack, publish.message))
      if (is_refused(ack)) return &ack;
  }
  return nullptr;
}

Judgement judge_mode_goes_on(const View& view, const Claims& claims, std::string_view mode,
                             std::size_t crowd = 1) {
  const auto hang = hang_of(view, claims);
  if (!hang) return Judgement::inconclusive("the store did not hang");
  if (const Operation* refused = refused_beside(view, claims, *hang, mode))
    return opened(
        "refused",
        fmt::format("While the payload store hung, what does not need it was refused with "
                    "{}.",
                    refused->error),
        *refused);
  return judge_goes_on(view, claims, *hang, spans_of(view, claims, mode), crowd);
}

}  // namespace

bool too_large_can_be_sent(const Claims& claims) {
  constexpr std::int64_t kEnvelope = 2048, kMost = 8 << 20;
  const auto payload = claims.limit("payload_bytes_max");
  const auto message = claims.limit("message_bytes_max");
  return payload && *payload <= kMost && (!message || *payload + 1 + kEnvelope <= *message);
}

Judgement judge_answers_open_none(const View& view, const Claims& claims) {
  const auto failures = claims.limit("breaker.failures");
  if (!failures) return Judgement::unverified("breaker.failures is not declared");
  std::map<std::string, std::int64_t> refused;
  std::map<std::string, std::uint64_t> judged;
  for (const Operation* request : requests_in_order(view)) {
    if (text_of(request->asked, "method") == "ctl/backend")
      return Judgement::inconclusive("the store was in trouble, too");
    for (const std::string& kind : kinds_about_messages(claims))
      if (request->error == kind) ++refused[kind];
    if (request->action != Action::publish || !needs_store(*request, claims)) continue;
    const bool enough =
        std::ranges::any_of(refused, [&](const auto& one) { return one.second >= *failures; });
    if (enough && was_kept_away(*request) && in_good_time(*request, claims))
      return opened("opened_by_answers",
                    "Refusals of single messages have opened the breaker: a payload was kept from "
                    "its store.",
                    *request);
    if (!was_stored(*request)) continue;
    for (const auto& [kind, count] : refused) judged[kind] += count >= *failures ? 1 : 0;
    refused.clear();
  }
  std::uint64_t least = ~std::uint64_t{0};
  for (const std::string& kind : kinds_about_messages(claims))
    least = std::min(least, judged[kind]);
  return Judgement::met(least);
}

Judgement judge_never_opens(const View& view, const Claims& claims) {
  const auto failures = claims.limit("breaker.failures");
  if (!failures) return Judgement::unverified("breaker.failures is not declared");
  Time off = history::kNever;
  for (const history::Note& started : view.marks("started"))
    if (text_of(started.said, "variant") == "breaker.off") off = std::min(off, started.at);
  std::int64_t failed = 0;
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.invoked < off || !needs_store(publish, claims)) continue;
    const std::string store = payload_store_during(view, claims, publish);
    if (store == "down" && was_kept_away(publish)) ++failed;
    if (publish.error == "breaker_open")
      return opened("opened", "Switched off, the breaker keeps a call away.", publish);
    if (store != "up" || failed < 10 * *failures || !in_good_time(publish, claims)) continue;
    if (was_kept_away(publish))
      return opened("opened",
                    fmt::format("Switched off, it has opened: after {} failures a payload is kept "
                                "from a store that is well.",
                                failed),
                    publish);
    if (was_stored(publish)) ++judged;
    failed = 0;
  }
  return Judgement::met(judged);
}

Judgement judge_inline_goes_on(const View& view, const Claims& claims) {
  return judge_mode_goes_on(view, claims, "queue");
}

Judgement judge_pool_goes_on(const View& view, const Claims& claims) {
  return judge_mode_goes_on(view, claims, "queue", kCrowd);
}

Judgement judge_topics_go_on(const View& view, const Claims& claims) {
  return judge_mode_goes_on(view, claims, "topic");
}

}  // namespace busproof::checkers
