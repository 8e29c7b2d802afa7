#include "suites/checkers/tripped.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/link_spans.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::Phase;
using history::text_of;
using history::Time;
using history::View;

bool by_reference(const Operation& publish) {
  return publish.ok() && text_of(publish.said, "route") == "reference";
}

/// The calls that need the payload store, in the order in which they were made.
std::vector<const Operation*> store_calls(const View& view, const Claims& claims) {
  std::vector<const Operation*> found;
  const auto limit = claims.limit("inline_bytes_max");
  if (!limit) return found;
  for (const Operation& publish : view.operations(Action::publish))
    if (number_of(publish.asked, "size") > *limit) found.push_back(&publish);
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish != nullptr && by_reference(*publish) && publish->answered < retrieve.invoked)
      found.push_back(&retrieve);
  }
  std::sort(found.begin(), found.end(),
            [](const Operation* a, const Operation* b) { return a->invoked < b->invoked; });
  return found;
}

bool served(const Operation& call) {
  return call.action == Action::publish ? by_reference(call) : call.ok();
}

/// Not served for the store's sake: not for want of room, and not left unanswered.
bool failed(const Operation& call) {
  if (call.error == "backpressure" || call.error == "rate_limited") return false;
  return call.answered != kNever && !served(call) && call.error != "no_answer" &&
         call.error != "disconnected";
}

bool says_open(const Operation& operation) {
  if (operation.error == "breaker_open") return true;
  if (!operation.ok() || text_of(operation.asked, "method") != "bus/health") return false;
  const auto* breaker = operation.said.if_contains("breaker");
  return breaker != nullptr && breaker->is_object() &&
         text_of(breaker->get_object(), "state") == "open";
}

/// A fault on the link to the payload store, which struck.
struct Trouble {
  const Note* begin;
  const Note* end;
  std::string what;  ///< "The link to the store was reset"
};

std::vector<Trouble> troubles(const View& view) {
  std::vector<Trouble> found;
  const std::string link = payload_link(view);
  const auto healed = view.marks("healed");
  for (const Note& fault : view.marks("fault")) {
    if (text_of(fault.said, "link") != link) continue;
    const auto end = std::find_if(healed.begin(), healed.end(), [&](const Note& mark) {
      return mark.index > fault.index && text_of(mark.said, "link") == link;
    });
    if (end != healed.end() && end->amount > 0)
      found.push_back({&fault, &*end,
                       fmt::format("the link to the store was {}", text_of(fault.said, "fault"))});
  }
  return found;
}

/// A store that holds the payloads, and refused what it was asked for.
std::vector<Trouble> refusals(const View& view) {
  std::vector<Trouble> found;
  const auto over = view.marks("refusing_over");
  for (const Note& begin : view.marks("refusing")) {
    const auto end = std::find_if(over.begin(), over.end(),
                                  [&](const Note& mark) { return mark.index > begin.index; });
    if (end != over.end())
      found.push_back(
          {&begin, &*end, fmt::format("the store said {}", text_of(begin.said, "how"))});
  }
  return found;
}

/// What of the calls falls into that trouble, and what came just before and after.
struct Calls {
  const Operation* before = nullptr;
  const Operation* after = nullptr;
  std::vector<const Operation*> within;
};

Calls calls_of(const std::vector<const Operation*>& all, const Trouble& trouble) {
  Calls found;
  for (const Operation* call : all) {
    if (call->answered < trouble.begin->at) found.before = call;
    if (call->invoked > trouble.begin->at && call->answered < trouble.end->at)
      found.within.push_back(call);
    if (call->invoked > trouble.end->at && found.after == nullptr) found.after = call;
  }
  return found;
}

/// Whether one like it failed: a payload that is read may be at hand without the store, unless it
/// just was not.
bool like_one_of(const std::vector<const Operation*>& calls, const Operation& call) {
  return std::any_of(calls.begin(), calls.end(), [&](const Operation* one) {
    return one->action == call.action &&
           (call.action == Action::publish || one->message == call.message);
  });
}

/// When the bus was first stopped or killed after `from`: its breaker is a new one from then on.
Time gone_after(const View& view, Time from) {
  Time first = kNever;
  for (const std::string_view name : {"stop", "kill"})
    for (const Note& mark : view.marks(name))
      if (mark.at > from) first = std::min(first, mark.at);
  return first;
}

/// Until then the breaker is open for certain if that trouble opened it, however soon it did.
Time open_until(const View& view, const Trouble& trouble, Time open_time) {
  return std::min(view.earliest_after(trouble.begin->at, open_time),
                  gone_after(view, trouble.begin->at));
}

/// How many of those calls were under way at the instant at which the most were.
std::int64_t most_at_once(const std::vector<const Operation*>& calls) {
  std::int64_t most = 0;
  for (const Operation* one : calls)
    most = std::max<std::int64_t>(
        most, std::count_if(calls.begin(), calls.end(), [&](const Operation* other) {
          return other->invoked <= one->invoked && other->answered > one->invoked;
        }));
  return most;
}

Judgement failures_open(const View& view, const Claims& claims,
                        const std::vector<Trouble>& all_troubles, bool overlapping) {
  const auto failures = claims.limit("breaker.failures");
  const auto open = declared(claims, "breaker.open_ms");
  if (!failures || !open)
    return Judgement::unverified("breaker.failures or breaker.open_ms is not declared");
  const auto all = store_calls(view, claims);
  std::uint64_t judged = 0;
  for (const Trouble& trouble : all_troubles) {
    const Calls calls = calls_of(all, trouble);
    const bool was_closed = calls.before != nullptr && served(*calls.before);
    const bool in_a_row = std::all_of(calls.within.begin(), calls.within.end(),
                                      [](const Operation* call) { return failed(*call); }) &&
                          static_cast<std::int64_t>(calls.within.size()) >= *failures;
    if (!was_closed || !in_a_row || calls.after == nullptr) continue;
    if ((most_at_once(calls.within) >= *failures) != overlapping && *failures > 1) continue;
    const Operation& after = *calls.after;
    if (!like_one_of(calls.within, after)) continue;
    if (after.answered == kNever || after.answered >= open_until(view, trouble, *open)) continue;
    if (served(after))
      return Judgement::violated(
          "did_not_open",
          fmt::format("{} calls failed while {}, breaker.failures is {}, and the next one was "
                      "served.",
                      calls.within.size(), trouble.what, *failures),
          {trouble.begin->index, calls.within.back()->answer_index, trouble.end->index,
           after.invoke_index, after.answer_index});
    if (failed(after)) ++judged;
  }
  return Judgement::met(judged);
}

/// From when to when the breaker was open for certain.
struct Open {
  Time from, until;
};

std::vector<Open> open_times(const View& view, const Claims& claims, Time open_time) {
  std::vector<Open> found;
  const auto all = store_calls(view, claims);
  for (const Trouble& trouble : troubles(view)) {
    const Calls calls = calls_of(all, trouble);
    if (calls.before == nullptr || !served(*calls.before)) continue;
    const Time until = open_until(view, trouble, open_time);
    Time from = kNever;
    for (const Action action : {Action::call, Action::retrieve, Action::publish})
      for (const Operation& operation : view.operations(action))
        if (operation.invoked > trouble.begin->at && operation.answered < until &&
            says_open(operation))
          from = std::min(from, operation.answered);
    if (from < until) found.push_back({from, until});
  }
  return found;
}

std::int64_t most_connections(const std::vector<LinkSpan>& spans) {
  std::int64_t most = 0;
  for (const LinkSpan& span : spans) most = std::max(most, span.connections);
  return most;
}

}  // namespace

Judgement judge_overlapping_open(const View& view, const Claims& claims) {
  return failures_open(view, claims, troubles(view), true);
}

Judgement judge_lost_links_open(const View& view, const Claims& claims) {
  return failures_open(view, claims, troubles(view), false);
}

Judgement judge_refusals_open(const View& view, const Claims& claims) {
  return failures_open(view, claims, refusals(view), false);
}

Judgement judge_open_is_silent(const View& view, const Claims& claims) {
  const auto open_time = declared(claims, "breaker.open_ms");
  if (!open_time) return Judgement::unverified("breaker.open_ms is not declared");
  const auto times = open_times(view, claims, *open_time);
  const std::string link = payload_link(view);
  const auto within = [&](std::vector<LinkSpan> spans) {
    std::erase_if(spans, [&](const LinkSpan& span) {
      return std::none_of(times.begin(), times.end(), [&](const Open& open) {
        return span.begin >= open.from && span.end < open.until;
      });
    });
    return spans;
  };
  return against_idle(within(link_spans(view, "calls", "calls_end", link)),
                      within(link_spans(view, "idle", "idle_end", link)), "reached",
                      "The breaker was open");
}

Judgement judge_no_herd(const View& view, const Claims& claims) {
  const auto probes = claims.limit("breaker.probes");
  if (!probes) return Judgement::unverified("breaker.probes is not declared");
  const std::string link = payload_link(view);
  const auto single = link_spans(view, "single", "single_end", link);
  const auto idle = link_spans(view, "idle", "idle_end", link);
  std::uint64_t judged = 0;
  for (const LinkSpan& herd : link_spans(view, "herd", "herd_end", link)) {
    std::vector<LinkSpan> as_long;
    for (const LinkSpan& span : idle)
      if (span.length() >= herd.length()) as_long.push_back(span);
    if (single.empty() || as_long.empty() || herd.operations <= 2 * *probes) continue;
    std::int64_t each = 1;
    for (const LinkSpan& span : single)
      if (span.operations > 0)
        each = std::max(each, (span.connections + span.operations - 1) / span.operations);
    const std::int64_t besides = most_connections(as_long);
    const std::int64_t came = herd.connections - besides;
    if (came > *probes * each && came * 2 >= herd.operations)
      return Judgement::violated(
          "herd",
          fmt::format("Of {} calls at the end of the open time at least {} came to the store; "
                      "breaker.probes is {}, a call that fails takes {} connections, and an idle "
                      "bus makes {} in that time.",
                      herd.operations, came, *probes, each, besides),
          {herd.from, herd.to});
    if (herd.connections > 0) ++judged;
  }
  if (judged == 0) return Judgement::inconclusive("no probe was seen on its way to the store");
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
