// Profiles: what they hold, what they require, and that no escape by limits or traits is left.

#include "suites/contract/profile.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

Claims claims_of(std::string_view capabilities, std::string_view limits,
                 std::string_view guarantees = "{}") {
  boost::json::object hello;
  hello["capabilities"] = boost::json::parse(capabilities);
  hello["limits"] = boost::json::parse(limits);
  hello["guarantees"] = boost::json::parse(guarantees);
  return Claims::parse(hello).value();
}

constexpr std::string_view kCoreLimits =
    R"({"message_bytes_max": 1048576, "name_bytes_max": 255, "shutdown_ms": 5000})";
constexpr std::string_view kDurable =
    R"({"delivery": "at_least_once", "durability": "process_crash"})";

bool holds_id(std::string_view profile, std::string_view rule, const Claims* claims = nullptr) {
  return holds(*find_profile(profile), *find_rule(rule), claims);
}

TEST(Profile, NamesOnlyWhatThereIs) {
  std::set<std::string_view> names;
  for (const Profile& profile : profiles()) {
    EXPECT_TRUE(names.insert(profile.name).second) << profile.name;
    EXPECT_TRUE(profile.says.ends_with('.'));
    for (const auto name : words(profile.builds_on)) EXPECT_NE(find_profile(name), nullptr) << name;
    for (const auto name : required_capabilities(profile)) EXPECT_TRUE(is_capability(name)) << name;
    for (const auto name : words(profile.requires_any)) EXPECT_TRUE(is_capability(name)) << name;
    for (const auto name : words(profile.rules)) {
      const bool family = std::ranges::count(families(), name, &Family::name) == 1;
      EXPECT_TRUE(name == "*" || family || find_rule(name) != nullptr) << name;
    }
  }
  EXPECT_EQ(find_profile(""), nullptr);
  EXPECT_EQ(find_profile("cor"), nullptr);
}

TEST(Profile, BoundsNameKnownLimitsAndTraits) {
  for (const LimitBound& bound : limit_bounds()) {
    EXPECT_NE(find_profile(bound.profile), nullptr) << bound.path;
    EXPECT_NE(find_limit(bound.path), nullptr) << bound.path;
    EXPECT_TRUE(bound.capability.empty() || is_capability(bound.capability)) << bound.path;
    EXPECT_TRUE(bound.required || bound.least || bound.most) << bound.path;
    EXPECT_TRUE(bound.why.ends_with('.')) << bound.path;
  }
  for (const TraitBound& bound : trait_bounds()) {
    EXPECT_NE(find_profile(bound.profile), nullptr);
    if (bound.capability == "guarantees") continue;
    const Trait* trait = find_trait(bound.capability, bound.trait);
    ASSERT_NE(trait, nullptr) << bound.trait;
    const auto allowed = words(trait->values, '|');
    for (const auto value : words(bound.accepted, '|'))
      EXPECT_EQ(std::ranges::count(allowed, value), 1) << value;
  }
}

TEST(Profile, HoldsItsRules) {
  EXPECT_TRUE(holds_id("core", "API-1"));
  EXPECT_TRUE(holds_id("core", "END-2"));
  EXPECT_FALSE(holds_id("core", "END-3"));
  EXPECT_TRUE(holds_id("core", "SEC-6"));
  EXPECT_FALSE(holds_id("core", "SEC-1"));
  EXPECT_FALSE(holds_id("core", "QUE-1"));
  EXPECT_TRUE(holds_id("queue", "API-1"));
  EXPECT_TRUE(holds_id("queue", "QUE-1"));
  EXPECT_TRUE(holds_id("queue", "PRI-6"));
  EXPECT_FALSE(holds_id("queue", "TTL-1"));
  EXPECT_TRUE(holds_id("store", "BRK-13"));
  EXPECT_TRUE(holds_id("endpoint", "SEC-1"));
  EXPECT_TRUE(holds_id("durable", "DUR-2"));
}

TEST(Profile, FullHoldsEverything) {
  for (const Family& family : families())
    for (const Rule& rule : family.rules) EXPECT_TRUE(holds(*find_profile("full"), rule, nullptr));
}

TEST(Profile, EveryRuleIsInSomeProfileBesideFullAndClaimedSaveThoseOfNodesAndAgents) {
  for (const Family& family : families())
    for (const Rule& rule : family.rules) {
      const bool held = std::ranges::any_of(profiles(), [&](const Profile& profile) {
        return profile.rules != "*" && holds(profile, rule, nullptr);
      });
      EXPECT_EQ(held, family.name != "NODE" && family.name != "AGT") << rule.id;
    }
}

TEST(Profile, ClaimedHoldsTheCoreAndWhatIsClaimed) {
  const Claims claims = claims_of(R"({"queue": {}})", kCoreLimits);
  EXPECT_TRUE(holds_id("claimed", "API-1", &claims));
  EXPECT_TRUE(holds_id("claimed", "QUE-1", &claims));
  EXPECT_FALSE(holds_id("claimed", "PUB-1", &claims));
  EXPECT_TRUE(holds_id("claimed", "DUR-1", &claims));  // Binds by durability, not by capability.
  EXPECT_FALSE(holds_id("claimed", "QUE-1", nullptr));
}

TEST(Shortfalls, NoneForABusThatSuffices) {
  const Claims claims = claims_of(R"({"queue": {}, "topic": {}})", kCoreLimits, kDurable);
  for (const char* name : {"claimed", "core", "queue", "topics", "durable", "endpoint"}) {
    const auto lacks = shortfalls(*find_profile(name), claims);
    EXPECT_TRUE(lacks.empty()) << name << ": " << lacks.front();
  }
  EXPECT_EQ(shortfalls(*find_profile("store"), claims).size(), 2U);
  EXPECT_GT(shortfalls(*find_profile("full"), claims).size(), 20U);
}

TEST(Shortfalls, NameEveryRequiredCapability) {
  for (const Profile& profile : profiles())
    for (const std::string_view needed : required_capabilities(profile)) {
      if (needed == kWebSocket) continue;
      boost::json::object claimed;
      for (const std::string_view name : capabilities())
        if (name != needed) claimed[name] = boost::json::object();
      const Claims claims = Claims::parse({{"capabilities", claimed}}).value();
      const auto lacks = shortfalls(profile, claims);
      const std::string want = "capability " + std::string(needed) + " is required and not claimed";
      EXPECT_EQ(std::ranges::count(lacks, want), 1) << profile.name << " " << needed;
    }
}

TEST(Shortfalls, AnEndpointNeedsAWebSocket) {
  boost::json::object hello = claims_of(R"({"queue": {}})", kCoreLimits).hello();
  const auto over_lines = Claims::parse(hello, Transport::lines).value();
  EXPECT_EQ(shortfalls(*find_profile("endpoint"), over_lines).size(), 1U);
}

// A hello that declares one limit and claims what its bound is about.
Claims with_limit(const LimitBound& bound, std::int64_t value) {
  boost::json::object claimed;
  if (!bound.capability.empty()) claimed[bound.capability] = boost::json::object();
  const std::size_t dot = bound.path.find('.');
  boost::json::object hello = {{"capabilities", claimed}};
  boost::json::object limits;
  if (bound.path == "loss_window_ms") {
    hello["guarantees"] = {{"durability", "process_crash"}, {"loss_window_ms", value}};
  } else if (bound.path == "dedupe.window_ms") {
    hello["capabilities"] = {{"dedupe", {{"window_ms", value}}}};
  } else if (dot == std::string_view::npos) {
    limits[bound.path] = value;
  } else {
    limits[bound.path.substr(0, dot)] = boost::json::object{{bound.path.substr(dot + 1), value}};
  }
  hello["limits"] = limits;
  return Claims::parse(hello).value();
}

bool breaks(const LimitBound& bound, std::int64_t value) {
  const auto lacks = shortfalls(*find_profile(bound.profile), with_limit(bound, value));
  const std::string start = "limit " + std::string(bound.path) + " ";
  return std::ranges::any_of(lacks,
                             [&](const std::string& text) { return text.starts_with(start); });
}

TEST(Shortfalls, EveryBoundIsExact) {
  constexpr std::int64_t kWeek = 7LL * 24 * 3600 * 1000;
  for (const LimitBound& bound : limit_bounds()) {
    SCOPED_TRACE(std::string(bound.path));
    if (bound.most) {
      EXPECT_FALSE(breaks(bound, *bound.most));
      EXPECT_TRUE(breaks(bound, *bound.most + 1));
      EXPECT_LE(*bound.most, kWeek);
    }
    if (bound.least) {
      EXPECT_FALSE(breaks(bound, *bound.least));
      EXPECT_TRUE(breaks(bound, *bound.least - 1));
      EXPECT_GT(*bound.least, 0);
    }
  }
}

TEST(Shortfalls, ABoundOnDurabilityBindsNoBusThatClaimsNone) {
  const auto lost = [](const char* durability) {
    const boost::json::object hello = {
        {"guarantees", {{"durability", durability}, {"loss_window_ms", nullptr}}}};
    const auto lacks = shortfalls(*find_profile("claimed"), Claims::parse(hello).value());
    return std::ranges::any_of(lacks, [](const std::string& text) {
      return text.find("loss_window_ms") != std::string::npos;
    });
  };
  EXPECT_FALSE(lost("memory"));
  EXPECT_TRUE(lost("process_crash"));
}

// The escapes that a bus could take: each is caught in the profile that it empties, and where it is
// claimed also in `claimed`.
struct Escape {
  const char* profile;
  const char* capabilities;
  const char* limits;
  const char* guarantees;
  const char* named;
  bool in_claimed;
};

class Escapes : public testing::TestWithParam<Escape> {};

TEST_P(Escapes, AreCaught) {
  boost::json::object limits = boost::json::parse(kCoreLimits).as_object();
  const boost::json::object changed = boost::json::parse(GetParam().limits).as_object();
  for (const auto& member : changed) limits[member.key()] = member.value();
  const Claims claims =
      claims_of(GetParam().capabilities, boost::json::serialize(limits), GetParam().guarantees);
  const auto named = [&](std::string_view profile) {
    const auto lacks = shortfalls(*find_profile(profile), claims);
    return std::ranges::any_of(lacks, [&](const std::string& text) {
      return text.find(GetParam().named) != std::string::npos;
    });
  };
  EXPECT_TRUE(named(GetParam().profile));
  EXPECT_TRUE(named("full"));
  EXPECT_EQ(named("claimed"), GetParam().in_claimed);
}

INSTANTIATE_TEST_SUITE_P(
    All, Escapes,
    testing::Values(
        Escape{"core", "{}", "{}", "{}", "one of the capabilities queue, topic", true},
        Escape{"core", R"({"queue": {}})", R"({"message_bytes_max": 1000})", "{}",
               "message_bytes_max", true},
        Escape{"core", R"({"queue": {}})", R"({"name_bytes_max": "?"})", "{}", "name_bytes_max",
               true},
        Escape{"store", R"({"ttl": {}})", R"({"ttl_grace_ms": 86400000})", "{}", "ttl_grace_ms",
               true},
        Escape{"store", R"({"ttl": {}})", R"({"ttl_grace_ms": null})", "{}", "ttl_grace_ms", true},
        Escape{"store", R"({"ttl": {}})", "{}", "{}", "ttl_grace_ms", false},
        Escape{"store", R"({"breaker": {}})",
               R"({"breaker": {"failures": 1000000, "open_ms": 1, "call_timeout_ms": 1}})", "{}",
               "breaker.failures", true},
        Escape{"queue", R"({"queue": {}, "dead_letter": {}})", R"({"attempts_max": 1000000000})",
               "{}", "attempts_max", true},
        Escape{"queue", R"({"queue": {}, "dead_letter": {}})", R"({"attempts_max": null})", "{}",
               "attempts_max", true},
        Escape{"queue", R"({"queue": {}, "dead_letter": {}})", R"({"attempts_max": 0})", "{}",
               "attempts_max", true},
        Escape{"queue", R"({"queue": {}})", R"({"redelivery_grace_ms": 3600000})", "{}",
               "redelivery_grace_ms", true},
        Escape{"queue", R"({"queue": {}})", R"({"backoff": {"cap_ms": 86400000}})", "{}",
               "backoff.cap_ms", true},
        Escape{"queue", R"({"queue": {}})", "{}", R"({"delivery": "at_most_once"})",
               "guarantees.delivery", false},
        Escape{"durable", R"({"queue": {"ack": "best_effort"}})", "{}",
               R"({"durability": "process_crash"})", "queue.ack", false},
        Escape{"durable", R"({"queue": {"overflow": "drop_oldest"}})", "{}",
               R"({"durability": "process_crash"})", "queue.overflow", false},
        Escape{"durable", R"({"queue": {}})", "{}", R"({"durability": "restart"})",
               "durability process_crash", false},
        Escape{"durable", R"({"queue": {}})", "{}",
               R"({"durability": "process_crash", "loss_window_ms": 3600000})", "loss_window_ms",
               true}));

}  // namespace
}  // namespace busproof::contract
