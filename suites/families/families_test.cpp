// Method: the table of scenarios against the contract. What it names must exist, once; the readable
// contract must be the printed one.
#include "suites/families/families.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "suites/contract/print.hpp"

namespace busproof::families {
namespace {

TEST(Families, EveryJudgedCaseIsInTheContractAndJudgedOnce) {
  std::set<std::string_view> seen;
  for (const stage::Scenario* scenario : all()) {
    EXPECT_FALSE(scenario->cases.empty()) << scenario->name;
    for (const stage::JudgedCase& part : scenario->cases) {
      EXPECT_TRUE(contract::find_case(part.id)) << part.id;
      EXPECT_TRUE(seen.insert(part.id).second) << part.id << " is judged twice";
      EXPECT_EQ(judging(part.id), scenario);
    }
  }
}

TEST(Families, EveryScenarioHasOneNameAndOneWayToRun) {
  std::set<std::string_view> seen;
  for (const stage::Scenario* scenario : all()) {
    EXPECT_TRUE(seen.insert(scenario->name).second) << scenario->name;
    EXPECT_EQ(named(scenario->name), scenario);
    EXPECT_NE(scenario->is_property(), scenario->run != nullptr) << scenario->name;
    EXPECT_EQ(scenario->is_property(), scenario->perform != nullptr) << scenario->name;
  }
}

TEST(Families, WhatIsNotJudgedHasNoScenario) {
  EXPECT_EQ(judging("QUE-4.no_such_case"), nullptr);
  EXPECT_EQ(named("No.such_scenario"), nullptr);
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Families, TheReadmeSaysHowManyCasesAreJudged) {
  std::size_t cases = 0, judged = 0;
  for (const contract::Family& family : contract::families())
    for (const contract::Rule& rule : family.rules)
      for (const contract::Case& part : rule.cases) {
        ++cases;
        if (judging(contract::case_id(rule, part)) != nullptr) ++judged;
      }
  const auto says = fmt::format("judges {} of its {} cases", judged, cases);
  EXPECT_NE(text_of(README_FILE).find(says), std::string::npos) << says;
}

TEST(Families, TheReadableContractIsThePrintedOne) {
  const auto judged = [](std::string_view id) { return judging(id) != nullptr; };
  EXPECT_TRUE(text_of(CONTRACT_FILE) == contract::contract_markdown(judged))
      << "print it anew: busproof list --markdown > suites/contract/CONTRACT.md";
}

}  // namespace
}  // namespace busproof::families
