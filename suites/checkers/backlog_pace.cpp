#include "suites/checkers/backlog_pace.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::kNever;
using history::Note;
using history::Operation;
using history::Time;
using history::View;

constexpr std::size_t kEnough = 30;
constexpr int kTimes = 10;
constexpr std::int64_t kLonger = 4;  ///< How many times as much must wait.
constexpr Time kStarvedHarness = std::chrono::seconds(1);

struct Took {
  Time time;
  std::size_t index;  ///< Of the event that ended it.
};

/// One measuring: what each kind of operation took.
struct Phase {
  std::int64_t waiting = 0;
  Time from{}, to{};
  std::size_t index = 0;
  std::map<std::string, std::vector<Took>> took = {};
};

bool within(const Phase& phase, Time at) { return at > phase.from && at < phase.to; }

/// From each ack to the next delivery, where credit was all that it waited for.
void add_deliveries(const View& view, Phase& phase) {
  const auto all = view.deliveries();
  for (const Operation& ack : view.operations(Action::ack)) {
    if (!ack.ok() || !within(phase, ack.invoked)) continue;
    const auto next = std::find_if(all.begin(), all.end(), [&](const Delivery& delivery) {
      return delivery.session == ack.session && delivery.at > ack.invoked;
    });
    if (next != all.end() && within(phase, next->at))
      phase.took["deliver"].push_back({next->at - ack.invoked, next->index});
  }
}

std::vector<Phase> phases(const View& view) {
  std::vector<Phase> found;
  const auto ends = view.marks("measured");
  for (const Note& begin : view.marks("measures")) {
    const auto end = std::find_if(ends.begin(), ends.end(),
                                  [&](const Note& mark) { return mark.at > begin.at; });
    Phase phase{begin.amount, begin.at, end == ends.end() ? kNever : end->at, begin.index};
    const std::map<Action, std::string> kinds = {
        {Action::publish, "publish"}, {Action::ack, "ack"}, {Action::pending, "counts"}};
    for (const auto& [action, kind] : kinds)
      for (const Operation& operation : view.operations(action))
        // One that is never answered took that long at least.
        if (within(phase, operation.invoked) && (operation.ok() || operation.error == "no_answer"))
          phase.took[kind].push_back(
              {operation.answered - operation.invoked, operation.answer_index});
    add_deliveries(view, phase);
    found.push_back(std::move(phase));
  }
  return found;
}

Took median(std::vector<Took> took) {
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::nth_element(took.begin(), middle, took.end(),
                   [](const Took& a, const Took& b) { return a.time < b.time; });
  return *middle;
}

std::optional<Note> first_after(const View& view, std::string_view name, Time from) {
  for (const Note& note : view.marks(name))
    if (note.at > from) return note;
  return std::nullopt;
}

}  // namespace

Judgement judge_backlog_pace(const View& view, const contract::Claims&) {
  const auto all = phases(view);
  if (all.size() < 2) return Judgement::inconclusive("there was no short and no long backlog");
  const Phase &few = all.front(), &many = all.back();
  if (many.waiting < kLonger * std::max<std::int64_t>(few.waiting, 1))
    return Judgement::inconclusive(
        fmt::format("no more than {} messages waited, after {}", many.waiting, few.waiting));
  std::uint64_t judged = 0;
  for (const auto& [kind, took] : many.took) {
    const auto before = few.took.find(kind);
    if (before == few.took.end() || std::min(before->second.size(), took.size()) < kEnough)
      continue;
    const Took short_one = median(before->second), long_one = median(took);
    if (long_one.time > kTimes * short_one.time + own_delay(view, many.from, many.to))
      return Judgement::violated(
          "slowed_down",
          fmt::format("With {} messages waiting, {} takes {:.1f} ms, the median of {}; with {} it "
                      "took {:.1f} ms.",
                      many.waiting, kind, millis(long_one.time), took.size(), few.waiting,
                      millis(short_one.time)),
          {few.index, short_one.index, many.index, long_one.index});
    judged += took.size();
  }
  return Judgement::met(judged);
}

Judgement judge_backlog_restart(const View& view, const contract::Claims&) {
  const auto waiting = view.marks("waiting");
  if (waiting.empty()) return Judgement::inconclusive("no backlog came to wait");
  const auto stop = first_after(view, "stop", waiting.back().at);
  if (!stop) return Judgement::inconclusive("the bus was not stopped");
  if (const auto failed = first_after(view, "not_ready", stop->at)) {
    if (view.longest_stall(stop->at, failed->at) > kStarvedHarness)
      return Judgement::inconclusive("the harness itself was held up while the bus started");
    return Judgement::violated(
        "not_ready",
        fmt::format("With {} messages waiting the bus was not ready {:.1f} s after its start.",
                    waiting.back().amount,
                    std::chrono::duration<double>(failed->at - stop->at).count()),
        {waiting.back().index, stop->index, failed->index});
  }
  if (!first_after(view, "started", stop->at))
    return Judgement::inconclusive("the bus was not started again");
  return Judgement::met(static_cast<std::uint64_t>(waiting.back().amount));
}

}  // namespace busproof::checkers
