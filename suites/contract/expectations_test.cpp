// Expectations are strict both ways: over every verdict and kind, and at the edge of their date.

#include "suites/contract/expectations.hpp"

#include <array>

#include <gtest/gtest.h>

namespace busproof::contract {
namespace {

constexpr std::array kVerdicts = {
    Verdict::violated,       Verdict::blocked, Verdict::inconclusive, Verdict::unverified,
    Verdict::not_judged_yet, Verdict::known,   Verdict::not_claimed,  Verdict::met};

Expectation entry(std::string kind) {
  return {
      "QUE-4.late", std::move(kind), "", "it polls by the minute", "https://example.org/issues/7",
      "2026-06-30"};
}

std::vector<RuleResult> results(Verdict late, Verdict early = Verdict::met) {
  RuleResult rule;
  rule.id = "QUE-4";
  rule.cases.resize(2);
  rule.cases[0].id = "QUE-4.early";
  rule.cases[0].verdict = early;
  rule.cases[0].detail = "of early";
  rule.cases[1].id = "QUE-4.late";
  rule.cases[1].verdict = late;
  rule.cases[1].detail = "of late";
  take_worst(rule);
  return {rule};
}

enum class Fate { holds, open, stale };

Fate fate(std::string_view kind, Verdict verdict) {
  if (verdict == Verdict::blocked || verdict == Verdict::inconclusive || verdict == Verdict::known)
    return Fate::open;
  if (kind == "fails" && verdict == Verdict::unverified) return Fate::open;
  if (kind == "fails") return verdict == Verdict::violated ? Fate::holds : Fate::stale;
  return verdict == Verdict::unverified ? Fate::holds : Fate::stale;
}

TEST(Expectations, AreStrictBothWaysOverEveryVerdict) {
  for (const std::string kind : {"fails", "unverified"})
    for (const Verdict verdict : kVerdicts) {
      auto rules = results(verdict);
      const auto uses = apply({entry(kind)}, "refbus", "2026-06-30", rules);
      ASSERT_EQ(uses.size(), 1U);
      const Fate want = fate(kind, verdict);
      const std::string trace = kind + " " + std::string(to_string(verdict));
      EXPECT_EQ(uses[0].problem.starts_with("stale: QUE-4.late is "), want == Fate::stale) << trace;
      EXPECT_EQ(uses[0].problem.empty(), want != Fate::stale) << trace;
      EXPECT_EQ(rules[0].cases[1].verdict, want == Fate::holds ? Verdict::known : verdict) << trace;
    }
}

TEST(Expectations, ExpireTheDayAfterTheirLast) {
  for (const auto& [today, expired] :
       {std::pair{"2026-06-29", false}, std::pair{"2026-06-30", false},
        std::pair{"2026-07-01", true}, std::pair{"2027-01-01", true}}) {
    auto rules = results(Verdict::violated);
    const auto uses = apply({entry("fails")}, "refbus", today, rules);
    EXPECT_EQ(uses.at(0).problem.starts_with("expired: "), expired) << today;
    EXPECT_EQ(rules[0].verdict, expired ? Verdict::violated : Verdict::known) << today;
  }
}

TEST(Expectations, BindOnlyTheTargetsThatTheyMatch) {
  struct Try {
    const char* match;
    const char* target;
    bool fits;
  };
  for (const auto& [match, target, fits] :
       {Try{"", "anything", true}, Try{"refbus", "refbus", true}, Try{"refbus", "refbus2", false},
        Try{"refbus*", "refbus on SQLite", true}, Try{"*SQLite", "refbus on SQLite", true},
        Try{"*on*", "refbus on SQLite", true}, Try{"*", "", true}, Try{"r*x*", "refbus", false},
        Try{"refbus", "", false}}) {
    Expectation one = entry("fails");
    one.match = match;
    auto rules = results(Verdict::violated);
    const auto uses = apply({one}, target, "2026-01-01", rules);
    EXPECT_EQ(uses.size(), fits ? 1U : 0U) << match << " " << target;
    EXPECT_EQ(rules[0].verdict, fits ? Verdict::known : Verdict::violated);
  }
}

TEST(Expectations, LeaveOutWhatWasNotRun) {
  std::vector<RuleResult> nothing;
  EXPECT_TRUE(apply({entry("fails")}, "refbus", "2030-01-01", nothing).empty());
}

TEST(Expectations, GiveTheRuleItsWorstCaseAnew) {
  auto rules = results(Verdict::violated, Verdict::unverified);
  EXPECT_EQ(rules[0].verdict, Verdict::violated);
  const auto uses = apply({entry("fails")}, "refbus", "2026-01-01", rules);
  EXPECT_TRUE(uses.at(0).problem.empty());
  EXPECT_EQ(rules[0].verdict, Verdict::unverified);
  EXPECT_EQ(rules[0].detail, "of early");
  EXPECT_EQ(rules[0].cases[1].detail, "of late (known: it polls by the minute)");
}

TEST(Expectations, CarryWhatTheReportShows) {
  auto rules = results(Verdict::violated);
  const auto uses = apply({entry("fails")}, "refbus", "2026-01-01", rules);
  EXPECT_EQ(uses.at(0).id, "QUE-4.late");
  EXPECT_EQ(uses.at(0).kind, "fails");
  EXPECT_EQ(uses.at(0).reason, "it polls by the minute");
  EXPECT_EQ(uses.at(0).link, "https://example.org/issues/7");
  EXPECT_EQ(uses.at(0).expires, "2026-06-30");
}

TEST(ParseExpectations, TakesWhatCanHold) {
  Expectation other = entry("unverified");
  other.match = "refbus";
  const auto parsed = parse({entry("fails"), other});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->size(), 2U);
  EXPECT_TRUE(parse({}));
}

TEST(ParseExpectations, RefusesWhatCouldNeverHold) {
  const auto refuses = [](auto change, std::string_view named) {
    Expectation one = entry("fails");
    change(one);
    const auto parsed = parse({one});
    ASSERT_FALSE(parsed) << named;
    EXPECT_NE(parsed.error().detail().find(named), std::string::npos) << parsed.error().detail();
  };
  refuses([](Expectation& e) { e.id = "QUE-4"; }, "no such case");
  refuses([](Expectation& e) { e.id = "QUE-4.later"; }, "no such case");
  refuses([](Expectation& e) { e.kind = "flaky"; }, "kind is 'flaky'");
  refuses([](Expectation& e) { e.reason = ""; }, "reason");
  refuses([](Expectation& e) { e.link = ""; }, "link");
  for (const char* date : {"", "soon", "2026-13-01", "2026-02-29", "2026-1-1", "2026-06-31",
                           "2026/06/30", "2026-06-3x", "-026-06-30", "2026-06-300"})
    refuses([&](Expectation& e) { e.expires = date; }, "must be a date");
  EXPECT_TRUE(parse({[] {
    Expectation leap = entry("fails");
    leap.expires = "2028-02-29";
    return leap;
  }()}));
}

TEST(ParseExpectations, RefusesTwoForTheSameCaseAndTarget) {
  EXPECT_FALSE(parse({entry("fails"), entry("unverified")}));
}

}  // namespace
}  // namespace busproof::contract
