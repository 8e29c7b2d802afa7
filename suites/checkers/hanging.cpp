#include "suites/checkers/hanging.hpp"

#include <algorithm>
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
using history::Operation;
using history::Time;
using history::View;

/// Of the breaker, as declared.
struct Limits {
  std::int64_t failures = 0;
  Time timeout{}, open{};
};

std::optional<Limits> limits_of(const Claims& claims) {
  const auto failures = claims.limit("breaker.failures");
  const auto timeout = declared(claims, "breaker.call_timeout_ms");
  const auto open = declared(claims, "breaker.open_ms");
  if (!failures || !timeout || !open) return std::nullopt;
  return Limits{*failures, *timeout, *open};
}

/// Why it cannot be judged on this bus.
std::optional<Judgement> unfit(const Claims& claims) {
  if (!limits_of(claims)) return Judgement::unverified("its limits are not declared");
  if (!claims.trait_is("breaker", "counts", "calls"))
    return Judgement::unverified("how many attempts a call is worth is the bus' own affair");
  return std::nullopt;
}

Judgement wrong(std::string finding, std::string says, const Operation& by) {
  return Judgement::violated(std::move(finding), std::move(says),
                             {by.invoke_index, by.answer_index});
}

/// A call and what the store was told to be while it was under way.
struct Call {
  const Operation* publish;
  std::string store;
};

std::vector<Call> calls_of(const View& view, const Claims& claims) {
  std::vector<Call> calls;
  for (const Operation& publish : view.operations(Action::publish))
    if (needs_store(publish, claims))
      calls.push_back({&publish, payload_store_during(view, claims, publish)});
  return calls;
}

/// Whether nobody can say that it ended at the call timeout: it has that, the rest of the call, and
/// whatever else the bus has to do for it.
bool is_late(const View& view, const Operation& call, const Limits& limits) {
  const Time most = 2 * limits.timeout + std::chrono::seconds(1);
  if (call.answered == history::kNever || call.error == "no_answer") return true;
  return call.answered - call.invoked > most + own_delay(view, call.invoked, call.answered);
}

/// Failed because its caller went away.
bool is_orphaned(const Operation& call) {
  return call.error == "disconnected" || call.answered == history::kNever;
}

/// Calls to a hanging store in a row, and what comes behind them.
class Trouble {
 public:
  Trouble(const View& view, const Limits& limits) : view_(view), limits_(limits) {}

  /// A call that hung and failed, or whose caller went away.
  void hung(const Operation& call) {
    if (is_due(call)) {
      probe_ = &call;
    } else if (probe_ == nullptr && !is_orphaned(call) && was_kept_away(call)) {
      ++failed_;
      if (failed_ == limits_.failures) opened_ = &call;
    }
  }

  /// The breaker is closed again, or it is not certain where it is.
  void over() {
    failed_ = 0;
    opened_ = probe_ = nullptr;
  }

  /// Opened, and its open time is over for certain when that call begins.
  [[nodiscard]] bool is_due(const Operation& call) const {
    return opened_ != nullptr && probe_ == nullptr && surely_over(opened_->answered, call);
  }

  /// The probe failed, at the call timeout at the latest, and the open time is over again.
  [[nodiscard]] bool is_due_again(const Operation& call) const {
    if (probe_ == nullptr) return false;
    const Time failed = is_orphaned(*probe_) ? probe_->invoked + 2 * limits_.timeout +
                                                   own_delay(view_, probe_->invoked, call.invoked)
                                             : probe_->answered;
    return failed < call.invoked && surely_over(failed, call);
  }

  [[nodiscard]] const Operation* probe() const { return probe_; }

 private:
  [[nodiscard]] bool surely_over(Time from, const Operation& call) const {
    constexpr Time kSlack = std::chrono::milliseconds(50);
    return view_.passed_at_least(from, call.invoked) >= limits_.open + kSlack;
  }

  const View& view_;
  Limits limits_;
  std::int64_t failed_ = 0;
  const Operation *opened_ = nullptr, *probe_ = nullptr;
};

Judgement judge_probe(const View& view, const Claims& claims, bool orphaned) {
  if (auto why = unfit(claims)) return *why;
  if (claims.trait_is("breaker", "probe", "background"))
    return Judgement::unverified("the bus probes by itself");
  const Limits limits = *limits_of(claims);
  Trouble trouble(view, limits);
  std::uint64_t judged = 0;
  for (const auto& [call, store] : calls_of(view, claims)) {
    if (store == "hang") {
      const bool fresh = trouble.probe() == nullptr;
      trouble.hung(*call);
      const bool is_probe = fresh && trouble.probe() != nullptr;
      if (is_probe && !orphaned && !is_orphaned(*call) && is_late(view, *call, limits))
        return wrong("still_waiting", "A probe of a hanging store was not over in time.", *call);
      continue;
    }
    if (store != "up") {
      trouble.over();
      continue;
    }
    if (!trouble.is_due_again(*call) || is_orphaned(*trouble.probe()) != orphaned) {
      if (was_stored(*call)) trouble.over();
      continue;
    }
    const bool slow = call->answered - call->invoked >= limits.timeout / 2;
    if (was_kept_away(*call) && !slow)
      return wrong("stuck",
                   "A probe came to nothing, the open time has passed again and the store is well, "
                   "and a payload was kept from it.",
                   *call);
    if (was_stored(*call)) ++judged;
    trouble.over();
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_hanging_trips(const View& view, const Claims& claims) {
  if (auto why = unfit(claims)) return *why;
  const Limits limits = *limits_of(claims);
  std::int64_t failed = 0;
  const Operation* first = nullptr;
  std::uint64_t judged = 0;
  for (const auto& [call, store] : calls_of(view, claims)) {
    if (store == "hang") {
      if (is_late(view, *call, limits))
        return wrong("still_waiting", "A call to a hanging store was not over in time.", *call);
      if (was_kept_away(*call)) ++failed;
      if (first == nullptr) first = call;
    } else if (store == "up" && failed >= limits.failures && call->answered != history::kNever) {
      if (view.passed_at_most(first->invoked, call->answered) >= limits.open) break;
      if (was_stored(*call))
        return wrong("did_not_open",
                     "As many calls hung as open the breaker, and the next payload was stored.",
                     *call);
      if (was_kept_away(*call)) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_open_answers_at_once(const View& view, const Claims& claims) {
  constexpr std::size_t kTellingLeast = 3;
  if (auto why = unfit(claims)) return *why;
  const Limits limits = *limits_of(claims);
  Time usual = limits.timeout;
  std::int64_t failed = 0;
  const Operation* first = nullptr;
  std::vector<const Operation*> waited;
  std::uint64_t judged = 0;
  for (const auto& [call, store] : calls_of(view, claims)) {
    if (store != "hang") {
      if (first == nullptr && was_stored(*call))
        usual = std::min(usual, call->answered - call->invoked);
      failed = 0;
      continue;
    }
    if (first == nullptr) first = call;
    if (failed++ < limits.failures || call->answered == history::kNever) continue;
    if (view.passed_at_most(first->invoked, call->answered) >= limits.open) break;
    const Time most =
        std::max(limits.timeout / 2, 2 * usual) + own_delay(view, call->invoked, call->answered);
    if (most >= limits.timeout) continue;
    ++judged;
    if (call->answered - call->invoked > most) waited.push_back(call);
  }
  if (judged < kTellingLeast) return Judgement::inconclusive("too few calls met an open breaker");
  // A single one may have met with a busy machine.
  if (2 * waited.size() <= judged) return Judgement::met(judged);
  return wrong("waited",
               fmt::format("The breaker is open, and {} of {} calls took about as long as the "
                           "hanging store may: this one {:.0f} ms.",
                           waited.size(), judged,
                           millis(waited.front()->answered - waited.front()->invoked)),
               *waited.front());
}

Judgement judge_hanging_probe(const View& view, const Claims& claims) {
  return judge_probe(view, claims, false);
}

Judgement judge_orphaned_probe(const View& view, const Claims& claims) {
  return judge_probe(view, claims, true);
}

}  // namespace busproof::checkers
