#include "suites/checkers/without_stores.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using history::Action;
using history::kNever;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

/// A start while all servers that were ever killed were down.
struct Launch {
  const Note* launched = nullptr;
  const Note* came = nullptr;  ///< serves, ended or silent
  const Note* back = nullptr;  ///< the last "store_back" after it
  Time first_back = kNever;
};

std::vector<Launch> launches(const View& view) {
  std::vector<Launch> found;
  std::set<std::string> away, killed;
  for (const Note& note : view.notes()) {
    if (note.action != Action::mark) continue;
    const std::string backend = text_of(note.said, "backend");
    if (note.name == "store_killed") {
      killed.insert(backend);
      away.insert(backend);
    } else if (note.name == "store_back") {
      away.erase(backend);
      if (found.empty() || found.back().back != nullptr) continue;
      found.back().first_back = std::min(found.back().first_back, note.at);
      if (away.empty()) found.back().back = &note;
    } else if (note.name == "launched" && !killed.empty() && away == killed) {
      found.push_back({&note});
    } else if ((note.name == "serves" || note.name == "ended" || note.name == "silent") &&
               !found.empty() && found.back().came == nullptr) {
      found.back().came = &note;
    }
  }
  std::erase_if(found, [](const Launch& launch) { return launch.came == nullptr; });
  return found;
}

// --- DUR-10

constexpr std::array kTellingWords = {
    "empty",     "older",         "replaced",        "restored",   "rolled back",
    "went back", "another store", "different store", "other data", "not there"};

bool tells(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(
      kTellingWords, [&](const char* word) { return text.find(word) != std::string::npos; });
}

/// When the bus could reach it again at the earliest: what cut it off was healed.
Time reachable_after(const View& view, const Note& replaced) {
  Time at = kNever;
  for (const Note& healed : view.marks("healed"))
    if (healed.index > replaced.index) at = std::min(at, healed.at);
  return at;
}

bool queued(const Operation& publish) { return text_of(publish.asked, "mode") != "topic"; }

/// What was accepted on what is gone: after the copy was made, where it is older.
std::int64_t missing(const View& view, const Note& replaced, bool older) {
  Time from = Time::min();
  if (older)
    for (const Note& kept : view.marks("data_kept"))
      if (kept.index < replaced.index) from = kept.at;
  return std::ranges::count_if(view.operations(Action::publish), [&](const Operation& publish) {
    return queued(publish) && publish.ok() && publish.invoked > from &&
           publish.answered < replaced.at;
  });
}

struct Noticing {
  Time reachable{}, seen_by{};  ///< seen_by: a store that is back has been seen to be.
};

bool noticed(const View& view, const Note& replaced, const Noticing& when, Time before) {
  for (const Operation& call : view.operations(Action::call))
    if (call.ok() && text_of(call.asked, "method") == "bus/health" && call.invoked > when.seen_by &&
        call.answered < before && text_of(call.said, "status") == "unhealthy")
      return true;
  return std::ranges::any_of(view.marks("log"), [&](const Note& log) {
    return log.index > replaced.index && log.at < before && tells(text_of(log.said, "wrote"));
  });
}

Judgement judge_noticed(const View& view, const Claims& claims, std::string_view is) {
  const auto detect = declared(claims, "health.detect_ms");
  if (!detect) return Judgement::unverified("health.detect_ms is not declared");
  std::uint64_t judged = 0;
  for (const Note& replaced : view.marks("data_replaced")) {
    if (text_of(replaced.said, "is") != is) continue;
    const Time reachable = reachable_after(view, replaced);
    if (reachable == kNever || missing(view, replaced, is == "older") == 0) continue;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!queued(publish) || publish.invoked < reachable || publish.answered == kNever) continue;
      const Noticing when{reachable,
                          reachable + *detect + own_delay(view, reachable, publish.invoked)};
      if (publish.invoked < when.seen_by) continue;
      if (publish.ok() && !noticed(view, replaced, when, publish.invoked))
        return Judgement::violated(
            "accepted_unnoticed",
            fmt::format("The store came back {}, and m{} was accepted on it before anything said "
                        "so.",
                        is, publish.message),
            {replaced.index, publish.invoke_index, publish.answer_index});
      ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace

Judgement judge_starts_without(const View& view, const Claims&) {
  std::uint64_t judged = 0;
  for (const Launch& launch : launches(view)) {
    const std::vector<std::size_t> events = {launch.launched->index, launch.came->index};
    if (launch.came->name == "ended")
      return Judgement::violated(
          "died", "The bus was started while its store was away, and has ended.", events);
    if (launch.came->name == "silent")
      return Judgement::violated(
          "no_hello",
          "The bus was started while its store was away, and has not answered hello within "
          "recovery_ms.",
          events);
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_serves_without(const View& view, const Claims&) {
  if (view.marks("topics_apart").empty())
    return Judgement::unverified("the target does not say that no store holds topics");
  std::uint64_t judged = 0;
  for (const Launch& launch : launches(view)) {
    if (launch.came->name != "serves") continue;
    for (const Action action : {Action::subscribe, Action::publish})
      for (const Operation& operation : view.operations(action)) {
        if (text_of(operation.asked, "mode") != "topic" || operation.invoked < launch.came->at ||
            operation.answered >= launch.first_back)
          continue;
        if (!operation.ok())
          return Judgement::violated(
              "refused",
              fmt::format(
                  "No store holds topics, and while the store was away one was refused: {}.",
                  operation.error),
              {launch.launched->index, operation.invoke_index, operation.answer_index});
        judged += action == Action::publish ? 1 : 0;
      }
  }
  return Judgement::met(judged);
}

Judgement judge_recovers_later(const View& view, const Claims& claims) {
  const Time limit = std::chrono::milliseconds(claims.limit_or_default("recovery_ms"));
  std::uint64_t judged = 0;
  for (const Launch& launch : launches(view)) {
    if (launch.came->name != "serves" || launch.back == nullptr) continue;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (publish.invoked < launch.back->at || publish.answered == kNever) continue;
      if (publish.ok()) {
        ++judged;
        break;
      }
      const Time due = launch.back->at + limit;
      if (publish.invoked > due + own_delay(view, launch.back->at, publish.invoked))
        return Judgement::violated(
            "did_not_recover",
            fmt::format("The store has been there for longer than recovery_ms, and a publish is "
                        "refused: {}.",
                        publish.error),
            {launch.launched->index, launch.back->index, publish.invoke_index,
             publish.answer_index});
    }
  }
  return Judgement::met(judged);
}

Judgement judge_empty_noticed(const View& view, const Claims& claims) {
  return judge_noticed(view, claims, "empty");
}

Judgement judge_older_noticed(const View& view, const Claims& claims) {
  return judge_noticed(view, claims, "older");
}

}  // namespace busproof::checkers
