#include "suites/runner/prove.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "fixtures/process/process.hpp"
#include "suites/families/families.hpp"
#include "suites/history/view.hpp"
#include "suites/runner/edge_wrap.hpp"
#include "suites/runner/perform.hpp"
#include "suites/runner/run.hpp"
#include "suites/stage/hello.hpp"

namespace busproof::runner {
namespace {

namespace json = boost::json;
using contract::Verdict;

/// Whether the mutant still carries 20 messages; why not, otherwise.
std::string smoke(const MutantSpec& mutant, const Options& options) {
  targets::Reactor reactor;
  auto target = targets::Target::make(reactor, mutant.target, options.out / "smoke", mutant.wrap);
  if (!target) return target.error().detail();
  if (auto started = (*target)->start(); !started) return started.error().detail();
  history::Recorder recorder({});
  const auto claims = stage::await_hello(**target, recorder, std::chrono::seconds(10));
  if (!claims) return claims.error().detail();
  try {
    stage::Stage stage({**target, recorder, *claims, fmt::format("smoke-{}", ::getpid()), 1});
    families::smoke().run(stage);
  } catch (const stage::Abandoned& abandoned) {
    return abandoned.why;
  }
  const history::History history = recorder.take();
  const history::View view(history);
  std::set<std::uint32_t> came;
  for (const history::Delivery& delivery : view.deliveries()) came.insert(delivery.message);
  return came.size() >= 20 ? "" : fmt::format("only {} of 20 messages came through", came.size());
}

Options options_for(const MutantSpec& mutant, const ProveOptions& all, std::uint64_t seed) {
  Options options;
  options.target = mutant.target;
  options.wrap = mutant.wrap;
  options.only = {mutant.case_id};
  options.seed = seed;
  options.effort = Effort::normal;
  options.jobs = 1;
  options.out = all.out / mutant.name / fmt::format("seed-{}", seed);
  options.canary = nullptr;
  return options;
}

// A busy machine may keep a case from its verdict: that is no kill, and no survival either.
constexpr unsigned kTriesWithoutVerdict = 6;

bool may_be_tried_again(const contract::CaseResult& result, bool kill_must_hit) {
  // Where the machine stood still judges allow for it, and a fault may hide there.
  if (result.verdict == Verdict::met) return kill_must_hit || result.stall_ms > 0;
  return result.verdict == Verdict::inconclusive || result.verdict == Verdict::blocked;
}

Proof prove_one(const MutantSpec& mutant, const ProveOptions& all) {
  const history::Time start = history::now();
  Proof proof{mutant.name, mutant.case_id, mutant.what, false, {}, "", "", 0};
  // Data that another proof has left there is nobody's.
  std::error_code ignored;
  std::filesystem::remove_all(all.out / mutant.name, ignored);
  const std::string wreck = smoke(mutant, options_for(mutant, all, 0));
  if (!wreck.empty()) proof.survived = "a wreck: " + wreck;
  for (int seed = 1; seed <= all.seeds && proof.survived.empty(); ++seed) {
    contract::RunRecord record;
    const contract::CaseResult* result = nullptr;
    for (unsigned attempt = 0; attempt < std::max(mutant.tries, kTriesWithoutVerdict); ++attempt) {
      record = run(options_for(mutant, all, static_cast<std::uint64_t>(seed) + 1000U * attempt));
      result = find_case(record, mutant.case_id);
      if (result == nullptr || !may_be_tried_again(*result, attempt + 1 < mutant.tries)) break;
    }
    if (!record.problems.empty())
      proof.survived = record.problems.front().message;
    else if (result == nullptr)
      proof.survived = "the contract has no case of that id";
    else if (result->verdict == Verdict::not_claimed || result->verdict == Verdict::unverified)
      proof.survived = proof.not_here = result->detail;
    else if (result->verdict != Verdict::violated)
      proof.survived = fmt::format("{} on seed {}: {}", contract::to_string(result->verdict), seed,
                                   result->detail);
    else if (result->finding != mutant.finding)
      proof.survived = fmt::format("violated for another reason on seed {}: {} instead of {}", seed,
                                   result->finding, mutant.finding);
    else
      proof.killed_by.push_back(
          fmt::format("{}: {} (seed {})", mutant.case_id, result->finding, seed));
  }
  proof.killed = proof.survived.empty();
  proof.seconds = std::chrono::duration<double>(history::now() - start).count();
  return proof;
}

/// On the first bus of its targets that its case can be judged on.
Proof prove_somewhere(const MutantSpec& mutant, const ProveOptions& all) {
  Proof proof = prove_one(mutant, all);
  for (const targets::TargetFile& target : mutant.elsewhere) {
    if (proof.not_here.empty()) break;
    MutantSpec there = mutant;
    there.target = target;
    const double so_far = proof.seconds;
    proof = prove_one(there, all);
    proof.seconds += so_far;
  }
  return proof;
}

/// That program with that fault in place of the target's.
targets::TargetFile launched_as(targets::TargetFile target, const std::string& program,
                                const std::string& mutant) {
  target.launch->command.front() = program;
  target.launch->command.insert(target.launch->command.begin() + 1, {"--mutant", mutant});
  return target;
}

}  // namespace

std::vector<Proof> prove(const ProveOptions& options) {
  std::vector<Proof> proofs(options.mutants.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t done = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < options.mutants.size(); i = next++) {
      proofs[i] = prove_somewhere(options.mutants[i], options);
      const std::lock_guard lock(mutex);
      if (options.progress) options.progress(++done, proofs.size(), options.mutants[i].name);
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < options.jobs; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  return proofs;
}

std::vector<std::string> unproven_cases(const std::vector<MutantSpec>& mutants) {
  std::set<std::string_view> proven;
  for (const MutantSpec& mutant : mutants) proven.insert(mutant.case_id);
  std::vector<std::string> found;
  for (const stage::Scenario* scenario : families::all())
    for (const stage::JudgedCase& part : scenario->cases)
      if (!proven.contains(part.id)) found.emplace_back(part.id);
  return found;
}

std::vector<MutantSpec> edge_mutants(const targets::TargetFile& target) {
  std::vector<MutantSpec> found;
  for (const edge::Mutant& mutant : edge::mutants())
    found.push_back({std::string(mutant.name), std::string(mutant.case_id),
                     std::string(mutant.finding), std::string(mutant.what), target, wrap_in(mutant),
                     1});
  return found;
}

contract::Result<std::vector<MutantSpec>> seam_mutants(
    const std::string& program, const targets::TargetFile& target,
    const std::vector<targets::TargetFile>& elsewhere) {
  auto child = process::Process::start({.command = {program, "--list"}, .pipes = true});
  if (!child) return tl::make_unexpected(child.error());
  const int out = child->take_stdout();
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; (got = ::read(out, chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(got));
  ::close(out);
  boost::system::error_code failed;
  const json::value list = json::parse(text, failed);
  if (failed || !list.is_array())
    return contract::refused("bad_list", program + " --list did not print a JSON array");
  std::vector<MutantSpec> found;
  for (const json::value& entry : list.get_array()) {
    const auto word = [&](const char* key) { return history::text_of(entry.as_object(), key); };
    MutantSpec spec{word("name"), word("case"), word("finding"), word("what"), {}, {}, 1};
    spec.tries = static_cast<unsigned>(history::number_of(entry.as_object(), "tries"));
    spec.target = launched_as(target, program, spec.name);
    for (const targets::TargetFile& other : elsewhere)
      spec.elsewhere.push_back(launched_as(other, program, spec.name));
    found.push_back(std::move(spec));
  }
  return found;
}

}  // namespace busproof::runner
