// Queues: delivery, credit, leases, settling, groups, dead letters.
#include <gtest/gtest.h>

#include "reference/core/rig.hpp"
#include "reference/core/state.hpp"

namespace reference::core {
namespace {

class Queues : public ::testing::Test {
 protected:
  std::string subscribe(Conn conn, const std::string& extra = "") {
    return std::string(
        rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue")" + extra + "}")
            .at("subscription")
            .as_string());
  }
  std::string publish(const std::string& data, const std::string& extra = "",
                      const std::string& attributes = "") {
    return std::string(rig.ok(sender, "bus/publish", message("q", data, "queue", extra, attributes))
                           .at("transaction_id")
                           .as_string());
  }
  // The next delivery's delivery_id; empty where there is none.
  std::string take(Conn conn) {
    last = rig.delivery(conn);
    return last ? std::string(last->at("delivery_id").as_string()) : "";
  }
  std::int64_t attempt() { return last->at("attempt").as_int64(); }
  std::int64_t data() { return last->at("event").at("data").as_int64(); }
  std::string settle(Conn conn, const std::string& method, const std::string& id,
                     const std::string& extra = "") {
    return rig.error(conn, method, R"({"delivery_id":")" + id + '"' + extra + "}");
  }
  boost::json::object counts() { return rig.ok(sender, "bus/pending", R"({"destination":"q"})"); }

  Rig rig;
  Conn sender = rig.connect();
  Conn one = rig.connect();
  Conn two = rig.connect();
  std::optional<boost::json::object> last;
};

constexpr const char* kRequeue = R"(,"requeue":true)";
constexpr const char* kDiscard = R"(,"requeue":false)";

TEST_F(Queues, ReachesSubscribersBeforeAndAfter) {
  publish("1");
  subscribe(one);
  publish("2");
  take(one);
  EXPECT_EQ(data(), 1);
  EXPECT_EQ(attempt(), 1);
  take(one);
  EXPECT_EQ(data(), 2);
  EXPECT_EQ(take(one), "");
}

TEST_F(Queues, NoDeliveryComesBeforeTheSubscribesAnswer) {
  publish("1");
  rig.sent.clear();
  subscribe(one);
  ASSERT_EQ(rig.sent.size(), 2U);
  EXPECT_NE(rig.sent[0].second.find("result"), std::string::npos);
  EXPECT_NE(rig.sent[1].second.find("bus/deliver"), std::string::npos);
}

TEST_F(Queues, CreditIsAWindow) {
  for (int i = 0; i < 6; ++i) publish(std::to_string(i));
  const auto name = subscribe(one, R"(,"credit":2)");
  const auto first = take(one);
  take(one);
  EXPECT_EQ(take(one), "");
  EXPECT_EQ(settle(one, "bus/ack", first), "none");
  EXPECT_NE(take(one), "");
  EXPECT_EQ(take(one), "");
  const auto credit = [&](const std::string& value) {
    return rig.error(one, "bus/credit",
                     R"({"subscription":")" + name + R"(","credit":)" + value + "}");
  };
  EXPECT_EQ(credit("4"), "none");
  EXPECT_EQ(rig.waiting(one), 2U);
  EXPECT_EQ(credit("0"), "none");
  EXPECT_EQ(settle(one, "bus/ack", take(one)), "none");
  EXPECT_EQ(rig.waiting(one), 1U);
  EXPECT_EQ(credit("1001"), "invalid_argument");
  EXPECT_EQ(credit("-1"), "invalid_argument");
}

TEST_F(Queues, ALeaseEndsOnTimeAndGivesCreditBack) {
  subscribe(one, R"(,"credit":1,"lease_ms":1000)");
  publish("1");
  const auto first = take(one);
  rig.advance(Ms(999));
  EXPECT_EQ(rig.waiting(one), 0U);
  rig.advance(Ms(1));
  const auto second = take(one);
  EXPECT_EQ(attempt(), 2);
  EXPECT_EQ(settle(one, "bus/ack", first), "lease_lost");
  EXPECT_EQ(settle(one, "bus/extend", first, R"(,"lease_ms":500)"), "lease_lost");
  EXPECT_EQ(settle(one, "bus/ack", second), "none");
  rig.advance(Ms(5'000));
  EXPECT_EQ(rig.waiting(one), 0U);
}

TEST_F(Queues, AnExtensionCountsFromNow) {
  subscribe(one, R"(,"lease_ms":1000)");
  publish("1");
  const auto id = take(one);
  rig.advance(Ms(900));
  EXPECT_EQ(settle(one, "bus/extend", id, R"(,"lease_ms":2000)"), "none");
  rig.advance(Ms(1'999));
  EXPECT_EQ(rig.waiting(one), 0U);
  rig.advance(Ms(1));
  EXPECT_EQ(rig.waiting(one), 1U);
  EXPECT_EQ(settle(one, "bus/extend", take(one), R"(,"lease_ms":0)"), "invalid_argument");
}

TEST_F(Queues, SettlingTwiceIsRemembered) {
  subscribe(one, R"(,"lease_ms":1000)");
  publish("1");
  const auto id = take(one);
  EXPECT_EQ(settle(one, "bus/ack", id), "none");
  EXPECT_EQ(settle(one, "bus/ack", id), "none");
  EXPECT_EQ(settle(one, "bus/reject", id, kRequeue), "conflict");
  EXPECT_EQ(settle(two, "bus/ack", id), "not_found");
  EXPECT_EQ(settle(one, "bus/ack", "0000000000000001"), "not_found");
  EXPECT_EQ(settle(one, "bus/ack", "rubbish"), "not_found");
  publish("2");
  const auto other = take(one);
  EXPECT_EQ(settle(two, "bus/ack", other), "not_found");
  EXPECT_EQ(settle(one, "bus/reject", other, kDiscard), "none");
  EXPECT_EQ(settle(one, "bus/ack", other), "conflict");
  EXPECT_EQ(settle(one, "bus/reject", other, kDiscard), "none");
}

TEST_F(Queues, ASecondSettlingWaitsForTheFirst) {
  subscribe(one);
  publish("1");
  const auto id = take(one);
  const auto params = R"({"delivery_id":")" + id + R"(")";
  rig.hold(true);
  const int first = rig.request(one, "bus/ack", params + "}");
  const int second = rig.request(one, "bus/ack", params + "}");
  const int third = rig.request(one, "bus/reject", params + kRequeue + "}");
  EXPECT_EQ(rig.pending().size(), 1U);
  EXPECT_FALSE(rig.answer(one, first));
  rig.release();
  EXPECT_TRUE(rig.answer(one, first)->contains("result"));
  EXPECT_TRUE(rig.answer(one, second)->contains("result"));
  EXPECT_EQ(rig.answer(one, third)->at("error").at("data").at("kind").as_string(), "conflict");
}

TEST_F(Queues, RememberedAreTheLastThousandAndRunningLeases) {
  SettleMemory memory;
  const Tick start{};
  for (Token token = 0; token < 1'500; ++token)
    memory.remember(token, Past::acked, start + Ms(token < 100 ? 10'000 : 0), start);
  EXPECT_EQ(memory.find(0), Past::acked);
  EXPECT_EQ(memory.find(1'499), Past::acked);
  memory.remember(2'000, Past::rejected, start, start + Ms(20'000));
  EXPECT_EQ(memory.size(), 1'000U);
  EXPECT_FALSE(memory.find(0));
}

TEST_F(Queues, PriorityFirstThenOrderOfAcceptance) {
  for (const auto* row : {"0", "10", "2", "10", "9"})
    publish(row, "", std::string(R"(,"priority":)") + row);
  publish("1000", "", R"(,"priority":2)");
  subscribe(one);
  std::vector<std::int64_t> got;
  while (!take(one).empty()) got.push_back(data());
  EXPECT_EQ(got, (std::vector<std::int64_t>{10, 10, 9, 2, 1000, 0}));
}

TEST_F(Queues, BackoffGrowsAndADelayIsKept) {
  subscribe(one);
  publish("1");
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(settle(one, "bus/reject", take(one), kRequeue), "none");
    std::int64_t waited = 0;
    EXPECT_EQ(counts().at("delayed").as_int64(), 1);
    for (; rig.waiting(one) == 0; waited += 50) rig.advance(Ms(50));
    waits.push_back(waited);
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{100, 200, 400, 800}));
  EXPECT_EQ(settle(one, "bus/reject", take(one), kRequeue), "none");
  EXPECT_EQ(attempt(), 5);
  EXPECT_EQ(counts().at("dead").as_int64(), 1);
}

TEST_F(Queues, DeadLettersAreListedRedrivenAndPurged) {
  subscribe(one);
  const auto first = publish("1");
  const auto second = publish("2");
  const auto id = take(one);
  EXPECT_EQ(settle(one, "bus/reject", id, R"(,"requeue":false,"reason":"bad")"), "none");
  EXPECT_EQ(settle(one, "bus/reject", take(one), kDiscard), "none");
  const auto listed = rig.ok(one, "bus/dead_letters", R"({"destination":"q"})");
  ASSERT_EQ(listed.at("messages").as_array().size(), 2U);
  EXPECT_EQ(listed.at("messages").at(0).at("reason").as_string(), "bad");
  EXPECT_EQ(listed.at("messages").at(0).at("event").at("data").as_int64(), 1);
  EXPECT_EQ(listed.at("messages").at(1).at("reason").as_string(), "rejected");
  const auto status = [&](const std::string& of) {
    return std::string(
        rig.ok(one, "bus/inspect", R"({"transaction_id":")" + of + "\"}").at("status").as_string());
  };
  EXPECT_EQ(status(first), "error");
  EXPECT_EQ(rig.ok(one, "bus/redrive",
                   R"({"destination":"q","transaction_ids":[")" + first + R"(","unknown"]})")
                .at("count")
                .as_int64(),
            1);
  EXPECT_EQ(status(first), "pending");
  EXPECT_EQ(settle(one, "bus/ack", take(one)), "none");
  EXPECT_EQ(attempt(), 1);
  EXPECT_EQ(status(first), "complete");
  EXPECT_EQ(rig.ok(one, "bus/purge", R"({"destination":"q"})").at("count").as_int64(), 1);
  EXPECT_EQ(status(second), "complete");
  EXPECT_EQ(rig.ok(one, "bus/purge", R"({"destination":"none"})").at("count").as_int64(), 0);
}

TEST_F(Queues, WhoeverGoesGivesBackAtOnce) {
  subscribe(one);
  publish("1");
  publish("2");
  subscribe(two);
  EXPECT_EQ(rig.waiting(two), 0U);
  rig.disconnect(one);
  take(two);
  EXPECT_EQ(data(), 1);
  EXPECT_EQ(attempt(), 2);
  EXPECT_EQ(rig.waiting(two), 1U);
}

TEST_F(Queues, AfterUnsubscribeThereIsSilenceAndTheLeaseIsLost) {
  const auto name = subscribe(one);
  publish("1");
  const auto id = take(one);
  EXPECT_EQ(rig.error(one, "bus/unsubscribe", R"({"subscription":")" + name + "\"}"), "none");
  publish("2");
  EXPECT_EQ(rig.waiting(one), 0U);
  EXPECT_EQ(settle(one, "bus/ack", id), "lease_lost");
  EXPECT_EQ(counts().at("ready").as_int64(), 2);
  EXPECT_EQ(rig.error(one, "bus/unsubscribe", R"({"subscription":")" + name + "\"}"), "not_found");
}

// Leased by the store, but its member went before it could be sent: nobody saw it.
TEST_F(Queues, WhatWasNeverSentUsesUpNoAttempt) {
  publish("1");
  subscribe(one, R"(,"credit":0)");
  rig.hold(true);
  rig.request(one, "bus/credit", R"({"subscription":"s1","credit":1})");
  ASSERT_EQ(rig.pending().size(), 1U);
  rig.disconnect(one);
  rig.release();
  subscribe(two);
  take(two);
  EXPECT_EQ(attempt(), 1);
}

TEST_F(Queues, WhatIsUnderWayWhenCreditIsTakenAwayIsNotSent) {
  publish("1");
  publish("2");
  subscribe(one, R"(,"credit":0)");
  const auto credit = [&](int value) {
    rig.request(one, "bus/credit",
                R"({"subscription":"s1","credit":)" + std::to_string(value) + "}");
  };
  rig.hold(true);
  credit(2);
  ASSERT_EQ(rig.pending().size(), 1U);
  credit(1);
  rig.release();
  EXPECT_EQ(rig.waiting(one), 1U);
  rig.hold(false);
  take(one);
  EXPECT_EQ(counts().at("ready").as_int64(), 1);
  credit(2);
  take(one);
  EXPECT_EQ(attempt(), 1);
}

TEST_F(Queues, GroupsGetEachAllAndMembersShare) {
  subscribe(one, R"(,"group":"a","credit":1)");
  subscribe(two, R"(,"group":"a","credit":1)");
  const Conn other = rig.connect();
  subscribe(other, R"(,"group":"b")");
  publish("1");
  publish("2");
  EXPECT_EQ(rig.waiting(one), 1U);
  EXPECT_EQ(rig.waiting(two), 1U);
  EXPECT_EQ(rig.waiting(other), 2U);
  rig.ok(other, "bus/unsubscribe", R"({"subscription":"s3","forget":true})");
  const auto stats = rig.ok(one, "bus/stats", R"({"destination":"q"})");
  const auto& groups = stats.at("destinations").at("q").at("groups").as_object();
  EXPECT_TRUE(groups.contains("a"));
  EXPECT_FALSE(groups.contains("b"));
  EXPECT_FALSE(groups.contains("default"));
}

TEST_F(Queues, ADelayedMessageIsNotReadyEarly) {
  subscribe(one);
  publish("1", R"(,"delay_ms":500)");
  EXPECT_EQ(counts().at("delayed").as_int64(), 1);
  rig.advance(Ms(499));
  EXPECT_EQ(rig.waiting(one), 0U);
  rig.advance(Ms(1));
  EXPECT_EQ(rig.waiting(one), 1U);
}

TEST_F(Queues, AnExpiredMessageIsCountedAndNotDelivered) {
  publish("1", R"(,"ttl_ms":300)");
  subscribe(one, R"(,"credit":0)");
  rig.advance(Ms(300));
  rig.ok(one, "bus/credit", R"({"subscription":"s1","credit":5})");
  EXPECT_EQ(rig.waiting(one), 0U);
  const auto id = publish("2", R"(,"ttl_ms":300)");
  const auto delivery = take(one);
  rig.advance(Ms(400));
  EXPECT_EQ(settle(one, "bus/ack", delivery), "none");
  rig.advance(Ms(60'000));
  EXPECT_EQ(rig.waiting(one), 0U);
  EXPECT_EQ(rig.error(one, "bus/inspect", R"({"transaction_id":")" + id + "\"}"), "not_found");
  const auto stats = rig.ok(one, "bus/stats", R"({"destination":"q"})");
  const auto& group = stats.at("destinations").at("q").at("groups").at("default");
  EXPECT_EQ(group.at("expired").as_int64(), 1);
  EXPECT_EQ(group.at("acked").as_int64(), 1);
}

TEST_F(Queues, AMemberThatDiesEachTimeMakesADeadLetter) {
  publish("1");
  for (int i = 1; i <= 5; ++i) {
    const Conn dying = rig.connect();
    subscribe(dying);
    take(dying);
    EXPECT_EQ(attempt(), i);
    rig.disconnect(dying);
  }
  EXPECT_EQ(counts().at("dead").as_int64(), 1);
  const auto listed = rig.ok(one, "bus/dead_letters", R"({"destination":"q"})");
  EXPECT_EQ(listed.at("messages").at(0).at("attempts").as_int64(), 5);
  EXPECT_EQ(listed.at("messages").at(0).at("reason").as_string(), "attempts_exhausted");
}

TEST_F(Queues, ARestartFreesLeasesAndKeepsAttempts) {
  subscribe(one);
  publish("1");
  take(one);
  rig.restart();
  const Conn again = rig.connect();
  subscribe(again);
  take(again);
  EXPECT_EQ(attempt(), 2);
}

// A Lease that the store fails is asked again once the store works, with nobody's help.
TEST_F(Queues, AFailedLeaseIsTriedAgain) {
  publish("1");
  subscribe(one, R"(,"credit":0)");
  rig.hold(true);
  rig.request(one, "bus/credit", R"({"subscription":"s1","credit":1})");
  const auto ticket = std::get<ToQueue>(rig.pending().front()).ticket;
  rig.pending().clear();
  rig.core->stored(ticket, tl::unexpected(StoreError::may_have_happened("gone")), rig.now);
  rig.release();
  EXPECT_EQ(rig.waiting(one), 0U);
  rig.advance(Ms(1'000));
  EXPECT_EQ(rig.waiting(one), 1U);
}

// A backlog far beyond one Lease drains with nothing else happening.
TEST_F(Queues, ALongBacklogDrains) {
  for (int i = 0; i < 1'001; ++i) publish(std::to_string(i));
  subscribe(one, R"(,"credit":1000)");
  for (int i = 0; i < 1'001; ++i) {
    const auto id = take(one);
    ASSERT_NE(id, "") << i;
    EXPECT_EQ(data(), i);
    EXPECT_EQ(settle(one, "bus/ack", id), "none");
  }
}

}  // namespace
}  // namespace reference::core
