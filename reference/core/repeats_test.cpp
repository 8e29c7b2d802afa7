// Events that are published again: answered with the first one's id, delivered once, or a conflict.
//
// Method: requests by hand against a core over memory stores.
#include <gtest/gtest.h>

#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

/// A publish under that event id.
std::string event(const std::string& id, const std::string& data, const std::string& mode = "queue",
                  const std::string& destination = "q", const std::string& source = "s") {
  return R"({"destination":")" + destination + R"(","mode":")" + mode +
         R"(","event":{"specversion":"1.0","type":"t","source":")" + source + R"(","id":")" + id +
         R"(","data":")" + data + R"("}})";
}

std::string id_of(const json::object& result) {
  return std::string(result.at("transaction_id").as_string());
}

TEST(Repeats, AreOneMessage) {
  Rig rig;
  const Conn one = rig.connect();
  const Conn other = rig.connect();
  const auto first = id_of(rig.ok(one, "bus/publish", event("e", "x")));
  EXPECT_EQ(id_of(rig.ok(other, "bus/publish", event("e", "x"))), first);
  rig.ok(one, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  EXPECT_TRUE(rig.delivery(one));
  EXPECT_FALSE(rig.delivery(one));
  EXPECT_EQ(rig.error(one, "bus/publish", event("e", "y")), "conflict");
  EXPECT_FALSE(rig.delivery(one));
}

TEST(Repeats, AreApartBySourceAndDestination) {
  Rig rig;
  const Conn conn = rig.connect();
  const auto first = id_of(rig.ok(conn, "bus/publish", event("e", "x")));
  EXPECT_NE(id_of(rig.ok(conn, "bus/publish", event("e", "x", "queue", "elsewhere"))), first);
  EXPECT_NE(id_of(rig.ok(conn, "bus/publish", event("e", "x", "queue", "q", "another"))), first);
  // Source and id are told apart, not only put together.
  EXPECT_NE(id_of(rig.ok(conn, "bus/publish", event("1", "x", "queue", "q", "s1"))),
            id_of(rig.ok(conn, "bus/publish", event("11", "x", "queue", "q", "s"))));
}

TEST(Repeats, ConcernQueuesAlone) {
  Rig rig;
  const Conn conn = rig.connect();
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"topic"})");
  const auto first = id_of(rig.ok(conn, "bus/publish", event("e", "x", "topic")));
  EXPECT_NE(id_of(rig.ok(conn, "bus/publish", event("e", "y", "topic"))), first);
  EXPECT_TRUE(rig.delivery(conn));
  EXPECT_TRUE(rig.delivery(conn));
  // A message for both is not sent to its topic again.
  const auto both = rig.ok(conn, "bus/publish", event("b", "x", "both"));
  EXPECT_EQ(both.at("receivers").as_int64(), 1);
  EXPECT_TRUE(rig.delivery(conn));
  const auto again = rig.ok(conn, "bus/publish", event("b", "x", "both"));
  EXPECT_EQ(id_of(again), id_of(both));
  EXPECT_EQ(again.at("receivers").as_int64(), 0);
  EXPECT_FALSE(rig.delivery(conn));
}

TEST(Repeats, ByReferenceLeaveNoSecondPayload) {
  Limits limits;
  limits.inline_bytes_max = 4;
  Rig rig(limits);
  const Conn conn = rig.connect();
  const auto first = rig.ok(conn, "bus/publish", event("e", "long enough"));
  const auto again = rig.ok(conn, "bus/publish", event("e", "long enough"));
  EXPECT_EQ(id_of(again), id_of(first));
  EXPECT_EQ(again.at("route").as_string(), "reference");
  EXPECT_EQ(rig.ok(conn, "bus/stats", "{}").at("payloads").at("count").as_int64(), 1);
  EXPECT_EQ(rig.ok(conn, "bus/retrieve", R"({"transaction_id":")" + id_of(first) + R"("})")
                .at("datasize"),
            11);
}

TEST(Repeats, InABatchAreOneMessageOrRefuseIt) {
  Rig rig;
  const Conn conn = rig.connect();
  const auto result = rig.ok(conn, "bus/publish_batch",
                             R"({"items":[)" + event("e", "x") + "," + event("e", "x") + "]}");
  const auto& results = result.at("results").as_array();
  EXPECT_EQ(id_of(results[0].as_object()), id_of(results[1].as_object()));
  const auto refused = rig.call(conn, "bus/publish_batch",
                                R"({"items":[)" + event("t", "x", "topic") + "," + event("f", "x") +
                                    "," + event("f", "y") + "]}");
  const auto& why = refused.at("error").at("data");
  EXPECT_EQ(why.at("kind").as_string(), "conflict");
  EXPECT_EQ(why.at("index"), 2);
  // What the store refuses is named by its place in the batch, topics counted.
  const auto stored =
      rig.call(conn, "bus/publish_batch",
               R"({"items":[)" + event("t", "x", "topic") + "," + event("e", "y") + "]}");
  EXPECT_EQ(stored.at("error").at("data").at("index"), 1);
}

TEST(Repeats, AreInTheAuditOnce) {
  Rig rig;
  const Conn conn = rig.connect();
  const auto id = id_of(rig.ok(conn, "bus/publish", event("e", "three")));
  rig.ok(conn, "bus/publish", event("e", "three"));
  const auto of_it = R"({"transaction_id":")" + id + R"("})";
  const auto records = rig.ok(conn, "bus/audit", of_it).at("records").as_array();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].at("transaction_id").as_string(), id);
  EXPECT_EQ(records[0].at("who").as_string(), "test 1");
  EXPECT_EQ(records[0].at("datasize"), 5);
  EXPECT_EQ(records[0].at("outcome").as_string(), "pending");
  rig.ok(conn, "bus/delete", of_it);
  const auto gone = rig.ok(conn, "bus/audit", of_it).at("records").as_array();
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].at("outcome").as_string(), "deleted");
  // By whom is not said, or twice.
  EXPECT_EQ(rig.error(conn, "bus/audit", "{}"), "-32602");
  EXPECT_EQ(rig.error(conn, "bus/audit", R"({"transaction_id":"a","session_id":"b"})"), "-32602");
}

TEST(Repeats, AreNewAfterTheWindow) {
  Limits limits;
  limits.dedupe_window = Ms(1'000);
  Rig rig(limits);
  const Conn conn = rig.connect();
  const auto first = id_of(rig.ok(conn, "bus/publish", event("e", "x")));
  rig.advance(Ms(999));
  EXPECT_EQ(id_of(rig.ok(conn, "bus/publish", event("e", "x"))), first);
  rig.advance(Ms(1));
  EXPECT_NE(id_of(rig.ok(conn, "bus/publish", event("e", "x"))), first);
}

}  // namespace
}  // namespace reference::core
