#include "suites/runner/run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/serialize.hpp>

#include "suites/contract/profile.hpp"
#include "suites/contract/rollup.hpp"
#include "suites/families/families.hpp"
#include "suites/history/binary.hpp"
#include "suites/runner/perform.hpp"
#include "suites/stage/hello.hpp"

namespace busproof::runner {
namespace {

namespace fs = std::filesystem;
using contract::CaseResult;
using contract::RunRecord;
using contract::Verdict;
using stage::JudgedCase;
using stage::Scenario;

constexpr std::size_t kTraceLines = 200;
constexpr int kExitHarness = 70;
constexpr int kExitUnavailable = 69;
constexpr int kExitUsage = 64;
constexpr int kExitInterrupted = 130;
constexpr std::chrono::seconds kHelloLimit{10};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {
    record_.profile = options.profile;
    record_.effort = to_string(options.effort);
    record_.strict = options.strict;
    record_.seed = options.seed;
    record_.started_at = history::utc_now();
    record_.command = options.command;
    record_.target.name = options.target.name;
    for (const contract::Family& family : contract::families())
      for (const contract::Rule& rule : family.rules) add_rule(rule);
  }

  RunRecord go() {
    const auto start = std::chrono::steady_clock::now();
    if (canary_killed()) judge();
    if (!claims_) explain_nothing_judged();
    finish();
    record_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(record_);
  }

 private:
  void add_rule(const contract::Rule& rule) {
    contract::RuleResult result{std::string(rule.id),
                                rule.level,
                                std::string(rule.capability),
                                std::string(rule.sentence),
                                Verdict::not_judged_yet,
                                "",
                                {}};
    for (const contract::Case& part : rule.cases) {
      CaseResult entry;
      entry.id = contract::case_id(rule, part);
      entry.detail = "no judge for it in this version";
      if (families::judging(entry.id) != nullptr) {
        entry.verdict = Verdict::unverified;
        entry.detail = "not asked for in this run";
      }
      result.cases.push_back(std::move(entry));
    }
    record_.rules.push_back(std::move(result));
  }

  bool canary_killed() {
    const std::string wrong = options_.canary ? options_.canary() : std::string();
    if (wrong.empty()) return true;
    problem(kExitHarness,
            "the canary was not killed, so that no verdict of this build counts: " + wrong);
    return false;
  }

  void explain_nothing_judged() {
    for (contract::RuleResult& rule : record_.rules)
      for (CaseResult& entry : rule.cases)
        if (entry.verdict == Verdict::unverified) entry.detail = "the bus was never reached";
  }

  void problem(int exit_code, std::string message) {
    record_.problems.push_back({exit_code, std::move(message)});
  }

  void judge() {
    const fs::path work = options_.out / "work";
    // An earlier run may have left its data there.
    std::error_code failed;
    fs::remove_all(work, failed);
    if (failed) return problem(kExitUsage, fmt::format("{}: {}", work.string(), failed.message()));
    auto target = targets::Target::make(reactor_, options_.target, work / "shared", options_.wrap);
    if (!target) {
      const bool usage = target.error().kind().starts_with("bad_");
      return problem(usage ? kExitUsage : kExitUnavailable, target.error().detail());
    }
    record_.target.connect = (*target)->connector().describe();
    auto claims = introduce(**target);
    if (!claims) return;
    stage::Heartbeat heartbeat(reactor_, disk_beneath(options_.target, work));
    const bool over_lines = (*target)->connector().over() == contract::Transport::lines;
    Ground ground{.options = options_,
                  .reactor = reactor_,
                  .heartbeat = heartbeat,
                  .claims = *claims,
                  .work = work,
                  .over_lines = over_lines,
                  .shared = std::move(*target)};
    claims_ = *claims;
    carry_out(ground, tasks(*claims));
    if (ground.unavailable) problem(kExitUnavailable, ground.given_up);
    for (std::string& note : options_.target.stores->notes())
      record_.notes.push_back(std::move(note));
    for (std::string& note : ground.notes()) record_.notes.push_back(std::move(note));
    tell_standstills();
  }

  /// Standstills that hide what a bus does late, in one line for all.
  void tell_standstills() {
    constexpr std::int64_t kWorthSaying = 250;
    std::int64_t longest = 0;
    std::size_t hit = 0;
    for (const contract::RuleResult& rule : record_.rules)
      for (const CaseResult& entry : rule.cases) {
        longest = std::max(longest, entry.stall_ms);
        if (entry.stall_ms >= kWorthSaying) ++hit;
      }
    if (hit > 0)
      record_.notes.push_back(fmt::format(
          "the machine stood still for up to {} ms while {} cases were judged; what came late by "
          "up to twice as much was not held against the bus",
          longest, hit));
  }

  contract::Result<contract::Claims> introduce(targets::Target& target) {
    history::Recorder recorder({});
    auto started = target.start();
    auto claims = started
                      ? stage::await_hello(target, recorder, kHelloLimit)
                      : contract::Result<contract::Claims>(tl::make_unexpected(started.error()));
    const history::History seen = recorder.take();
    tell_non_protocol(non_protocol_line(history::View(seen)));
    if (claims) {
      record_.target.server_name = claims->server_name();
      record_.target.server_version = claims->server_version();
      record_.target.claims_json = boost::json::serialize(claims->hello());
      for (const std::string& wrong : claims->problems())
        record_.notes.push_back("bus/hello: " + wrong);
      return claims;
    }
    if (non_protocol_.empty())
      problem(kExitUnavailable, fmt::format("{} did not become ready: {}", record_.target.connect,
                                            claims.error().detail()));
    return claims;
  }

  /// A line that is no JSON object, told once.
  void tell_non_protocol(const std::string& line) {
    if (line.empty() || !non_protocol_.empty()) return;
    non_protocol_ = line;
    problem(
        kExitUsage,
        fmt::format("the bus sent what is not protocol: \"{:.200}\"; one {} is one "
                    "JSON-RPC object, and what an adapter logs belongs on its stderr",
                    line, record_.target.connect.starts_with("websocket") ? "text frame" : "line"));
  }

  std::vector<Task> tasks(const contract::Claims& claims) {
    std::vector<Task> made;
    for (const Scenario* scenario :
         options_.scenarios.empty() ? families::all() : options_.scenarios) {
      Task task{scenario}, on_variant{.scenario = scenario, .on_variant = true};
      for (const JudgedCase& part : scenario->cases) {
        if (!selected(options_.only, part.id)) continue;
        const contract::CaseRef ref = contract::find_case(part.id);
        const auto why = claims.not_claimed(*ref.rule, *ref.part);
        const bool varies = why && has_variant(scenario->variant);
        CaseResult& entry = entry_of(part.id);
        entry.verdict = why && !varies ? Verdict::not_claimed : Verdict::inconclusive;
        entry.detail = why && !varies ? *why : "the run ended before it";
        if (varies)
          on_variant.cases.push_back(part);
        else if (!why)
          task.cases.push_back(part);
      }
      for (Task& some : {std::ref(task), std::ref(on_variant)})
        if (!some.cases.empty()) made.push_back(std::move(some));
    }
    return made;
  }

  /// Whether the target can be started as that variant.
  [[nodiscard]] bool has_variant(std::string_view name) const {
    return !name.empty() && options_.target.launch &&
           options_.target.variants.contains(std::string(name));
  }

  CaseResult& entry_of(std::string_view id) {
    for (contract::RuleResult& rule : record_.rules)
      for (CaseResult& entry : rule.cases)
        if (entry.id == id) return entry;
    std::abort();  // families.cpp names a case that the contract lacks: families_test tells.
  }

  void carry_out(Ground& ground, const std::vector<Task>& todo) {
    std::atomic<std::size_t> next{0};
    std::size_t done = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < todo.size(); i = next++) {
        if (options_.interrupted()) return;
        Outcome outcome = perform(ground, todo[i]);
        const std::lock_guard lock(mutex_);
        take(*todo[i].scenario, std::move(outcome));
        ++done;
        if (options_.progress) options_.progress(done, todo.size(), todo[i].scenario->name);
      }
    };
    std::vector<std::thread> workers;
    for (int i = 0; i < std::max(options_.jobs, 1); ++i) workers.emplace_back(work);
    for (std::thread& worker : workers) worker.join();
    if (options_.interrupted()) problem(kExitInterrupted, "interrupted: not everything was judged");
  }

  void take(const Scenario& scenario, Outcome outcome) {
    if (!outcome.fault.empty()) problem(kExitHarness, "busproof itself failed: " + outcome.fault);
    for (const std::string& line : outcome.non_protocol) tell_non_protocol(line);
    for (CaseOutcome& part : outcome.cases) take_case(scenario, part);
    if (outcome.breach && !breach_) breach_ = {&scenario, std::move(*outcome.breach)};
  }

  void take_case(const Scenario& scenario, CaseOutcome& part) {
    CaseResult& entry = entry_of(part.id);
    entry.verdict = part.judgement.verdict();
    entry.finding = part.judgement.finding();
    entry.detail = part.judgement.says();
    entry.judged = part.judgement.judged();
    entry.tries = part.tries;
    for (const history::Event& event : part.history.events)
      if (event.action == history::Action::stall)
        entry.stall_ms = std::max(entry.stall_ms, event.amount);
    entry.seconds = part.seconds;
    if (entry.verdict == Verdict::met) return;
    entry.evidence = std::move(part.evidence);
    entry.repeat = repeat(part.id);
    const std::string name = fmt::format("histories/{}.{}.bph", scenario.name, part.id);
    if (save(options_.out / name, history::to_binary(part.history))) entry.history = name;
    keep_trace(scenario, part, entry);
    if (!part.replay.empty() && save(options_.out / "replay" / (part.id + ".json"), part.replay))
      entry.repeat = fmt::format("busproof replay {}{}",
                                 (options_.out / "replay" / (part.id + ".json")).string(),
                                 options_.target_words.empty() ? "" : " " + options_.target_words);
  }

  /// The whole transcript into a file, its end into the reports.
  void keep_trace(const Scenario& scenario, const CaseOutcome& part, CaseResult& entry) const {
    if (part.wire.empty()) return;
    const std::string name = fmt::format("traces/{}.{}.txt", scenario.name, part.id);
    if (!save(options_.out / name, fmt::format("{}\n", fmt::join(part.wire, "\n")))) return;
    const std::size_t skipped = part.wire.size() - std::min(part.wire.size(), kTraceLines);
    entry.trace.push_back(skipped == 0 ? name
                                       : fmt::format("{}, its last {} of {} lines:", name,
                                                     kTraceLines, part.wire.size()));
    entry.trace.insert(entry.trace.end(), part.wire.begin() + static_cast<std::ptrdiff_t>(skipped),
                       part.wire.end());
  }

  [[nodiscard]] std::string repeat(std::string_view case_id) const {
    return fmt::format("busproof run --case {} --seed {}{}", case_id, options_.seed,
                       options_.target_words.empty() ? "" : " " + options_.target_words);
  }

  static bool save(const fs::path& path, const std::string& bytes) {
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    std::ofstream file(path, std::ios::binary);
    return static_cast<bool>(file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  }

  /// What some scenario saw in passing stands, unless the case's own has shown a violation.
  void take_breach() {
    if (!breach_ || entry_of(breach_->second.id).verdict == Verdict::violated) return;
    take_case(*breach_->first, breach_->second);
    entry_of(breach_->second.id).repeat =
        repeat(breach_->first->cases.front().id);  // The case's own scenario may not show it.
  }

  /// "3 met, 1 violated" of the cases that were asked for.
  [[nodiscard]] std::string asked_for() const {
    std::map<Verdict, int> counts;
    for (const contract::RuleResult& rule : record_.rules)
      for (const CaseResult& entry : rule.cases)
        if (selected(options_.only, entry.id) && families::judging(entry.id) != nullptr)
          ++counts[entry.verdict];
    std::string words;
    for (const auto& [verdict, count] : counts)
      words +=
          fmt::format("{}{} {}", words.empty() ? "" : ", ", count, contract::to_string(verdict));
    return words.empty() ? "nothing that is judged yet" : words;
  }

  void finish() {
    take_breach();
    for (contract::RuleResult& rule : record_.rules) contract::take_worst(rule);
    record_.expectations = contract::apply(options_.expectations, options_.target.name,
                                           history::utc_today(), record_.rules);
    const contract::Profile* profile = contract::find_profile(options_.profile);
    const auto rolled =
        contract::roll_up(record_.rules, *profile, claims_ ? &*claims_ : nullptr, options_.strict);
    record_.verdict = rolled.verdict;
    record_.why = rolled.why;
    if (!options_.only.empty() && rolled.verdict == contract::Conformance::incomplete)
      record_.why = "Only part of the contract was asked for: " + asked_for() + ".";
    if (!record_.problems.empty()) record_.why = record_.problems.front().message;
    std::error_code ignored;
    if (record_.verdict == contract::Conformance::conformant && record_.problems.empty())
      fs::remove_all(options_.out / "work", ignored);
  }

  const Options& options_;
  RunRecord record_;
  targets::Reactor reactor_;
  std::optional<contract::Claims> claims_;
  std::mutex mutex_;
  std::string non_protocol_;
  std::optional<std::pair<const Scenario*, CaseOutcome>> breach_;
};

}  // namespace

RunRecord run(const Options& options) { return Run(options).go(); }

const CaseResult* find_case(const RunRecord& record, std::string_view id) {
  for (const contract::RuleResult& rule : record.rules)
    for (const CaseResult& entry : rule.cases)
      if (entry.id == id) return &entry;
  return nullptr;
}

}  // namespace busproof::runner
