#include "suites/checkers/full_disk.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/recovery.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::Phase;
using history::Time;
using history::View;

/// While there was no room.
struct Shortage {
  Time from, to;
  std::size_t mark;
};

std::vector<Shortage> shortages(const View& view) {
  std::vector<Shortage> found;
  for (const history::Note& full : view.marks("full")) {
    Time to = history::kNever;
    for (const history::Note& room : view.marks("room"))
      if (room.at > full.at) to = std::min(to, room.at);
    if (found.empty() || full.at >= found.back().to) found.push_back({full.at, to, full.index});
  }
  return found;
}

bool within(const Operation& operation, const Shortage& shortage) {
  return operation.invoked > shortage.from && operation.answered <= shortage.to;
}

/// The first publish that was not accepted then, or null.
const Operation* refused_in(const View& view, const Shortage& shortage) {
  for (const Operation& publish : view.operations(Action::publish))
    if (within(publish, shortage) && !publish.ok()) return &publish;
  return nullptr;
}

bool was_noticed(const View& view) {
  const auto all = shortages(view);
  return std::any_of(all.begin(), all.end(), [&](const Shortage& shortage) {
    return refused_in(view, shortage) != nullptr;
  });
}

Judgement unnoticed() { return Judgement::inconclusive("no publish was refused for want of room"); }

}  // namespace

Judgement judge_full_disk_refuses(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const Shortage& shortage : shortages(view))
    for (const Operation& publish : view.operations(Action::publish)) {
      // One that was never answered was sent meanwhile, and that is all that is known of it.
      const bool unanswered = publish.answered == history::kNever;
      if (publish.invoked <= shortage.from || publish.invoked >= shortage.to ||
          (!unanswered && publish.answered > shortage.to))
        continue;
      if (publish.outcome == Phase::fail) ++judged;
      if (publish.outcome != Phase::info) continue;
      if (view.longest_stall(publish.invoked, publish.answered) > kGraceOtherwise)
        return Judgement::inconclusive("the machine stood still");
      return Judgement::violated(
          "in_doubt",
          fmt::format("With the disk full the publish of m{} was neither accepted nor refused as "
                      "certainly not done ({}).",
                      publish.message, publish.error.empty() ? "no answer" : publish.error),
          {shortage.mark, publish.invoke_index, publish.answer_index});
    }
  const Judgement absent = judge_refused_absent(view, claims);
  if (absent.verdict() == contract::Verdict::violated) return absent;
  return judged == 0 ? unnoticed() : Judgement::met(judged);
}

Judgement judge_full_disk_keeps(const View& view, const contract::Claims& claims) {
  const Judgement delivered = judge_delivered(view, claims);
  if (delivered.verdict() == contract::Verdict::violated) return delivered;
  return was_noticed(view) ? delivered : unnoticed();
}

Judgement judge_full_disk_reads(const View& view, const contract::Claims& claims) {
  if (!was_noticed(view)) return unnoticed();
  std::uint64_t judged = 0;
  for (const Shortage& shortage : shortages(view))
    for (const Operation& retrieve : view.operations(Action::retrieve)) {
      const Operation* publish = view.publish_of(retrieve.message);
      if (!within(retrieve, shortage) || publish == nullptr || !publish->ok() ||
          may_be_gone(view, claims, *publish, retrieve))
        continue;
      // A breaker that the full disk has opened lets nothing through.
      if (retrieve.error == "breaker_open" && claims.has("breaker")) continue;
      ++judged;
      if (retrieve.ok()) continue;
      if (view.longest_stall(retrieve.invoked, retrieve.answered) > kGraceOtherwise)
        return Judgement::inconclusive("the machine stood still");
      return Judgement::violated(
          "read_failed",
          fmt::format("With the disk full accepted message m{} could not be retrieved ({}).",
                      retrieve.message, retrieve.error),
          {shortage.mark, retrieve.invoke_index, retrieve.answer_index});
    }
  return Judgement::met(judged);
}

Judgement judge_full_disk_recovers(const View& view, const contract::Claims& claims) {
  if (!was_noticed(view)) return unnoticed();
  std::uint64_t judged = 0;
  for (const Shortage& shortage : shortages(view)) {
    Time restarted = history::kNever;
    for (const history::Note& started : view.marks("started"))
      if (started.at > shortage.to) restarted = std::min(restarted, started.at);
    const auto [accepted, late] = recovery(view, claims, shortage.to, restarted);
    if (accepted) ++judged;
    if (late != nullptr)
      return Judgement::violated(
          "stays_full",
          fmt::format("{:.1f} s after there was room again the publish of m{} was still refused "
                      "({}).",
                      millis(late->invoked - shortage.to) / 1000, late->message, late->error),
          {shortage.mark, late->invoke_index, late->answer_index});
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
