#include "suites/runner/perform.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/checkers/answers.hpp"
#include "suites/contract/rule.hpp"
#include "suites/history/breaches.hpp"
#include "suites/program/shrink.hpp"

namespace busproof::runner {
namespace {

using checkers::Judgement;
using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;

constexpr int kTriesMax = 3;
constexpr std::chrono::seconds kStarved{1};
constexpr std::size_t kEvidenceLines = 16;
// A bus with one connection is started anew for each program.
constexpr int kProgramsOnOneConnection = 10;

/// Different for every stage of every run: a bus may remember what earlier runs left.
std::string new_token() {
  static std::atomic<std::uint64_t> count{0};
  std::string when = history::utc_now();
  std::erase_if(when, [](char c) { return c < '0' || c > '9'; });
  return fmt::format("bp{}-{:x}-{:x}", when, ::getpid(), ++count);
}

/// A scenario's own seed: from the run's, its name and the try.
std::uint64_t seed_of(std::uint64_t run, std::string_view name, std::uint64_t index) {
  std::uint64_t hash = run * 0x9E3779B97F4A7C15ULL + index;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash ^ hash >> 29;
}

/// What came of one go: a history, and why it ended before its time, if it did.
struct Go {
  history::History history;
  std::optional<Abandoned> abandoned;
  std::string fault;
  std::vector<std::string> wire = {};  ///< Where a trace was asked for.
};

/// What a history is judged by: the claims that its bus made last, which may be a variant's.
contract::Claims claims_of(const history::History& history, const contract::Claims& otherwise) {
  const auto over =
      history.header.over_lines ? contract::Transport::lines : contract::Transport::websocket;
  return contract::Claims::parse_text(history.header.claims, over).value_or(otherwise);
}

template <typename Act>
Go go_once(Ground& ground, const Task& task, std::uint64_t seed, Act act) {
  const Scenario& scenario = *task.scenario;
  Go go;
  history::Recorder recorder({.scenario = std::string(scenario.name), .seed = seed});
  recorder.set_claims(boost::json::serialize(ground.claims.hello()), ground.over_lines);
  if (ground.options.trace) recorder.keep_wire();
  ground.heartbeat.watch(recorder);
  try {
    std::unique_ptr<targets::Target> keeper;
    auto bus =
        ground.bus(scenario.bus, keeper, task.on_variant ? scenario.variant : std::string_view());
    if (!bus) throw Abandoned{Verdict::blocked, bus.error().detail()};
    if (keeper) recorder.mark("alone");
    const contract::Claims& claims = bus->claims ? *bus->claims : ground.claims;
    recorder.set_claims(boost::json::serialize(claims.hello()), ground.over_lines);
    stage::Stage stage(
        {*bus->target, recorder, claims, new_token(), seed, loads_of(ground.options.effort)});
    try {
      act(stage);
    } catch (const Abandoned& abandoned) {
      go.abandoned = abandoned;
    }
    ground.look_after(scenario.name, stage, *bus);
    // The sessions end one after the other, and who is left gets what the others held: no part of
    // what the scenario did.
    ground.heartbeat.forget(recorder);
    go.history = recorder.take();
  } catch (const Abandoned& abandoned) {
    go.abandoned = abandoned;
  } catch (const std::exception& broke) {
    go.fault = fmt::format("{}: {}", scenario.name, broke.what());
  }
  ground.heartbeat.forget(recorder);
  if (go.history.events.empty()) go.history = recorder.take();
  go.wire = recorder.take_wire();
  return go;
}

Judgement judged(const Ground& ground, const Task& task, const Go& go, const JudgedCase& part) {
  const history::View view(go.history);
  const contract::Claims claims = claims_of(go.history, ground.claims);
  if (task.on_variant && !(go.abandoned && go.history.events.empty())) {
    const contract::CaseRef ref = contract::find_case(part.id);
    if (const auto why = claims.not_claimed(*ref.rule, *ref.part))
      return Judgement::unverified(
          fmt::format("variant {} does not claim it either: {}", task.scenario->variant, *why));
  }
  const Judgement judgement = part.judge(view, claims);
  if (judgement.verdict() == Verdict::violated || !go.abandoned) return judgement;
  switch (go.abandoned->verdict) {
    case Verdict::unverified:
      return Judgement::unverified(go.abandoned->why);
    case Verdict::blocked:
      // Whether it was the bus that took too long cannot be told when the machine stood still.
      if (view.longest_stall({}, history::kNever) > kStarved)
        return Judgement::inconclusive("the machine stood still; " + go.abandoned->why);
      return Judgement::blocked(go.abandoned->why);
    default:
      return Judgement::inconclusive(go.abandoned->why);
  }
}

std::vector<std::string> lines_of(const history::History& history, const Judgement& judgement) {
  std::vector<std::string> lines;
  for (const std::size_t index : judgement.events()) {
    if (lines.size() == kEvidenceLines) break;
    lines.push_back(history::describe(history, history.events[index]));
  }
  return lines;
}

/// What any scenario may see in passing, whatever it is about.
void collect_breaches(const Scenario& scenario, const history::History& history, Outcome& outcome) {
  const history::View view(history);
  if (const std::string line = non_protocol_line(view); !line.empty())
    outcome.non_protocol.push_back(line);
  if (outcome.breach) return;
  const auto judgement = checkers::judge_breaches(view);
  if (judgement.verdict() != Verdict::violated) return;
  outcome.breach = CaseOutcome{std::string(checkers::kBreachCase), judgement, 1, 0, history,
                               lines_of(history, judgement),       ""};
  outcome.breach->evidence.insert(outcome.breach->evidence.begin(),
                                  fmt::format("seen in {}", scenario.name));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Whether a case is worth another go after this one, which was its `tries`th.
class Again {
 public:
  Again(Ground& ground, const Go& go, int tries) : ground_(ground), go_(go), tries_(tries) {}

  bool operator()(const Judgement& judgement) {
    if (!go_.fault.empty() || ground_.options.interrupted()) return false;
    if (judgement.verdict() == Verdict::inconclusive) return tries_ < kTriesMax;
    if (judgement.verdict() != Verdict::blocked || !go_.abandoned || !go_.abandoned->passes)
      return false;
    // Once for all its cases: it waits.
    if (!asked_) passed_ = ground_.let_it_pass();
    asked_ = true;
    return passed_;
  }

  /// Whether that go is to count for nothing.
  [[nodiscard]] bool refused() const { return passed_; }

 private:
  Ground& ground_;
  const Go& go_;
  int tries_;
  bool asked_ = false, passed_ = false;
};

/// Plain scenarios: again, on fresh destinations, for what was inconclusive or refused for a
/// moment.
void perform_plain(Ground& ground, const Task& task, Outcome& outcome) {
  const Scenario& scenario = *task.scenario;
  std::vector<JudgedCase> open = task.cases;
  int refused = 0;
  for (int attempt = 1; !open.empty(); ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t seed =
        seed_of(ground.options.seed, scenario.name, static_cast<std::uint64_t>(attempt));
    const Go go = go_once(ground, task, seed, scenario.run);
    collect_breaches(scenario, go.history, outcome);
    if (!go.fault.empty()) outcome.fault = go.fault;
    std::vector<JudgedCase> still;
    Again again(ground, go, attempt - refused);
    for (const JudgedCase& part : open) {
      const Judgement judgement =
          go.fault.empty() ? judged(ground, task, go, part) : Judgement::inconclusive(go.fault);
      if (again(judgement))
        still.push_back(part);
      else
        outcome.cases.push_back({std::string(part.id), judgement, attempt, seconds_since(start),
                                 go.history, lines_of(go.history, judgement), "", go.wire});
    }
    refused += again.refused() ? 1 : 0;
    open = std::move(still);
  }
}

/// One property: many programs, and for each case the first that breaks it, made small.
class Property {
 public:
  Property(Ground& ground, const Task& task, Outcome& outcome)
      : ground_(ground), task_(task), scenario_(*task.scenario), outcome_(outcome) {
    bounds_.priority_min = ground.claims.limit("priority.min").value_or(0);
    bounds_.priority_max = ground.claims.limit("priority.max").value_or(0);
    const bool many = ground.options.target.connect.how != targets::Connect::How::stdio_launch;
    bounds_.reconnect = many;
    programs_ = programs_of(ground.options.effort);
    if (!many) programs_ = std::min(programs_, kProgramsOnOneConnection);
    if (scenario_.programs_max > 0) programs_ = std::min(programs_, scenario_.programs_max);
  }

  void run() {
    const std::vector<JudgedCase>& parts = task_.cases;
    std::vector<CaseOutcome> results;
    for (const JudgedCase& part : parts)
      results.push_back({std::string(part.id), Judgement::met(0), 1, 0, {}, {}, ""});
    std::vector<std::uint64_t> judged_count(parts.size(), 0);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < programs_ && !ground_.options.interrupted();) {
      const auto seed =
          seed_of(ground_.options.seed, scenario_.name, static_cast<std::uint64_t>(i));
      const auto program = scenario_.generate(seed, bounds_);
      Go go = perform_once(program, seed);
      Again again(ground_, go, kTriesMax);
      bool open = false;
      for (std::size_t c = 0; c < parts.size(); ++c) {
        if (results[c].judgement.verdict() == Verdict::violated) continue;
        const Judgement judgement = judge(go, parts[c]);
        if (again(judgement)) {
          open = true;
          continue;
        }
        if (judgement.verdict() == Verdict::met) {
          judged_count[c] += judgement.judged();
        } else {
          results[c].judgement = judgement;
          results[c].history = go.history;
          results[c].evidence = lines_of(go.history, judgement);
          results[c].wire = go.wire;
          if (judgement.verdict() == Verdict::violated)
            make_small(results[c], parts[c], program, seed);
        }
        open = open || results[c].judgement.verdict() != Verdict::violated;
      }
      if (again.refused()) continue;
      if (!open || (go.abandoned && go.abandoned->verdict != Verdict::inconclusive)) break;
      ++i;
    }
    for (std::size_t c = 0; c < parts.size(); ++c) {
      const Verdict verdict = results[c].judgement.verdict();
      if (verdict == Verdict::inconclusive && judged_count[c] > 0)
        results[c].judgement = Judgement::met(judged_count[c]);
      results[c].seconds = seconds_since(start);
      outcome_.cases.push_back(std::move(results[c]));
    }
  }

  Go perform_once(const program::Program& program, std::uint64_t seed) {
    Go go = go_once(ground_, task_, seed,
                    [&](stage::Stage& stage) { scenario_.perform(stage, program); });
    collect_breaches(scenario_, go.history, outcome_);
    if (!go.fault.empty()) outcome_.fault = go.fault;
    return go;
  }

  Judgement judge(const Go& go, const JudgedCase& part) const {
    return go.fault.empty() ? judged(ground_, task_, go, part) : Judgement::inconclusive(go.fault);
  }

 private:
  void make_small(CaseOutcome& result, const JudgedCase& part, const program::Program& program,
                  std::uint64_t seed) {
    const auto fails = [&](const program::Program& candidate) {
      const Go go = perform_once(candidate, seed);
      const Judgement judgement = judge(go, part);
      const bool same = judgement.verdict() == Verdict::violated &&
                        judgement.finding() == result.judgement.finding();
      if (same) {
        result.judgement = judgement;
        result.history = go.history;
        result.evidence = lines_of(go.history, judgement);
        result.wire = go.wire;
      }
      return same;
    };
    const auto shrunk = program::shrink(program, fails, {});
    const auto words = program::to_json(shrunk.program);
    result.evidence.insert(
        result.evidence.begin(),
        fmt::format("program of {} operations, {} after {} runs: {}", shrunk.program.size(),
                    shrunk.minimal ? "minimal" : "not yet minimal", shrunk.runs,
                    boost::json::serialize(words)));
    result.replay =
        boost::json::serialize(boost::json::object{{"busproof_replay", 1},
                                                   {"case", part.id},
                                                   {"finding", result.judgement.finding()},
                                                   {"seed", std::to_string(seed)},
                                                   {"program", words}});
  }

  Ground& ground_;
  const Task& task_;
  const Scenario& scenario_;
  Outcome& outcome_;
  program::Bounds bounds_;
  int programs_;
};

}  // namespace

std::string non_protocol_line(const history::View& view) {
  for (const history::Note& note : view.notes())
    if (note.action == history::Action::breach &&
        history::text_of(note.said, "what") == history::kNoJson)
      return history::text_of(note.said, "text");
  return {};
}

Outcome perform(Ground& ground, const Task& task) {
  Outcome outcome;
  if (task.scenario->is_property())
    Property(ground, task, outcome).run();
  else
    perform_plain(ground, task, outcome);
  return outcome;
}

CaseOutcome perform_program(Ground& ground, const Scenario& scenario, const JudgedCase& part,
                            const program::Program& program) {
  Outcome outcome;
  const Task task{&scenario, {part}};
  Property property(ground, task, outcome);
  const Go go = property.perform_once(program, ground.options.seed);
  const Judgement judgement = property.judge(go, part);
  return {std::string(part.id), judgement, 1, 0, go.history, lines_of(go.history, judgement), ""};
}

}  // namespace busproof::runner
