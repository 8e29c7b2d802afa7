// What a sweep may and may not do: TTL-4.
#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/expired.hpp"
#include "suites/checkers/life.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/remains.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {

using history::Action;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

namespace {

bool is_sweep(const Operation& control) { return text_of(control.asked, "method") == "ctl/sweep"; }

/// Whether the message had certainly ended when some sweep was asked for that was done, and whose
/// counts had settled, by `at`.
bool swept_by(const View& view, const contract::Claims& claims, const Operation& publish, Time at,
              Time settled) {
  const auto all = view.operations(Action::control);
  return std::any_of(all.begin(), all.end(), [&](const Operation& sweep) {
    return is_sweep(sweep) && sweep.ok() && sweep.answered + settled < at &&
           certainly_over(view, claims, publish, sweep.invoked);
  });
}

Judgement left(std::string_view where, const Operation& shown) {
  return Judgement::violated(
      "left_after_sweep",
      fmt::format("After a sweep a message that had ended before it was still {}.", where),
      {shown.invoke_index, shown.answer_index});
}

}  // namespace

Judgement judge_sweep_removes(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto over = [&](const Operation& publish, const Operation& request) {
    return swept_by(view, claims, publish, request.invoked, settle_time(claims));
  };
  for (const Operation& retrieve : view.operations(Action::retrieve)) {
    const Operation* publish = view.publish_of(retrieve.message);
    if (publish == nullptr || !swept_by(view, claims, *publish, retrieve.invoked, Time::zero()))
      continue;
    if (retrieve.ok()) return left("readable", retrieve);
    judged += says_gone(retrieve) && !gone_otherwise(view, claims, *publish, retrieve);
  }
  if (const Operation* wrong = counts_too_many(view, claims, over, judged); wrong != nullptr)
    return left("counted in its queue", *wrong);
  const bool drops = claims.trait("ttl", "on_expiry") == "drop";
  for (const char* method : {"bus/correlated", "bus/dead_letters"}) {
    if (std::string_view(method) == "bus/dead_letters" && !drops) continue;
    if (const Operation* wrong = lists_ended(view, method, over, judged); wrong != nullptr)
      return left("listed", *wrong);
  }
  return Judgement::met(judged);
}

Judgement judge_sweep_spares(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto swept_since = [&](Time published, Time at) {
    const auto all = view.operations(Action::control);
    return std::any_of(all.begin(), all.end(), [&](const Operation& sweep) {
      return is_sweep(sweep) && sweep.ok() && sweep.invoked > published && sweep.answered < at;
    });
  };
  for (const Action action : {Action::retrieve, Action::inspect})
    for (const Operation& request : view.operations(action)) {
      const Operation* publish = view.publish_of(request.message);
      if (publish == nullptr || !publish->ok() ||
          maybe_over(view, claims, *publish, request.answered) ||
          gone_otherwise(view, claims, *publish, request) ||
          !swept_since(publish->answered, request.invoked))
        continue;
      if (says_gone(request))
        return Judgement::violated(
            "swept_alive",
            fmt::format("Message m{} lived and was gone after a sweep.", publish->message),
            {publish->invoke_index, request.answer_index});
      judged += request.ok();
    }
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Operation& publish : view.operations(Action::publish)) {
      const auto due = owed.due(publish);
      if (!due || came.contains(publish.message)) continue;
      const Operation* fence = owed.fence_behind(*due);
      if (fence != nullptr && swept_since(publish.answered, fence->invoked))
        return Judgement::violated(
            "swept_alive",
            fmt::format("Message m{} lived and never came after a sweep.", publish.message),
            {publish.invoke_index, publish.answer_index, fence->invoke_index});
    }
  }
  return Judgement::met(judged);
}

Judgement judge_sweep_archives(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto settled = [&](std::uint32_t message) {
    for (const Action action : {Action::ack, Action::reject, Action::remove})
      for (const Operation& end : view.operations(action))
        if (end.message == message) return true;
    return false;
  };
  for (const history::Note& look : view.marks("archive")) {
    const Operation* publish = view.publish_of(look.message);
    if (publish == nullptr || settled(publish->message)) continue;
    if (!swept_by(view, claims, *publish, look.at, settle_time(claims))) continue;
    if (look.amount == 0)
      return Judgement::violated(
          "not_archived",
          fmt::format("Message m{} was swept and is not in the archive.", publish->message),
          {publish->invoke_index, look.index});
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_sweep_tells(const View& view, const contract::Claims& claims) {
  if (view.marks("alone").empty())
    return Judgement::unverified("others may use this bus: what it sweeps of theirs is not known");
  std::int64_t reported = 0;
  std::uint64_t judged = 0;
  for (const Operation& sweep : view.operations(Action::control)) {
    if (!is_sweep(sweep) || !sweep.ok()) continue;
    const std::int64_t number = number_of(sweep.said, "expired", -1);
    const std::vector<std::size_t> events{sweep.invoke_index, sweep.answer_index};
    if (number < 0)
      return Judgement::violated("no_number", "A sweep does not say how many it removed.", events);
    reported += number;
    std::int64_t possible = 0;
    bool some = false;
    for (const Operation& publish : view.operations(Action::publish)) {
      possible += publish.outcome != history::Phase::fail && publish.invoked < sweep.answered &&
                  maybe_over(view, claims, publish, sweep.answered);
      some = some || certainly_over(view, claims, publish, sweep.invoked);
    }
    if (reported > possible)
      return Judgement::violated(
          "too_many",
          fmt::format("Sweeps report {} messages and at most {} can have ended.", reported,
                      possible),
          events);
    judged += some;
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
