// The roll-up over every combination of verdict, level, hook, strictness and profile, alone and in
// pairs, against an oracle that is written from the contract's own words and not from the code.

#include "suites/contract/rollup.hpp"

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace busproof::contract {
namespace {

constexpr std::array kVerdicts = {
    Verdict::violated,       Verdict::blocked, Verdict::inconclusive, Verdict::unverified,
    Verdict::not_judged_yet, Verdict::known,   Verdict::not_claimed,  Verdict::met};
constexpr std::array kLevels = {Level::must, Level::should, Level::may};
constexpr std::array kHooks = {Hook::none, Hook::needed};

struct One {
  Verdict verdict;
  Level level;
  Hook hook;
};

// Claims all that every profile asks for, so that nothing but the verdicts decides.
Claims generous() {
  boost::json::object hello = boost::json::parse(R"({
        "protocol": "1.0", "server": {"name": "test", "version": "1"}, "capabilities": {},
        "limits": {"message_bytes_max": 33554432, "name_bytes_max": 255, "shutdown_ms": 1000,
                   "ttl_grace_ms": 1000, "redelivery_grace_ms": 1000, "delay_grace_ms": 10,
                   "attempts_max": 5, "priority": {"min": 0, "max": 9, "default": 4},
                   "payload_bytes_max": 104857600, "inline_bytes_max": 1048576,
                   "chunk_bytes": 1048576, "chunk_threshold_bytes": 52428800,
                   "upload_ttl_ms": 60000,
                   "breaker": {"failures": 5, "open_ms": 60000, "call_timeout_ms": 5000},
                   "health": {"detect_ms": 5000}},
        "guarantees": {"delivery": "at_least_once", "durability": "process_crash",
                       "ordering": "per_publisher"}})")
                                  .as_object();
  boost::json::object& claimed = hello["capabilities"].as_object();
  for (const char* name :
       {"routing",     "store",   "integrity",  "chunking",    "upload",      "compression",
        "ttl",         "breaker", "queue",      "groups",      "priority",    "delay",
        "dead_letter", "redrive", "topic",      "patterns",    "correlation", "batch",
        "agents",      "tenancy", "auth",       "health",      "stats",       "audit",
        "connections", "config",  "multi_node", "payload.http"})
    claimed[name] = boost::json::object();
  claimed["dedupe"] = {{"window_ms", 600000}};
  return Claims::parse(hello).value();
}

// Two cases of the registry for each hook, in core and in queue, so that pairs never collide.
std::string_view case_for(Hook hook, bool second) {
  if (hook == Hook::none) return second ? "API-1.cut_under_publish" : "API-2.definite_absent";
  return second ? "API-1.publish_during_shutdown" : "QUE-3.after_crash";
}

RuleResult result_of(const One& one, bool second) {
  const CaseRef found = find_case(case_for(one.hook, second));
  RuleResult result;
  result.id = found.rule->id;
  result.level = one.level;
  CaseResult part;
  part.id = case_id(*found.rule, *found.part);
  part.verdict = one.verdict;
  result.cases = {part};
  return result;
}

bool in_profile(const Profile& profile, const RuleResult& result) {
  if (result.id == "QUE-3")
    return profile.name == "queue" || profile.name == "claimed" || profile.name == "full";
  return true;  // API-1 and API-2 are in the core, and every profile builds on it.
}

// The oracle: section 3 of the design, sentence by sentence.
Conformance expected(const std::vector<std::pair<One, bool>>& held, bool hooks_count) {
  bool anything_judged = false;
  bool nonconformant = false;
  bool incomplete = false;
  for (const auto& [one, in] : held) {
    if (!in) continue;
    const Verdict v = one.verdict;
    anything_judged |= v == Verdict::met || v == Verdict::known || v == Verdict::violated;
    if (one.level != Level::must) continue;
    nonconformant |= v == Verdict::violated || v == Verdict::blocked;
    incomplete |= v == Verdict::inconclusive;
    incomplete |= v == Verdict::unverified && (one.hook == Hook::none || hooks_count);
  }
  if (nonconformant) return Conformance::nonconformant;
  if (incomplete || !anything_judged) return Conformance::incomplete;
  return Conformance::conformant;
}

std::vector<One> all_ones() {
  std::vector<One> all;
  for (const Verdict verdict : kVerdicts)
    for (const Level level : kLevels)
      for (const Hook hook : kHooks) all.push_back({verdict, level, hook});
  return all;
}

TEST(RollUp, JudgesEverySingleCaseAsTheOracleDoes) {
  const Claims claims = generous();
  int checked = 0;
  for (const Profile& profile : profiles())
    for (const bool strict : {false, true})
      for (const One& one : all_ones()) {
        const RuleResult result = result_of(one, false);
        const RollUp whole = roll_up({result}, profile, &claims, strict);
        const Conformance want =
            expected({{one, in_profile(profile, result)}}, strict || profile.name == "full");
        EXPECT_EQ(whole.verdict, want)
            << profile.name << " " << result.cases.front().id << " " << to_string(one.verdict)
            << " " << to_string(one.level) << " strict " << strict << ": " << whole.why;
        EXPECT_FALSE(whole.why.empty());
        ++checked;
      }
  EXPECT_EQ(checked, 8 * 2 * 48);
}

TEST(RollUp, JudgesEveryPairOfCasesAsTheOracleDoes) {
  const Claims claims = generous();
  const std::vector<One> all = all_ones();
  for (const Profile& profile : profiles())
    for (const bool strict : {false, true})
      for (const One& first : all)
        for (const One& second : all) {
          const RuleResult a = result_of(first, false);
          const RuleResult b = result_of(second, true);
          const RollUp whole = roll_up({a, b}, profile, &claims, strict);
          const Conformance want =
              expected({{first, in_profile(profile, a)}, {second, in_profile(profile, b)}},
                       strict || profile.name == "full");
          ASSERT_EQ(whole.verdict, want)
              << profile.name << " " << to_string(first.verdict) << " " << to_string(second.verdict)
              << " strict " << strict << ": " << whole.why;
        }
}

RuleResult met() { return result_of({Verdict::met, Level::must, Hook::none}, false); }

Claims claims_without(std::string_view section, std::string_view name) {
  boost::json::object hello = generous().hello();
  hello[section].as_object().erase(name);
  return Claims::parse(hello).value();
}

TEST(RollUp, AMissingRequiredCapabilityIsNonconformant) {
  const Claims claims = claims_without("capabilities", "integrity");
  for (const Profile& profile : profiles()) {
    const bool needs = profile.name == "store" || profile.name == "full";
    const RollUp whole = roll_up({met()}, profile, &claims, false);
    EXPECT_EQ(whole.verdict, needs ? Conformance::nonconformant : Conformance::conformant)
        << profile.name;
    EXPECT_EQ(whole.why.find("integrity") != std::string::npos, needs) << whole.why;
  }
}

TEST(RollUp, AnEmptyHelloIsNoConformantBus) {
  const Claims nothing = Claims::parse({}).value();
  for (const Profile& profile : profiles())
    EXPECT_EQ(roll_up({met()}, profile, &nothing, false).verdict, Conformance::nonconformant);
}

TEST(RollUp, ABusThatNeverSaidHelloIsIncompleteUnlessSomethingBroke) {
  for (const Profile& profile : profiles()) {
    EXPECT_EQ(roll_up({}, profile, nullptr, false).verdict, Conformance::incomplete);
    const RuleResult broken = result_of({Verdict::violated, Level::must, Hook::none}, false);
    EXPECT_EQ(roll_up({broken}, profile, nullptr, false).verdict, Conformance::nonconformant);
  }
}

TEST(RollUp, AnUnknownRuleIsOurOwnBug) {
  RuleResult result = met();
  result.id = "QUE-999";
  EXPECT_THROW((void)roll_up({result}, *find_profile("core"), nullptr, false), std::logic_error);
}

TEST(RollUp, NamesTheFirstOfSeveral) {
  const Claims claims = generous();
  const RollUp whole = roll_up({result_of({Verdict::violated, Level::must, Hook::none}, false),
                                result_of({Verdict::blocked, Level::must, Hook::none}, true)},
                               *find_profile("core"), &claims, false);
  EXPECT_EQ(whole.why, "API-2.definite_absent is violated and 1 more.");
}

TEST(ExitCode, TakesTheFirstThatAppliesOverEveryCombination) {
  constexpr std::array kProblems = {130, 70, 69, 64};
  for (unsigned problems = 0; problems < 16; ++problems)
    for (const Conformance verdict :
         {Conformance::conformant, Conformance::nonconformant, Conformance::incomplete})
      for (const bool stale : {false, true}) {
        RunRecord record;
        record.verdict = verdict;
        for (std::size_t i = 4; i-- > 0;)  // Least first, so that their order can't help.
          if ((problems >> i & 1U) != 0) record.problems.push_back({kProblems[i], "x"});
        record.expectations.resize(2);
        if (stale) record.expectations[1].problem = "stale: it passed";
        int want = 0;
        if (verdict == Conformance::incomplete) want = 2;
        if (stale) want = 3;
        if (verdict == Conformance::nonconformant) want = 1;
        for (std::size_t i = 4; i-- > 0;)
          if ((problems >> i & 1U) != 0) want = kProblems[i];
        EXPECT_EQ(exit_code(record), want);
      }
}

}  // namespace
}  // namespace busproof::contract
