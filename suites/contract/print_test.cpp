// What is printed of the contract: everything is there, once, and within its width.

#include "suites/contract/print.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

namespace busproof::contract {
namespace {

const Judged kAll = [](std::string_view) { return true; };
const Judged kNone = [](std::string_view) { return false; };
const Judged kOne = [](std::string_view id) { return id == "QUE-4.late"; };

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) most = std::max(most, line.size());
  return most;
}

// The text with its line breaks and indents taken out, so that sentences can be looked for.
std::string joined(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != '\n' && !(c == ' ' && out.ends_with(' ')))
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  return out;
}

TEST(Explain, ShowsARuleWithAllOfItsCases) {
  for (const Family& family : families())
    for (const Rule& rule : family.rules) {
      const std::string text = explain(rule, kOne);
      EXPECT_TRUE(text.starts_with(std::string(rule.id) + "  "));
      EXPECT_LE(widest(text), 100U) << text;
      EXPECT_NE(joined(text).find(rule.sentence), std::string::npos) << text;
      for (const Case& part : rule.cases) {
        EXPECT_NE(text.find(case_id(rule, part) + "\n"), std::string::npos);
        EXPECT_NE(joined(text).find(part.says), std::string::npos) << text;
      }
    }
}

TEST(Explain, ShowsOneCaseAlone) {
  const CaseRef found = find_case("QUE-4.late");
  const std::string text = explain(*found.rule, *found.part, kOne);
  EXPECT_EQ(occurrences(text, "QUE-4."), 1U);
  EXPECT_TRUE(
      joined(text).ends_with("Judged. Needs: queue.lease=timed, redelivery_grace_ms declared. "))
      << text;
}

TEST(JudgedWord, IsTheMethodOnceACaseHasAJudge) {
  EXPECT_EQ(judged_word(*find_rule("QUE-4"), kOne), "tested");
  EXPECT_EQ(judged_word(*find_rule("QUE-3"), kOne), "not_judged_yet");
  EXPECT_EQ(judged_word(*find_rule("SUM-2"), kAll), "needs_hook");
  EXPECT_EQ(judged_word(*find_rule("STORE-2"), kAll), "statistical");
  Rule untestable = *find_rule("QUE-4");
  untestable.method = Method::untestable;
  EXPECT_EQ(judged_word(untestable, kNone), "untestable");
}

TEST(ListJson, HoldsEveryRuleAndCaseWithTheFieldsThatToolsRead) {
  const boost::json::object list = list_json(kOne);
  EXPECT_EQ(list.at("contract"), "1.0");
  std::size_t rules = 0;
  for (const Family& family : families()) rules += family.rules.size();
  ASSERT_EQ(list.at("rules").as_array().size(), rules);
  std::size_t judged = 0;
  for (const boost::json::value& entry : list.at("rules").as_array()) {
    const boost::json::object& rule = entry.as_object();
    const Rule* known = find_rule(std::string(rule.at("id").as_string()));
    ASSERT_NE(known, nullptr);
    EXPECT_EQ(rule.at("sentence").as_string(), known->sentence);
    EXPECT_EQ(rule.at("level").as_string(), to_string(known->level));
    EXPECT_EQ(rule.at("capability").as_string(), known->capability);
    EXPECT_EQ(rule.at("sources").as_string(), known->sources);
    EXPECT_EQ(rule.at("judged"), known->id == "QUE-4" ? "tested" : "not_judged_yet");
    ASSERT_EQ(rule.at("cases").as_array().size(), known->cases.size());
    for (const boost::json::value& part : rule.at("cases").as_array()) {
      EXPECT_TRUE(find_case(std::string(part.at("id").as_string())));
      EXPECT_TRUE(part.at("says").is_string());
      if (part.at("judged").as_bool()) ++judged;
    }
  }
  EXPECT_EQ(judged, 1U);
  EXPECT_EQ(list.at("profiles").as_array().size(), 8U);
}

TEST(ListText, HasALineForEveryRuleAndTheTotals) {
  const std::string text = list_text(kOne);
  for (const Family& family : families())
    for (const Rule& rule : family.rules)
      EXPECT_EQ(occurrences(text, "\n  " + std::string(rule.id) + " "), 1U) << rule.id;
  EXPECT_LE(widest(text), 100U);
  EXPECT_NE(text.find(" cases, 1 of them judged in this version.\n"), std::string::npos);
}

TEST(ContractMarkdown, HoldsEverythingOnce) {
  const std::string text = contract_markdown(kNone);
  for (const Family& family : families()) {
    EXPECT_EQ(occurrences(text, "\n## " + std::string(family.name) + ": "), 1U);
    for (const Rule& rule : family.rules) {
      EXPECT_EQ(occurrences(text, "\n### " + std::string(rule.id) + "\n"), 1U);
      EXPECT_EQ(occurrences(text, rule.sentence), 1U) << rule.id;
      for (const Case& part : rule.cases)
        EXPECT_GE(occurrences(text, std::string(part.says)), 1U) << part.says;
    }
  }
  EXPECT_EQ(occurrences(text, "(not judged yet)"), occurrences(text, "\n- `"));
  EXPECT_EQ(occurrences(contract_markdown(kAll), "(not judged yet)"), 0U);
  EXPECT_TRUE(text.ends_with(".\n"));
}

}  // namespace
}  // namespace busproof::contract
