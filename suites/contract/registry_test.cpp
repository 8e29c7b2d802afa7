// The registry holds together: ids, names, sentences and what they lean on.

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "suites/contract/rule.hpp"
#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

// How many rules each family had when contract 1.0 was agreed. Rules are only ever added.
const std::map<std::string, std::size_t> kRulesOf = {
    {"ROUTE", 12}, {"STORE", 11}, {"SUM", 10}, {"COMP", 5}, {"CHUNK", 7}, {"TTL", 10}, {"BRK", 13},
    {"QUE", 26},   {"PRI", 6},    {"PUB", 10}, {"COR", 3},  {"DUR", 10},  {"AGT", 6},  {"END", 9},
    {"HLT", 3},    {"STA", 3},    {"CFG", 4},  {"SEC", 9},  {"NODE", 5},  {"API", 4}};

// Names that other folders and other people's expectation files hold.
const char* const kFixedCases[] = {"ROUTE-3.below_limit",
                                   "ROUTE-3.at_limit",
                                   "ROUTE-3.above_limit",
                                   "ROUTE-3.multibyte",
                                   "STORE-1.empty",
                                   "STORE-1.nul",
                                   "STORE-1.invalid_utf8",
                                   "STORE-1.json",
                                   "STORE-1.large",
                                   "QUE-1.subscriber_before",
                                   "QUE-1.subscriber_after",
                                   "QUE-3.after_lease",
                                   "QUE-3.after_reconnect",
                                   "QUE-3.after_restart",
                                   "QUE-3.after_crash",
                                   "QUE-3.any_sequence",
                                   "QUE-4.attempt",
                                   "QUE-4.early",
                                   "QUE-4.late",
                                   "QUE-11.window",
                                   "QUE-11.zero",
                                   "QUE-11.resumes",
                                   "PRI-1.higher_first",
                                   "PRI-2.in_order",
                                   "PRI-6.agrees_with_model",
                                   "TTL-2.early",
                                   "TTL-2.late",
                                   "SUM-1.sha256",
                                   "SUM-2.flipped_bit",
                                   "API-2.definite_absent",
                                   "API-2.says_which",
                                   "DUR-2.publish",
                                   "DUR-2.ack",
                                   "END-2.malformed_json",
                                   "END-2.unknown_method",
                                   "END-2.wrong_params",
                                   "END-2.wrong_types"};

template <typename Check>
void each_rule(Check check) {
  for (const Family& family : families())
    for (const Rule& rule : family.rules) {
      SCOPED_TRACE(std::string(rule.id));
      check(family, rule);
    }
}

bool is_sentence(std::string_view text) {
  return text.size() > 10 && text.ends_with('.') && text.find("..") == std::string_view::npos &&
         std::isupper(static_cast<unsigned char>(text.front())) != 0 &&
         text.find("  ") == std::string_view::npos;
}

TEST(Registry, HoldsEveryFamilyWithAllOfItsRules) {
  std::map<std::string, std::size_t> found;
  for (const Family& family : families()) found[std::string(family.name)] = family.rules.size();
  EXPECT_EQ(found, kRulesOf);
  EXPECT_EQ(families().size(), kRulesOf.size());
}

TEST(Registry, NumbersRulesDenselyFromOne) {
  for (const Family& family : families())
    for (std::size_t i = 0; i < family.rules.size(); ++i)
      EXPECT_EQ(family.rules[i].id, std::string(family.name) + "-" + std::to_string(i + 1));
}

TEST(Registry, NamesCasesWellAndOnce) {
  std::set<std::string> seen;
  each_rule([&](const Family&, const Rule& rule) {
    EXPECT_FALSE(rule.cases.empty());
    for (const Case& part : rule.cases) {
      EXPECT_FALSE(part.name.empty());
      EXPECT_TRUE(std::ranges::all_of(part.name, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
      })) << part.name;
      EXPECT_TRUE(seen.insert(case_id(rule, part)).second) << part.name;
      const CaseRef found = find_case(case_id(rule, part));
      EXPECT_EQ(found.rule, &rule);
      EXPECT_EQ(found.part, &part);
    }
  });
}

TEST(Registry, SaysEverythingInWholeSentences) {
  std::set<std::string_view> seen;
  each_rule([&](const Family& family, const Rule& rule) {
    EXPECT_FALSE(family.title.empty());
    EXPECT_TRUE(is_sentence(rule.sentence)) << rule.sentence;
    EXPECT_TRUE(seen.insert(rule.sentence).second) << rule.sentence;
    if (!rule.reason.empty()) {
      EXPECT_TRUE(is_sentence(rule.reason)) << rule.reason;
    }
    for (const Case& part : rule.cases) EXPECT_TRUE(is_sentence(part.says)) << part.says;
  });
}

TEST(Registry, LeansOnKnownCapabilitiesTraitsAndLimitsAlone) {
  each_rule([](const Family&, const Rule& rule) {
    if (!rule.capability.empty()) {
      EXPECT_TRUE(is_capability(rule.capability)) << rule.capability;
    }
    for (const Case& part : rule.cases) {
      for (const auto name : words(part.also)) EXPECT_TRUE(is_capability(name)) << name;
      for (const auto path : words(part.limits)) EXPECT_NE(find_limit(path), nullptr) << path;
      for (const auto need : words(part.where)) {
        const auto dot = need.find('.');
        const auto equals = need.find('=');
        ASSERT_LT(dot, equals) << need;
        ASSERT_NE(equals, std::string_view::npos) << need;
        const auto capability = need.substr(0, dot);
        const auto name = need.substr(dot + 1, equals - dot - 1);
        if (capability == "guarantees" || capability == "compression") continue;
        const Trait* trait = find_trait(capability, name);
        ASSERT_NE(trait, nullptr) << need;
        const auto allowed = words(trait->values, '|');
        for (const auto value : words(need.substr(equals + 1), '|'))
          EXPECT_TRUE(std::ranges::count(allowed, value) == 1) << need;
      }
    }
  });
}

TEST(Registry, NamesKnownSources) {
  const std::set<std::string_view> known = {"S0", "S1", "S2", "S3", "S4", "R"};
  each_rule([&](const Family&, const Rule& rule) {
    const auto listed = words(rule.sources, ',');
    EXPECT_FALSE(listed.empty());
    for (std::string_view source : listed) {
      if (source.starts_with(' ')) source.remove_prefix(1);
      EXPECT_TRUE(known.contains(source)) << source;
    }
  });
}

TEST(Registry, GivesReasonsAndHooksWhereAMethodAsksForThem) {
  each_rule([](const Family&, const Rule& rule) {
    if (rule.method == Method::needs_hook) {
      EXPECT_TRUE(std::ranges::any_of(rule.cases,
                                      [](const Case& part) { return part.hook == Hook::needed; }));
    }
    if (rule.method != Method::tested) {
      EXPECT_FALSE(rule.reason.empty());
    }
  });
}

TEST(Registry, BindsWhatARestartOrACrashShowsOnlyWhereItIsClaimed) {
  each_rule([](const Family& family, const Rule& rule) {
    for (const Case& part : rule.cases) {
      if (part.from != Durability::memory) {
        EXPECT_TRUE(part.hook == Hook::needed) << part.name;
      }
      if (part.name.find("restart") != std::string_view::npos) {
        EXPECT_TRUE(part.from == Durability::restart) << part.name;
      }
      if (part.name.find("crash") != std::string_view::npos) {
        EXPECT_TRUE(part.from == Durability::process_crash) << part.name;
      }
      if (family.name == "DUR") {
        EXPECT_NE(part.from, Durability::memory) << part.name;
      }
    }
  });
}

TEST(Registry, KeepsTheNamesThatOthersHold) {
  for (const char* id : kFixedCases) EXPECT_TRUE(find_case(id)) << id;
}

TEST(Registry, FindsNothingForWhatIsNotThere) {
  for (const char* id : {"", "QUE", "QUE-", "QUE-0", "QUE-27", "que-4", "QUE-4.late"})
    EXPECT_EQ(find_rule(id), nullptr) << id;
  for (const char* id : {"", ".", "QUE-4", "QUE-4.", ".late", "QUE-4.later", "QUE-4.late.x"})
    EXPECT_FALSE(find_case(id)) << id;
}

}  // namespace
}  // namespace busproof::contract
