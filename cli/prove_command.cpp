// busproof prove: every mutant against the case that it is named for.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "suites/runner/canary.hpp"
#include "suites/runner/prove.hpp"

namespace busproof::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using runner::Proof;

constexpr int kExitSurvived = 1;

/// The names that no mutant has.
std::vector<std::string> missing(const std::vector<std::string>& names,
                                 const std::vector<runner::MutantSpec>& mutants) {
  std::vector<std::string> found;
  for (const std::string& name : names)
    if (std::none_of(mutants.begin(), mutants.end(),
                     [&](const runner::MutantSpec& mutant) { return mutant.name == name; }))
      found.push_back(name);
  return found;
}

/// The edge mutants around the target; around refbus those inside it, too.
contract::Result<std::vector<runner::MutantSpec>> mutants_for(const ProveWords& words) {
  auto target = target_of(words.target);
  if (!target) return tl::make_unexpected(target.error());
  auto mutants = runner::edge_mutants(*target);
  if (!is_embedded(words.target)) return mutants;
  // What one process with a file cannot show is shown on servers.
  const auto pair = pair_of(words.target);
  if (!pair) return tl::make_unexpected(pair.error());
  for (runner::MutantSpec& mutant : mutants) mutant.elsewhere = {*pair};
  if (!words.only.empty() && missing(words.only, mutants).empty()) return mutants;
  auto seams = runner::seam_mutants("refbus_mutants", *target, {*pair});
  if (!seams) return tl::make_unexpected(seams.error());
  mutants.insert(mutants.begin(), seams->begin(), seams->end());
  return mutants;
}

json::object to_json(const std::vector<Proof>& proofs, const std::vector<std::string>& unproven) {
  json::array rows;
  for (const Proof& proof : proofs) {
    json::object row{{"name", proof.name},
                     {"case", proof.case_id},
                     {"what", proof.what},
                     {"killed", proof.killed},
                     {"killed_by", json::array(proof.killed_by.begin(), proof.killed_by.end())},
                     {"seconds", proof.seconds}};
    if (!proof.killed) row[proof.not_here.empty() ? "survived" : "not_here"] = proof.survived;
    rows.push_back(std::move(row));
  }
  return {{"mutants", std::move(rows)},
          {"unproven_cases", json::array(unproven.begin(), unproven.end())}};
}

void print_text(const std::vector<Proof>& proofs, const std::vector<std::string>& unproven,
                std::ptrdiff_t killed, std::ptrdiff_t tried) {
  for (const Proof& proof : proofs)
    fmt::print("{} {:<36} {:<26} {}\n",
               proof.killed             ? "killed  "
               : proof.not_here.empty() ? "SURVIVED"
                                        : "not here",
               proof.name, proof.case_id, proof.killed ? proof.what : proof.survived);
  for (const std::string& id : unproven) fmt::print("UNPROVEN {}: no mutant is named for it\n", id);
  fmt::print("{} of {} mutants killed", killed, tried);
  const auto others = static_cast<std::ptrdiff_t>(proofs.size()) - tried;
  if (others > 0) fmt::print("; {} of cases that cannot be judged on this bus", others);
  fmt::print("\n");
}

}  // namespace

int prove_command(const ProveWords& words) {
  auto mutants = mutants_for(words);
  if (!mutants) {
    fmt::print(stderr, "busproof: {}\n", mutants.error().detail());
    return mutants.error().kind().starts_with("bad_") ? kExitUsage : kExitUnavailable;
  }
  if (const auto unknown = missing(words.only, *mutants); !unknown.empty()) {
    fmt::print(stderr,
               "busproof: no mutant for this target is called \"{}\"; `busproof mutate "
               "--list` and `refbus_mutants --list` name them\n",
               fmt::join(unknown, "\", \""));
    return kExitUsage;
  }
  // Around refbus the proof is whole: every judged case must have its mutant.
  const bool whole = words.only.empty() && is_embedded(words.target);
  const auto unproven = whole ? runner::unproven_cases(*mutants) : std::vector<std::string>();
  if (!words.only.empty())
    std::erase_if(*mutants, [&](const runner::MutantSpec& mutant) {
      return std::find(words.only.begin(), words.only.end(), mutant.name) == words.only.end();
    });
  if (const std::string wrong = runner::sing(); !wrong.empty()) {
    fmt::print(stderr, "busproof: the canary was not killed: {}\n", wrong);
    return kExitHarness;
  }
  const fs::path out =
      words.out.empty() ? fs::temp_directory_path() / fmt::format("busproof-prove-{}", ::getpid())
                        : fs::absolute(words.out);
  std::vector<Proof> proofs;
  {
    Progress progress;
    proofs =
        runner::prove({.mutants = *mutants,
                       .seeds = words.seeds,
                       .jobs = words.jobs,
                       .out = out,
                       .progress = [&](std::size_t done, std::size_t all, std::string_view name) {
                         progress.show(done, all, name);
                       }});
  }
  const auto killed =
      std::count_if(proofs.begin(), proofs.end(), [](const Proof& proof) { return proof.killed; });
  // Around refbus there is no such excuse: it is there to be judged by every case.
  const bool embedded = is_embedded(words.target);
  const auto tried = std::count_if(proofs.begin(), proofs.end(), [&](const Proof& proof) {
    return embedded || proof.not_here.empty();
  });
  if (words.json)
    fmt::print("{}\n", json::serialize(to_json(proofs, unproven)));
  else
    print_text(proofs, unproven, killed, tried);
  if (!unproven.empty()) return kExitSurvived;
  if (killed != tried || killed == 0) {
    fmt::print(stderr, "busproof: what the survivors did is below {}\n", out.string());
    return kExitSurvived;
  }
  std::error_code ignored;
  if (words.out.empty()) fs::remove_all(out, ignored);
  return kExitOk;
}

}  // namespace busproof::cli
