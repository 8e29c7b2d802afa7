#include "suites/checkers/remainders.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Note;
using history::number_of;
using history::Operation;
using history::Time;
using history::View;

// Fewer could hide in what any bus does now and then.
constexpr std::int64_t kFewest = 40;
// One for every second thing is a leak, one in ten may be something else.
constexpr std::int64_t kPerLeft = 2;
constexpr std::int64_t kKept = 64 << 20, kKeptOfBytes = 5;
// Who is not asked to sweep has that long for it.
constexpr Time kSweepsBy = std::chrono::seconds(60);

/// What was held before the work and what after it.
struct Held {
  Note before, after;
};

/// The last mark of that name before the work began, and the last behind "finished".
std::optional<Held> held(const View& view, std::string_view name, const Note& begun,
                         const Note& finished) {
  std::optional<Note> before, after;
  for (const Note& note : view.marks(name)) {
    if (note.at <= begun.at) before = note;
    if (note.at >= finished.at) after = note;
  }
  if (!before || !after) return std::nullopt;
  return Held{*before, *after};
}

/// The work between the marks "begun" and "finished".
struct Work {
  Note begun, finished;
};

std::optional<Work> work(const View& view) {
  const auto begun = view.marks("begun");
  const auto finished = view.marks("finished");
  if (begun.empty() || finished.empty() || finished.back().amount < kFewest) return std::nullopt;
  return Work{begun.back(), finished.back()};
}

Judgement too_little() {
  return Judgement::inconclusive(
      fmt::format("fewer than {} connections and groups came and went", kFewest));
}

bool was_swept(const View& view, Time from, Time to) {
  const auto all = view.operations(Action::control);
  return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
    return call.ok() && history::text_of(call.asked, "method") == "ctl/sweep" &&
           call.invoked > from && call.answered < to;
  });
}

std::int64_t bytes_published(const View& view, const Work& done) {
  std::int64_t bytes = 0;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok() && publish.invoked > done.begun.at && publish.invoked < done.finished.at)
      bytes += number_of(publish.asked, "size");
  return bytes;
}

}  // namespace

Judgement judge_rows_gone(const View& view, const contract::Claims&) {
  if (view.marks("rows").empty())
    return Judgement::unverified("the target names no store that can be looked into");
  const auto done = work(view);
  if (!done) return too_little();
  const auto rows = held(view, "rows", done->begun, done->finished);
  if (!rows) return Judgement::inconclusive("the rows were not counted before and after");
  const std::int64_t left = rows->after.amount - rows->before.amount;
  if (left < done->finished.amount / kPerLeft)
    return Judgement::met(static_cast<std::uint64_t>(done->finished.amount));
  if (!was_swept(view, done->finished.at, rows->after.at) &&
      rows->after.at - done->finished.at < kSweepsBy)
    return Judgement::inconclusive("the store may yet be tidied up: nothing asks for it");
  return Judgement::violated(
      "rows_left",
      fmt::format("{} rows or keys more than before are left by {} connections and groups and "
                  "their messages, all settled and expired.",
                  left, done->finished.amount),
      {rows->before.index, done->finished.index, rows->after.index});
}

Judgement judge_process_gone(const View& view, const contract::Claims&) {
  const auto done = work(view);
  if (!done) return too_little();
  const auto files = held(view, "descriptors", done->begun, done->finished);
  const auto memory = held(view, "resident", done->begun, done->finished);
  if (!files || !memory)
    return Judgement::inconclusive("what the processes hold was not seen before and after");
  const std::int64_t open = files->after.amount - files->before.amount;
  if (open >= done->finished.amount / kPerLeft)
    return Judgement::violated(
        "descriptors_left",
        fmt::format("{} descriptors more than before are open after {} connections came and went.",
                    open, done->finished.amount),
        {files->before.index, done->finished.index, files->after.index});
  const std::int64_t grown = memory->after.amount - memory->before.amount;
  const std::int64_t through = bytes_published(view, *done);
  if (grown > kKept + through / kKeptOfBytes)
    return Judgement::violated(
        "memory_left",
        fmt::format("{} KiB more than before are resident after {} KiB went through, all of it "
                    "settled and expired.",
                    grown / 1024, through / 1024),
        {memory->before.index, done->finished.index, memory->after.index});
  return Judgement::met(static_cast<std::uint64_t>(done->finished.amount));
}

}  // namespace busproof::checkers
