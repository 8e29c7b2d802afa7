// Reading a hello: defaults, ill-typed members, and which cases bind.

#include "suites/contract/claims.hpp"

#include <stdexcept>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

Claims read(std::string_view hello, Transport over = Transport::websocket) {
  return Claims::parse(boost::json::parse(hello).as_object(), over).value();
}

constexpr std::string_view kWhole = R"({
  "protocol": "1.0", "server": {"name": "a bus", "version": "2.1"},
  "capabilities": {"queue": {"lease": "connection", "release_counts": false, "messages_max": 10},
                   "store": {}, "compression": {"algorithms": ["gzip"]},
                   "dedupe": {"window_ms": 60000}, "payload.http": {}, "control.clock": {}},
  "limits": {"message_bytes_max": 65536, "payload_bytes_max": null,
             "backoff": {"base_ms": 100, "factor": 1.5, "jitter": true},
             "priority": {"min": -5, "max": 5, "default": 0}, "answer_ms": 10},
  "guarantees": {"delivery": "at_least_once", "durability": "process_crash",
                 "ordering": "per_publisher", "loss_window_ms": 7}})";

std::optional<std::string> why_not(const Claims& claims, std::string_view id) {
  const CaseRef found = find_case(id);
  return claims.not_claimed(*found.rule, *found.part);
}

TEST(Claims, ReadsWhatAHelloSays) {
  const Claims claims = read(kWhole);
  EXPECT_TRUE(claims.problems().empty()) << claims.problems().front();
  EXPECT_EQ(claims.server_name(), "a bus");
  EXPECT_EQ(claims.server_version(), "2.1");
  EXPECT_TRUE(claims.has("queue"));
  EXPECT_TRUE(claims.has("payload.http"));
  EXPECT_TRUE(claims.has("control.clock"));
  EXPECT_FALSE(claims.has("topic"));
  EXPECT_EQ(claims.limit("message_bytes_max"), 65536);
  EXPECT_EQ(claims.limit("priority.min"), -5);
  EXPECT_EQ(claims.limit("loss_window_ms"), 7);
  EXPECT_EQ(claims.limit("dedupe.window_ms"), 60000);
  EXPECT_EQ(claims.limit("queue.messages_max"), 10);
  EXPECT_EQ(claims.number("backoff.factor"), 1.5);
  EXPECT_EQ(claims.number("backoff.jitter"), 1.0);
  EXPECT_EQ(claims.durability(), Durability::process_crash);
  EXPECT_EQ(claims.ordering(), "per_publisher");
  EXPECT_EQ(claims.delivery(), "at_least_once");
}

TEST(Claims, TellsNullFromLeftOut) {
  const Claims claims = read(kWhole);
  EXPECT_FALSE(claims.limit("payload_bytes_max"));
  EXPECT_TRUE(claims.declares("payload_bytes_max"));
  EXPECT_FALSE(claims.limit("chunk_bytes"));
  EXPECT_FALSE(claims.declares("chunk_bytes"));
}

TEST(Claims, TakesTheProtocolsDefaults) {
  const Claims nothing =
      read(R"({"capabilities": {}, "limits": {}, "guarantees": {}, "server": {}})");
  EXPECT_TRUE(nothing.problems().empty());
  for (const Trait& trait : traits())
    EXPECT_EQ(nothing.trait(trait.capability, trait.name), words(trait.values, '|').front());
  EXPECT_EQ(nothing.durability(), Durability::memory);
  EXPECT_EQ(nothing.ordering(), "none");
  EXPECT_EQ(nothing.delivery(), "at_most_once");
  EXPECT_EQ(nothing.limit_or_default("answer_ms"), 30'000);
  EXPECT_EQ(read(kWhole).limit_or_default("answer_ms"), 10);
}

TEST(Claims, ReadsTraits) {
  const Claims claims = read(kWhole);
  EXPECT_EQ(claims.trait("queue", "lease"), "connection");
  EXPECT_EQ(claims.trait("queue", "release_counts"), "false");
  EXPECT_EQ(claims.trait("queue", "ack"), "durable");
  EXPECT_TRUE(claims.trait_is("compression", "algorithms", "gzip"));
  EXPECT_FALSE(claims.trait_is("compression", "algorithms", "zstd"));
  EXPECT_TRUE(claims.trait_is("guarantees", "ordering", "per_publisher"));
}

struct Rubbish {
  const char* hello;
  const char* named;
};

class IllTyped : public testing::TestWithParam<Rubbish> {};

TEST_P(IllTyped, IsNamedAndReadAsTheStricterThing) {
  const Claims claims = read(GetParam().hello);
  bool named = false;
  for (const std::string& problem : claims.problems())
    named |= problem.find(GetParam().named) != std::string::npos;
  EXPECT_TRUE(named) << GetParam().named;
  EXPECT_FALSE(claims.limit("lease_max_ms"));
  EXPECT_FALSE(claims.limit("breaker.open_ms"));
  EXPECT_EQ(claims.trait("queue", "ack"), "durable");
  EXPECT_EQ(claims.durability(), Durability::memory);
}

INSTANTIATE_TEST_SUITE_P(
    Hellos, IllTyped,
    testing::Values(Rubbish{R"({"limits": {"lease_max_ms": "long"}})", "lease_max_ms"},
                    Rubbish{R"({"limits": {"lease_max_ms": -1}})", "lease_max_ms"},
                    Rubbish{R"({"limits": {"lease_max_ms": 1.5}})", "lease_max_ms"},
                    Rubbish{R"({"limits": {"lease_max_ms": 18446744073709551615}})",
                            "lease_max_ms"},
                    Rubbish{R"({"limits": {"lease_max_ms": [1]}})", "lease_max_ms"},
                    Rubbish{R"({"limits": {"breaker": {"open_ms": {}}}})", "breaker.open_ms"},
                    Rubbish{R"({"limits": {"lease_maximum_ms": 1}})", "lease_maximum_ms"},
                    Rubbish{R"({"limits": {"backoff": {"jitter": 2}}})", "backoff.jitter"},
                    Rubbish{R"({"limits": {"backoff": {"factor": true}}})", "backoff.factor"},
                    Rubbish{R"({"capabilities": {"queue": {"ack": "sometimes"}}})", "queue.ack"},
                    Rubbish{R"({"capabilities": {"queue": {"ack": 7}}})", "queue.ack"},
                    Rubbish{R"({"capabilities": {"queues": {}}})", "queues"},
                    Rubbish{R"({"capabilities": {"websocket": {}}})", "websocket"},
                    Rubbish{R"({"guarantees": {"durability": "eternal"}})", "durability"},
                    Rubbish{R"({"guarantees": {"durability": 3}})", "durability"},
                    Rubbish{R"({})", "capabilities"}));

TEST(Claims, TakesTrueForAnObjectAndNothingElse) {
  const Claims claims = read(R"({"capabilities": {"queue": true, "topic": false, "store": null}})");
  EXPECT_TRUE(claims.has("queue"));
  EXPECT_FALSE(claims.has("topic"));
  EXPECT_FALSE(claims.has("store"));
  EXPECT_GE(claims.problems().size(), 3U);
}

TEST(Claims, RefusesSectionsThatAreNoObjects) {
  for (const char* hello : {R"({"capabilities": []})", R"({"limits": 1})", R"({"guarantees": "x"})",
                            R"({"server": null})"}) {
    const auto claims = Claims::parse(boost::json::parse(hello).as_object());
    ASSERT_FALSE(claims) << hello;
    EXPECT_EQ(claims.error().effect(), Effect::did_not_happen);
  }
}

TEST(Claims, CallsUnknownNamesOurOwnBug) {
  const Claims claims = read(kWhole);
  EXPECT_THROW((void)claims.trait("queue", "colour"), std::logic_error);
  EXPECT_THROW((void)claims.limit("colour_ms"), std::logic_error);
  EXPECT_THROW((void)claims.limit_or_default("lease_max_ms"), std::logic_error);
}

TEST(NotClaimed, NamesTheFirstThingThatIsMissing) {
  const Claims claims = read(kWhole);
  EXPECT_EQ(why_not(claims, "QUE-1.subscriber_before"), std::nullopt);
  EXPECT_EQ(why_not(claims, "PUB-1.each"), "capability topic is not claimed");
  EXPECT_EQ(why_not(claims, "QUE-2.every_group"), "capability groups is not claimed");
  EXPECT_EQ(why_not(claims, "QUE-3.after_lease"), "binds only where queue.lease=timed");
  EXPECT_EQ(why_not(claims, "QUE-3.after_crash"), std::nullopt);
  EXPECT_EQ(why_not(claims, "QUE-21.link_cut"), "limit wakeup_ms is not declared");
  EXPECT_EQ(why_not(claims, "DUR-4.nothing_lost"),
            "durability process_crash is claimed, power_loss needed");
  EXPECT_EQ(why_not(claims, "COMP-1.gzip"), std::nullopt);
  EXPECT_EQ(why_not(claims, "COMP-1.zstd"), "binds only where compression.algorithms=zstd");
  EXPECT_EQ(why_not(claims, "CHUNK-2.largest"), "capability chunking is not claimed");
  EXPECT_EQ(why_not(claims, "PRI-4.range"), "capability priority is not claimed");
}

TEST(NotClaimed, WhatIsSaidOfTheUnclaimedBindsUntilAllIsClaimed) {
  EXPECT_EQ(why_not(read(R"({"capabilities": {"agents": {}, "ttl": {}}})"), "API-4.attributes"),
            std::nullopt);
  EXPECT_EQ(why_not(read(R"({"capabilities": {"agents": {}, "ttl": {}, "tenancy": {}}})"),
                    "API-4.attributes"),
            "all of agents tenancy ttl is claimed");
}

TEST(NotClaimed, AnUnlimitedLimitHasNoEdgeToJudge) {
  const Claims claims = read(R"({"capabilities": {"routing": {}},
                                 "limits": {"payload_bytes_max": null}})");
  EXPECT_EQ(why_not(claims, "ROUTE-6.publish"), "limit payload_bytes_max is declared as none");
}

TEST(NotClaimed, TheEndpointBindsOnlyWhatIsSpokenToOverWebSocket) {
  EXPECT_EQ(why_not(read(kWhole), "END-7.fragments"), std::nullopt);
  EXPECT_EQ(why_not(read(kWhole, Transport::lines), "END-7.fragments"),
            "capability websocket is not claimed");
  EXPECT_EQ(why_not(read(kWhole, Transport::lines), "END-2.malformed_json"), std::nullopt);
}

TEST(NotClaimed, ClaimingMoreNeverTurnsACaseOff) {
  // Every capability with its default traits, the strongest durability, every limit: all binds save
  // what belongs to the traits' other values and to orderings.
  boost::json::object hello = boost::json::parse(kWhole).as_object();
  boost::json::object all;
  for (const std::string_view name : capabilities()) all[name] = boost::json::object();
  all["compression"] = {{"algorithms", {"gzip", "zstd"}}};
  all["dedupe"] = {{"window_ms", 60000}};
  all["queue"] = {{"messages_max", 10}};
  hello["capabilities"] = all;
  boost::json::object declared;
  for (const Limit& limit : limits()) {
    const auto dot = limit.path.find('.');
    if (dot == std::string_view::npos) {
      declared[limit.path] = 1;
    } else {
      boost::json::value& group = declared[limit.path.substr(0, dot)];
      if (!group.is_object()) group = boost::json::object();
      group.as_object()[limit.path.substr(dot + 1)] = 1;
    }
  }
  hello["limits"] = declared;
  hello["guarantees"] = {{"durability", "power_loss"},
                         {"ordering", "per_destination"},
                         {"delivery", "exactly_once"},
                         {"loss_window_ms", 0}};
  const Claims claims = Claims::parse(hello).value();
  for (const Family& family : families())
    for (const Rule& rule : family.rules)
      for (const Case& part : rule.cases) {
        const auto why = claims.not_claimed(rule, part);
        // What is said of capabilities that are not claimed says nothing where all are.
        if (why && part.lacks.empty()) {
          EXPECT_TRUE(why->starts_with("binds only where")) << case_id(rule, part) << ": " << *why;
        }
      }
}

}  // namespace
}  // namespace busproof::contract
