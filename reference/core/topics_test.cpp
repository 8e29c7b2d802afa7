// Topics: who gets a copy, in what order, and who is cut off.
#include <gtest/gtest.h>

#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

class Topics : public ::testing::Test {
 protected:
  void subscribe(Conn conn, const std::string& what, const std::string& mode = "topic") {
    rig.ok(conn, "bus/subscribe", "{" + what + R"(,"mode":")" + mode + "\"}");
  }
  std::int64_t publish(const std::string& name, const std::string& mode = "topic",
                       const std::string& data = "1") {
    return rig.ok(sender, "bus/publish", message(name, data, mode)).at("receivers").as_int64();
  }

  Rig rig;
  Conn sender = rig.connect();
  Conn reader = rig.connect();
};

TEST_F(Topics, ReachMatchingSubscriptionsOncePerSubscription) {
  subscribe(reader, R"("destination":"agent:a")");
  subscribe(reader, R"("pattern":"agent:*")");
  EXPECT_EQ(publish("agent:a"), 2);
  EXPECT_EQ(publish("agent:b"), 1);
  EXPECT_EQ(publish("other"), 0);
  EXPECT_EQ(rig.waiting(reader), 3U);
  const auto copy = *rig.delivery(reader);
  EXPECT_FALSE(copy.contains("delivery_id"));
  EXPECT_FALSE(copy.contains("attempt"));
}

TEST_F(Topics, NeverWaitForAStore) {
  subscribe(reader, R"("destination":"t")");
  rig.hold(true);
  EXPECT_EQ(publish("t"), 1);
  EXPECT_EQ(rig.waiting(reader), 1U);
  rig.release();
}

TEST_F(Topics, BothGivesTheQueuesDeliveryWhereAConnectionHasBoth) {
  subscribe(reader, R"("destination":"b")");
  subscribe(reader, R"("destination":"b")", "queue");
  subscribe(reader, R"("pattern":"b*")");
  EXPECT_EQ(publish("b", "both"), 2);
  std::vector<bool> from_queue;
  while (const auto copy = rig.delivery(reader)) from_queue.push_back(copy->contains("attempt"));
  EXPECT_EQ(std::count(from_queue.begin(), from_queue.end(), true), 1);
  EXPECT_EQ(from_queue.size(), 2U);
}

// Topic messages behind one that waits for the store must not overtake it, and all go once it has.
TEST_F(Topics, KeepOnePublishersOrder) {
  subscribe(reader, R"("destination":"t")");
  rig.hold(true);
  rig.request(sender, "bus/publish", message("t", "1", "both"));
  for (const auto* data : {"2", "3", "4"})
    rig.request(sender, "bus/publish", message("t", data, "topic"));
  EXPECT_EQ(rig.waiting(reader), 0U);
  rig.release();
  ASSERT_EQ(rig.waiting(reader), 4U);
  for (int i = 1; i <= 4; ++i)
    EXPECT_EQ(rig.delivery(reader)->at("event").at("data").as_int64(), i);
}

TEST_F(Topics, ALargeOneGoesByReferenceAndCanBeRetrieved) {
  subscribe(reader, R"("destination":"t")");
  publish("t", "topic", '"' + std::string(1'048'577, 'z') + '"');
  const auto copy = *rig.delivery(reader);
  EXPECT_EQ(copy.at("route").as_string(), "reference");
  EXPECT_FALSE(copy.at("event").as_object().contains("data"));
  const auto id = std::string(copy.at("transaction_id").as_string());
  const auto end =
      rig.ok(reader, "bus/retrieve", R"({"transaction_id":")" + id + R"(","offset":1048576})");
  EXPECT_EQ(end.at("data_base64").as_string(), "eg==");
}

TEST_F(Topics, TakeNeitherCreditNorWrongPatterns) {
  for (const auto* params :
       {R"({"pattern":"","mode":"topic"})", R"({"pattern":"a\u0000","mode":"topic"})",
        R"({"pattern":"a","destination":"a","mode":"topic"})", R"({"pattern":"a","mode":"queue"})",
        R"({"destination":"a","mode":"topic","credit":1})", R"({"destination":"a","mode":"both"})"})
    EXPECT_EQ(rig.error(reader, "bus/subscribe", params), "invalid_argument") << params;
  EXPECT_EQ(rig.error(reader, "bus/subscribe", R"({"mode":"topic"})"), "-32602");
  subscribe(reader, R"("destination":"a")");
  EXPECT_EQ(rig.error(reader, "bus/credit", R"({"subscription":"s1","credit":1})"),
            "invalid_argument");
}

TEST_F(Topics, EndWithUnsubscribeAndWithTheConnection) {
  subscribe(reader, R"("destination":"a")");
  subscribe(reader, R"("pattern":"a")");
  rig.ok(reader, "bus/unsubscribe", R"({"subscription":"s1"})");
  EXPECT_EQ(publish("a"), 1);
  rig.disconnect(reader);
  EXPECT_EQ(publish("a"), 0);
  const auto stats = rig.ok(sender, "bus/stats", R"({"destination":"a"})");
  EXPECT_EQ(stats.at("destinations").at("a").at("subscribers").as_int64(), 0);
}

TEST_F(Topics, AreCountedSoonAfter) {
  subscribe(reader, R"("destination":"a")");
  publish("a");
  publish("nobody");
  rig.advance(Ms(500));
  rig.restart();
  const Conn later = rig.connect();
  const auto totals = rig.ok(later, "bus/stats", "{}").at("totals").as_object();
  EXPECT_EQ(totals.at("topic_published").as_int64(), 2);
  EXPECT_EQ(totals.at("topic_delivered").as_int64(), 1);
}

TEST_F(Topics, CutOffWhoDoesNotRead) {
  Limits limits;
  limits.buffer_bytes_max = 1'000;
  Rig slow(limits);
  const Conn from = slow.connect();
  const Conn to = slow.connect();
  slow.ok(to, "bus/subscribe", R"({"destination":"t","mode":"topic"})");
  slow.reads = false;
  for (int i = 0; i < 5; ++i)
    slow.request(from, "bus/publish", message("t", '"' + std::string(300, 'x') + '"', "topic"));
  ASSERT_EQ(slow.notices(to).size(), 1U);
  EXPECT_EQ(slow.notices(to).front().at("params").at("kind").as_string(), "backpressure");
  EXPECT_EQ(slow.closed, (std::vector<Conn>{to}));
  EXPECT_LE(slow.waiting(to), 2U);
  slow.ok(from, "bus/stats", "{}");
  EXPECT_EQ(slow.ok(from, "bus/publish", message("t", "1", "topic")).at("receivers").as_int64(), 0);
}

// Two nodes: what one says, the other gives to its own subscribers, as a delivery of its own.
TEST_F(Topics, ReachSubscribersOfOtherNodes) {
  rig.shared = true;
  rig.restart();
  sender = rig.connect();
  Rig other;
  other.shared = true;
  other.restart();
  const Conn there = other.connect();
  other.ok(there, "bus/subscribe", R"({"pattern":"t*","mode":"topic"})");
  EXPECT_EQ(publish("t", "topic", R"({"deep":["é"]})"), 0);
  ASSERT_EQ(rig.tells.size(), 1U);
  other.told(rig.tells.front());
  const auto copy = other.delivery(there);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->at("destination").as_string(), "t");
  EXPECT_EQ(copy->at("event").at("data").at("deep").at(0).as_string(), "é");
  EXPECT_TRUE(other.tells.empty()) << "what was heard is not said again";
  for (const auto* rubbish : {"", "[]", "{}", R"({"id":1})", "\xff"}) other.told(rubbish);
  EXPECT_FALSE(other.delivery(there));
}

TEST_F(Topics, OfBothAreWithheldAtOtherNodesToo) {
  rig.shared = true;
  rig.restart();
  sender = rig.connect();
  publish("b", "both");
  Rig other;
  const Conn there = other.connect();
  other.ok(there, "bus/subscribe", R"({"destination":"b","mode":"topic"})");
  other.ok(there, "bus/subscribe", R"({"destination":"b","mode":"queue"})");
  other.told(rig.tells.at(0));
  EXPECT_FALSE(other.delivery(there)) << "its queue has it";
}

// What another node made ready without a ring is found all the same.
TEST_F(Topics, AreNotAllThatIsLookedForAtOtherNodes) {
  rig.shared = true;
  rig.restart();
  const Conn there = rig.connect();
  rig.ok(there, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  Enqueue op;
  op.id = "0";
  op.destination = "q";
  op.event = R"({"specversion":"1.0","id":"1","source":"s","type":"t"})";
  op.digest = Policies().digest({});
  op.ttl = Ms(100'000);
  const Step step{{op}};
  ASSERT_TRUE(rig.queues.apply(std::span(&step, 1), Shift(0)));
  EXPECT_FALSE(rig.delivery(there));
  rig.advance(Ms(1'000));
  EXPECT_TRUE(rig.delivery(there));
}

}  // namespace
}  // namespace reference::core
