#include "suites/contract/rollup.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "suites/contract/rule.hpp"

namespace busproof::contract {
namespace {

struct Found {
  std::string case_id;
  Verdict verdict = Verdict::met;
};

// What one case does to the whole.
Conformance weigh(const CaseResult& result, Level level, Hook hook, bool hooks_count) {
  if (level != Level::must) return Conformance::conformant;
  switch (result.verdict) {
    case Verdict::violated:
    case Verdict::blocked:
      return Conformance::nonconformant;
    case Verdict::inconclusive:
      return Conformance::incomplete;
    case Verdict::unverified:
      return hook == Hook::none || hooks_count ? Conformance::incomplete : Conformance::conformant;
    case Verdict::not_judged_yet:
    case Verdict::known:
    case Verdict::not_claimed:
    case Verdict::met:
      break;
  }
  return Conformance::conformant;
}

struct Tally {
  std::size_t judged = 0;
  std::size_t known = 0;
  std::size_t warned = 0;      // Broken, but no MUST.
  std::size_t unverified = 0;  // For want of a hook, and not counted against the bus.
  Found broken;                // The first case that makes it nonconformant.
  std::size_t broken_count = 0;
  Found open;  // The first case that makes it incomplete.
  std::size_t open_count = 0;
};

void add(Tally& tally, const RuleResult& rule, const CaseResult& result, Hook hook,
         bool hooks_count) {
  const Conformance weight = weigh(result, rule.level, hook, hooks_count);
  const bool judged = result.verdict == Verdict::met || result.verdict == Verdict::violated ||
                      result.verdict == Verdict::known;
  if (judged) ++tally.judged;
  if (result.verdict == Verdict::known) ++tally.known;
  if (result.verdict == Verdict::violated && rule.level != Level::must) ++tally.warned;
  if (weight == Conformance::nonconformant && ++tally.broken_count == 1)
    tally.broken = {result.id, result.verdict};
  if (weight == Conformance::incomplete && ++tally.open_count == 1)
    tally.open = {result.id, result.verdict};
  if (weight == Conformance::conformant && rule.level == Level::must &&
      result.verdict == Verdict::unverified)
    ++tally.unverified;
}

Tally count(const std::vector<RuleResult>& rules, const Profile& profile, const Claims* claims,
            bool hooks_count) {
  Tally tally;
  for (const RuleResult& result : rules) {
    const Rule* rule = find_rule(result.id);
    if (rule == nullptr) throw std::logic_error("roll_up: no rule " + result.id);
    if (!holds(profile, *rule, claims)) continue;
    for (const CaseResult& part : result.cases) {
      const CaseRef known = find_case(part.id);
      if (!known) throw std::logic_error("roll_up: no case " + part.id);
      add(tally, result, part, known.part->hook, hooks_count);
    }
  }
  return tally;
}

std::string more(std::size_t count) {
  return count > 1 ? fmt::format(" and {} more", count - 1) : std::string();
}

// "Cases judged: 212; no MUST broken, 14 unverified for want of a hook."
std::string good(const Tally& tally) {
  std::string text = fmt::format("Cases judged: {}; no MUST broken", tally.judged);
  if (tally.warned > 0) text += fmt::format(", {} below MUST broken", tally.warned);
  if (tally.known > 0) text += fmt::format(", {} failing as expected", tally.known);
  if (tally.unverified > 0)
    text += fmt::format(", {} unverified for want of a hook", tally.unverified);
  return text + ".";
}

}  // namespace

RollUp roll_up(const std::vector<RuleResult>& rules, const Profile& profile, const Claims* claims,
               bool strict) {
  const Tally tally = count(rules, profile, claims, strict || profile.hooks_count);
  if (tally.broken_count > 0)
    return {Conformance::nonconformant,
            fmt::format("{} {}{}.", tally.broken.case_id,
                        tally.broken.verdict == Verdict::violated ? "is violated" : "is blocked",
                        more(tally.broken_count))};
  if (claims == nullptr)
    return {Conformance::incomplete, "The bus never answered bus/hello, so nothing was judged."};
  const auto lacks = shortfalls(profile, *claims);
  if (!lacks.empty())
    return {Conformance::nonconformant,
            fmt::format("Profile {}: {}{}", profile.name, lacks.front(),
                        lacks.size() > 1 ? fmt::format(" (1 of {})", lacks.size()) : "")};
  if (tally.open_count > 0)
    return {Conformance::incomplete,
            fmt::format("{} is {}{}.", tally.open.case_id, to_string(tally.open.verdict),
                        more(tally.open_count))};
  if (tally.judged == 0)
    return {Conformance::incomplete,
            fmt::format("No case of profile {} was judged.", profile.name)};
  return {Conformance::conformant, good(tally)};
}

int exit_code(const RunRecord& record) {
  constexpr std::array<int, 4> kFaults = {130, 70, 69, 64};
  for (const int code : kFaults)
    for (const RunProblem& problem : record.problems)
      if (problem.exit_code == code) return code;
  if (record.verdict == Conformance::nonconformant) return 1;
  for (const ExpectationUse& use : record.expectations)
    if (!use.problem.empty()) return 3;
  return record.verdict == Conformance::incomplete ? 2 : 0;
}

}  // namespace busproof::contract
