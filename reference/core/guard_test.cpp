// The guards around the stores, what goes inline for want of one, and what health tells of them.
// Source: BRK-1..13, ROUTE-8..12, HLT-1..3.
#include <gtest/gtest.h>

#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

struct GuardTest : ::testing::Test {
  Limits limits = [] {
    Limits made;
    made.inline_bytes_max = 10;
    made.breaker.failures = 3;
    made.breaker.call_timeout = Ms(500);
    return made;
  }();
  Rig rig{limits};
  Conn conn = rig.connect();
  const std::string large = '"' + std::string(50, 'x') + '"';

  std::string route() {
    const auto result = rig.ok(conn, "bus/publish", message("q", large));
    return std::string(result.at("route").as_string());
  }
  json::object breaker(const char* store) {
    const auto health = rig.ok(conn, "bus/health", "{}");
    return health.at("breakers").at(store).as_object();
  }
  std::string state(const char* store = "payloads") {
    return std::string(breaker(store).at("state").as_string());
  }
  // The params of a retrieve of what is stored by reference.
  std::string stored() {
    const auto result = rig.ok(conn, "bus/publish", message("q", large));
    EXPECT_EQ(result.at("route").as_string(), "reference");
    return R"({"transaction_id":")" + std::string(result.at("transaction_id").as_string()) +
           R"("})";
  }
  void open_payloads() {
    rig.down.insert(Store::payloads);
    for (int i = 0; i < limits.breaker.failures; ++i) route();
    ASSERT_EQ(state(), "open");
  }
  void open_queues(Conn by) {
    rig.down.insert(Store::queues);
    for (int i = 0; i < limits.breaker.failures; ++i)
      EXPECT_EQ(rig.error(by, "bus/publish", message("q", "1")), "store_unavailable");
    ASSERT_EQ(state("queues"), "open");
  }
};

TEST_F(GuardTest, WhatCannotBeStoredGoesInlineAndIsWhole) {
  stored();
  rig.down = {Store::payloads};
  EXPECT_EQ(route(), "inline");
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  EXPECT_FALSE(rig.delivery(conn)->at("event").as_object().contains("data"));
  const auto fallen = *rig.delivery(conn);
  EXPECT_EQ(fallen.at("route").as_string(), "inline");
  EXPECT_EQ(fallen.at("event").at("data").as_string(), std::string(50, 'x'));
  const auto stats = rig.ok(conn, "bus/stats", "{}");
  EXPECT_EQ(stats.at("fallbacks").as_int64(), 1);
}

TEST_F(GuardTest, WhatWentInlineIsRetrievedLikeAnyOther) {
  open_payloads();
  const auto published = rig.ok(conn, "bus/publish", message("q", large));
  const auto one =
      R"({"transaction_id":")" + std::string(published.at("transaction_id").as_string()) + R"("})";
  const auto bytes = rig.ok(conn, "bus/retrieve", one);
  EXPECT_EQ(bytes.at("datasize").as_int64(), 50);
  const auto record = rig.ok(conn, "bus/inspect", one);
  EXPECT_EQ(record.at("route").as_string(), "inline");
  EXPECT_EQ(record.at("stored_bytes").as_int64(), 50);
  EXPECT_EQ(record.at("compression").as_string(), "none");
}

TEST_F(GuardTest, ATopicsPayloadGoesInlineToo) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"t","mode":"topic"})");
  rig.down = {Store::payloads};
  const auto result = rig.ok(conn, "bus/publish", message("t", large, "topic"));
  EXPECT_EQ(result.at("route").as_string(), "inline");
  EXPECT_EQ(rig.delivery(conn)->at("event").at("data").as_string(), std::string(50, 'x'));
}

TEST_F(GuardTest, ABatchFallsBackAsOne) {
  open_payloads();
  const auto result = rig.ok(conn, "bus/publish_batch",
                             R"({"items":[)" + message("q", large) + "," + message("q", "1") + "," +
                                 message("q", large) + "]}");
  for (const auto& one : result.at("results").as_array())
    EXPECT_EQ(one.at("route").as_string(), "inline");
}

TEST_F(GuardTest, TripsRefusesAndRecovers) {
  const auto retrieve = stored();
  rig.down = {Store::payloads};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(state(), "closed");
    EXPECT_EQ(rig.error(conn, "bus/retrieve", retrieve), "store_unavailable");
  }
  EXPECT_EQ(state(), "open");
  rig.down.clear();
  EXPECT_EQ(rig.error(conn, "bus/retrieve", retrieve), "breaker_open");
  EXPECT_EQ(route(), "inline");
  rig.advance(limits.breaker.open);
  EXPECT_EQ(state(), "open");
  rig.ok(conn, "bus/retrieve", retrieve);
  EXPECT_EQ(state(), "closed");
  EXPECT_EQ(rig.turns,
            (std::vector<std::pair<Store, BreakerState>>{{Store::payloads, BreakerState::open},
                                                         {Store::payloads, BreakerState::half_open},
                                                         {Store::payloads, BreakerState::closed}}));
}

TEST_F(GuardTest, WhoIsKeptAwayHearsForHowLong) {
  const auto retrieve = stored();
  open_payloads();
  rig.advance(Ms(20'000));
  const auto refused = rig.call(conn, "bus/retrieve", retrieve).at("error").at("data").as_object();
  EXPECT_EQ(refused.at("kind").as_string(), "breaker_open");
  EXPECT_TRUE(refused.at("definite").as_bool());
  EXPECT_TRUE(refused.at("retryable").as_bool());
  EXPECT_EQ(refused.at("retry_after_ms").as_int64(), 40'000);
}

TEST_F(GuardTest, AnswersAboutTheMessageAreNoFailures) {
  for (int i = 0; i < 2 * limits.breaker.failures; ++i) {
    EXPECT_NE(rig.error(conn, "bus/retrieve", R"({"transaction_id":"unknown"})"), "none");
    EXPECT_EQ(rig.error(conn, "bus/upload_status", R"({"upload":"unknown"})"), "not_found");
  }
  EXPECT_EQ(state(), "closed");
  EXPECT_EQ(breaker("payloads").at("failures").as_int64(), 0);
  EXPECT_EQ(breaker("queues").at("failures").as_int64(), 0);
}

TEST_F(GuardTest, TheClockHookMovesIt) {
  open_payloads();
  rig.down.clear();
  const Conn control = rig.connect(false, Role::control);
  rig.ok(control, "ctl/clock", R"({"token":"secret","advance_ms":60000})");
  EXPECT_EQ(state(), "open");
  EXPECT_EQ(route(), "reference");
  EXPECT_EQ(state(), "closed");
}

// A sweep of payloads that nobody asked for would take the probe's turn, and its time anew.
TEST_F(GuardTest, WhatTheBusDoesByItselfIsNoProbeOfThePayloads) {
  open_payloads();
  const Conn control = rig.connect(false, Role::control);
  rig.ok(control, "ctl/clock", R"({"token":"secret","advance_ms":60000})");
  rig.ok(control, "ctl/sweep", R"({"token":"secret"})");
  EXPECT_EQ(state(), "open");
  rig.down.clear();
  EXPECT_EQ(route(), "reference");
}

TEST_F(GuardTest, ACallThatHangsFailsAtTheTimeoutAndTripsIt) {
  rig.hold(true);
  std::vector<int> asked;
  for (int i = 0; i < 3; ++i)
    asked.push_back(rig.request(conn, "bus/publish", message("t", large, "topic")));
  rig.advance(Ms(499));
  EXPECT_FALSE(rig.answer(conn, asked[0]));
  rig.advance(Ms(1));
  for (const int id : asked)
    EXPECT_EQ(rig.answer(conn, id)->at("result").at("route").as_string(), "inline");
  EXPECT_TRUE(rig.core->asks_queues());
  ASSERT_EQ(rig.turns.size(), 1U);
  EXPECT_EQ(rig.turns[0], std::pair(Store::payloads, BreakerState::open));
}

TEST_F(GuardTest, AProbeThatHangsIsAFailureAndAnotherFollows) {
  const auto retrieve = stored();
  open_payloads();
  rig.down.clear();
  rig.advance(limits.breaker.open);
  // The record is at hand, its payload is not.
  rig.hold(true);
  const int probe = rig.request(conn, "bus/publish", message("t", large, "topic"));
  EXPECT_EQ(rig.turns.back().second, BreakerState::half_open);
  const Conn other = rig.connect();
  const int second = rig.request(other, "bus/publish", message("t", large, "topic"));
  EXPECT_EQ(rig.answer(other, second)->at("result").at("route").as_string(), "inline");
  rig.disconnect(conn);
  rig.advance(limits.breaker.call_timeout);
  EXPECT_FALSE(rig.answer(conn, probe));
  EXPECT_EQ(rig.turns.back().second, BreakerState::open);
  rig.release();
  rig.advance(limits.breaker.open);
  rig.ok(other, "bus/retrieve", retrieve);
  EXPECT_EQ(rig.turns.back().second, BreakerState::closed);
}

TEST_F(GuardTest, AStoreThatFailsKeepsTheOtherUntouched) {
  open_payloads();
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1")), "none");
  EXPECT_TRUE(rig.core->asks_queues());
  EXPECT_EQ(state("queues"), "closed");
}

TEST_F(GuardTest, QueuesComeBackByThemselves) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  const Conn other = rig.connect();
  open_queues(other);
  EXPECT_EQ(rig.error(other, "bus/publish", message("q", "1")), "breaker_open");
  EXPECT_FALSE(rig.core->asks_queues());
  rig.down.clear();
  rig.advance(limits.breaker.open + Ms(2'000));
  EXPECT_TRUE(rig.core->asks_queues());
  rig.ok(other, "bus/publish", message("q", "2"));
  EXPECT_TRUE(rig.delivery(conn));
}

// The bus goes on trying, and yet the next client's call after the time is the probe.
TEST_F(GuardTest, AQueueStoreThatIsStillDownIsNotProbedByTheBus) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  open_queues(conn);
  rig.advance(limits.breaker.open + Ms(500));
  EXPECT_EQ(state("queues"), "open");
  EXPECT_EQ(breaker("queues").at("changes").at("open").as_int64(), 1);
  rig.down.clear();
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "2")), "none");
  EXPECT_EQ(state("queues"), "closed");
}

// The store has done it, and nobody hears so: the credit comes back when the lease would end.
TEST_F(GuardTest, AnAckInDoubtHoldsItsCreditNoLongerThanItsLease) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue","credit":1,"lease_ms":5000})");
  rig.ok(conn, "bus/publish", message("q", "1"));
  rig.ok(conn, "bus/publish", message("q", "2"));
  const auto first = *rig.delivery(conn);
  rig.hold(true);
  const int ack = rig.request(
      conn, "bus/ack",
      R"({"delivery_id":")" + std::string(first.at("delivery_id").as_string()) + R"("})");
  rig.advance(limits.breaker.call_timeout);
  const auto refused = rig.answer(conn, ack);
  ASSERT_TRUE(refused);
  const auto& data = refused->at("error").at("data").as_object();
  EXPECT_EQ(data.at("kind").as_string(), "store_unavailable");
  EXPECT_FALSE(data.at("definite").as_bool());
  rig.release();
  EXPECT_FALSE(rig.delivery(conn));
  rig.advance(Ms(5'000));
  const auto second = rig.delivery(conn);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->at("event").at("data").as_int64(), 2);
  EXPECT_FALSE(rig.delivery(conn));
}

TEST_F(GuardTest, TopicsGoOnWithoutTheQueues) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"t","mode":"topic"})");
  open_queues(conn);
  EXPECT_EQ(rig.error(conn, "bus/publish", message("t", "1", "topic")), "none");
  EXPECT_TRUE(rig.delivery(conn));
}

TEST_F(GuardTest, WhatDoesNotFitAMessageIsRefused) {
  limits.message_bytes_max = 60;
  Rig tight(limits);
  const Conn client = tight.connect();
  tight.down = {Store::payloads};
  const auto answer = tight.call(client, "bus/publish", message("q", large));
  const auto& data = answer.at("error").at("data").as_object();
  EXPECT_EQ(data.at("kind").as_string(), "store_unavailable");
  EXPECT_TRUE(data.at("definite").as_bool());
  EXPECT_TRUE(data.at("retryable").as_bool());
  tight.ok(client, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  EXPECT_FALSE(tight.delivery(client));
}

TEST_F(GuardTest, HealthTellsOfEachStore) {
  rig.down = {Store::payloads};
  rig.advance(Ms(1'000));
  const auto health = rig.ok(conn, "bus/health", "{}");
  EXPECT_EQ(health.at("status").as_string(), "unhealthy");
  EXPECT_EQ(health.at("components").at("ping").at("status").as_string(), "unhealthy");
  EXPECT_EQ(health.at("components").at("queue").at("status").as_string(), "healthy");
  EXPECT_EQ(health.at("breaker").at("state").as_string(), "closed");
  rig.down.clear();
  rig.advance(Ms(3'000));
  EXPECT_EQ(rig.ok(conn, "bus/health", "{}").at("status").as_string(), "healthy");
}

// One slow answer is no slow store.
TEST_F(GuardTest, HealthGoesByTheQuickestOfTheNewestLooks) {
  std::vector<std::string> statuses;
  for (const int ms : {60, 60, 60, 250, 250, 250, 0}) {
    rig.hold(true);
    while (rig.pending().empty()) rig.advance(Ms(1));
    rig.advance(Ms(ms));
    rig.release();
    statuses.emplace_back(rig.ok(conn, "bus/health", "{}").at("status").as_string());
  }
  EXPECT_EQ(statuses, (std::vector<std::string>{"healthy", "healthy", "degraded", "degraded",
                                                "degraded", "unhealthy", "healthy"}));
}

TEST_F(GuardTest, HealthAsksNoStoreAndWaitsForNone) {
  rig.hold(true);
  rig.advance(Ms(2'999));
  EXPECT_EQ(rig.ok(conn, "bus/health", "{}").at("status").as_string(), "healthy");
  rig.advance(Ms(1));
  EXPECT_EQ(rig.ok(conn, "bus/health", "{}").at("status").as_string(), "unhealthy");
  const auto before = rig.pending().size();
  rig.ok(conn, "bus/health", "{}");
  EXPECT_EQ(rig.pending().size(), before);
}

TEST_F(GuardTest, MetricsTellOfTheBreakerThoughItsStoreIsAway) {
  open_queues(conn);
  rig.core->scrape(Ticket{1}, rig.now);
  rig.advance(Ms(0));
  ASSERT_EQ(rig.pages.size(), 1U);
  EXPECT_NE(rig.pages[0].find("refbus_breaker_state{store=\"queues\"} 2\n"), std::string::npos);
  EXPECT_NE(rig.pages[0].find("refbus_breaker_state{store=\"payloads\"} 0\n"), std::string::npos);
  EXPECT_EQ(rig.pages[0].find("refbus_published_total"), std::string::npos);
  rig.down.clear();
  rig.advance(limits.breaker.open + Ms(2'000));
  rig.core->scrape(Ticket{2}, rig.now);
  rig.advance(Ms(0));
  ASSERT_EQ(rig.pages.size(), 2U);
  EXPECT_NE(rig.pages[1].find("refbus_published_total 0\n"), std::string::npos);
  EXPECT_NE(rig.pages[1].find("refbus_breaker_changes_total{store=\"queues\",to=\"closed\"} 1\n"),
            std::string::npos);
}

TEST_F(GuardTest, TellsWhoIsConnected) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  rig.ok(conn, "bus/publish", message("q", "1"));
  rig.connect(false, Role::control);
  const Conn silent = rig.connect(false);
  const auto all = rig.core->connections();
  ASSERT_EQ(all.at("connections").as_array().size(), 2U);
  const auto& first = all.at("connections").as_array()[0].as_object();
  EXPECT_EQ(first.at("who").as_string(), "test 1");
  EXPECT_EQ(first.at("subscriptions").to_number<int>(), 1);
  EXPECT_EQ(first.at("unacked").to_number<int>(), 1);
  EXPECT_EQ(rig.core->connection(conn), first);
  EXPECT_EQ(rig.core->connection_stats().at("connections").to_number<int>(), 2);
  EXPECT_EQ(rig.core->connection_stats().at("greeted").to_number<int>(), 1);
  rig.disconnect(silent);
  EXPECT_FALSE(rig.core->connection(silent));
  EXPECT_EQ(rig.core->connection_stats().at("connections").to_number<int>(), 1);
}

}  // namespace
}  // namespace reference::core
