// Publishing: hello, routing, order, refusals, batches, a failing store.
#include <gtest/gtest.h>

#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

std::string quoted(std::size_t size, char c = 'x') { return '"' + std::string(size, c) + '"'; }

TEST(Hello, ComesFirstAndOnce) {
  Rig rig;
  const Conn conn = rig.connect(false);
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1")), "hello_first");
  EXPECT_EQ(rig.error(conn, "bus/nothing", "{}"), "-32601");
  EXPECT_EQ(
      rig.error(conn, "bus/hello", R"({"protocol":["7"],"client":{"name":"a","version":"b"}})"),
      "unsupported_version");
  EXPECT_EQ(rig.error(conn, "bus/hello", R"({"protocol":"1.0"})"), "-32602");
  const auto hello =
      rig.ok(conn, "bus/hello", R"({"protocol":["7","1.0"],"client":{"name":"a","version":"b"}})");
  EXPECT_EQ(hello.at("limits").at("inline_bytes_max").as_int64(), 1'048'576);
  EXPECT_EQ(rig.error(conn, "bus/hello", R"({"protocol":["1.0"]})"), "conflict");
  EXPECT_TRUE(rig.ok(conn, "bus/hello", R"({"token":"t"})").contains("limits"));
}

TEST(Publish, RoutesByBytesExactlyAtTheLimit) {
  Limits limits;
  limits.inline_bytes_max = 8;
  Rig rig(limits);
  const Conn conn = rig.connect();
  const auto route = [&](const std::string& data) {
    return std::string(rig.ok(conn, "bus/publish", message("q", data)).at("route").as_string());
  };
  EXPECT_EQ(route(quoted(7)), "inline");
  EXPECT_EQ(route(quoted(8)), "inline");
  EXPECT_EQ(route(quoted(9)), "reference");
  EXPECT_EQ(route("\"éééé\""), "inline");
  EXPECT_EQ(route("\"ééééé\""), "reference");
  EXPECT_EQ(route(""), "inline");
}

TEST(Publish, RefusesWithoutStoringAnything) {
  Rig rig;
  const Conn conn = rig.connect();
  EXPECT_EQ(rig.error(conn, "bus/publish", R"({"destination":"q","mode":"queue"})"), "-32602");
  EXPECT_EQ(rig.error(conn, "bus/publish", R"({"destination":7,"mode":"queue","event":{}})"),
            "-32602");
  EXPECT_EQ(rig.error(conn, "bus/publish", R"({"destination":"q","mode":"queue","event":{}})"),
            "invalid_argument");
  for (const auto* extra : {R"(,"ttl_ms":0)", R"(,"ttl_ms":-1)", R"(,"ttl_ms":1e18)",
                            R"(,"ttl_ms":99999999999999999999)", R"(,"delay_ms":-1)"})
    EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1", "queue", extra)), "invalid_argument")
        << extra;
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1", "queue", R"(,"ttl_ms":"5")")),
            "-32602");
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1", "topic", R"(,"delay_ms":5)")),
            "invalid_argument");
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1", "somehow")), "invalid_argument");
  EXPECT_EQ(rig.error(conn, "bus/publish", message(std::string(256, 'n'), "1")),
            "invalid_argument");
  EXPECT_EQ(rig.error(conn, "bus/publish", message("", "1")), "invalid_argument");
  EXPECT_EQ(rig.error(conn, "bus/publish",
                      message("q", "1", "queue", "", R"(,"expirytime":"2001-01-01T00:00:00Z")")),
            "invalid_argument");
  EXPECT_EQ(rig.error(conn, "bus/publish",
                      message("q", R"("abc")", "queue", "",
                              R"(,"datadigest":")" + digest_text(sha256("abd")) + '"')),
            "digest_mismatch");
  EXPECT_EQ(rig.ok(conn, "bus/stats", "{}").at("totals").at("published").as_int64(), 0);
}

TEST(Publish, TooLargeIsRefused) {
  Limits limits;
  limits.payload_bytes_max = 100;
  Rig rig(limits);
  const Conn conn = rig.connect();
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", quoted(101))), "payload_too_large");
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", quoted(100))), "none");
}

// A large payload is hashed and stored first; a small one sent after it must not overtake it.
TEST(Publish, KeepsTheOrderOfAConnectionWhateverTheRoute) {
  Rig rig;
  const Conn conn = rig.connect();
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  rig.hold(true);
  rig.request(conn, "bus/publish", message("q", quoted(2'000'000)));
  rig.request(conn, "bus/publish", message("q", quoted(50'000)));
  rig.request(conn, "bus/publish", message("q", "3"));
  ASSERT_EQ(rig.pending().size(), 1U);
  EXPECT_TRUE(std::holds_alternative<ToPayload>(rig.pending().front()));
  rig.release();
  EXPECT_EQ(rig.delivery(conn)->at("route").as_string(), "reference");
  EXPECT_EQ(rig.delivery(conn)->at("event").at("data").as_string().size(), 50'000U);
  EXPECT_EQ(rig.delivery(conn)->at("event").at("data").as_int64(), 3);
}

TEST(Publish, IsAnsweredOnlyAfterTheStore) {
  Rig rig;
  const Conn conn = rig.connect();
  rig.hold(true);
  const int id = rig.request(conn, "bus/publish", message("q", "1"));
  EXPECT_FALSE(rig.answer(conn, id));
  rig.release();
  EXPECT_TRUE(rig.answer(conn, id));
}

TEST(Publish, SaysWhetherAStoresFailureIsDefinite) {
  Rig rig;
  const Conn conn = rig.connect();
  for (const bool definite : {true, false}) {
    rig.hold(true);
    const int id = rig.request(conn, "bus/publish", message("q", "1"));
    const auto ticket = std::get<ToQueue>(rig.pending().front()).ticket;
    rig.pending().clear();
    rig.core->stored(ticket,
                     tl::unexpected(definite ? StoreError::did_not_happen("full")
                                             : StoreError::may_have_happened("gone")),
                     rig.now);
    rig.release();
    const auto error = rig.answer(conn, id)->at("error").as_object();
    EXPECT_EQ(error.at("data").at("kind").as_string(), "store_unavailable");
    EXPECT_EQ(error.at("data").at("definite").as_bool(), definite);
    EXPECT_TRUE(error.at("data").at("retryable").as_bool());
  }
}

TEST(PublishBatch, IsAllOrNone) {
  Rig rig;
  const Conn conn = rig.connect();
  const auto batch = [](const std::string& last) {
    return R"({"items":[)" + message("q", "1") + "," + message("q", quoted(1'100'000)) + "," +
           last + "]}";
  };
  const auto bad =
      rig.call(conn, "bus/publish_batch",
               batch(message("q", "3", "queue", "", R"(,"expirytime":"2001-01-01T00:00:00Z")")));
  EXPECT_EQ(bad.at("error").at("data").at("index").to_number<int>(), 2);
  EXPECT_EQ(rig.ok(conn, "bus/pending", R"({"destination":"q"})").at("ready").as_int64(), 0);
  const auto good = rig.ok(conn, "bus/publish_batch", batch(message("q", "3", "both")));
  EXPECT_EQ(good.at("results").as_array().size(), 3U);
  EXPECT_EQ(good.at("results").at(1).at("route").as_string(), "reference");
  EXPECT_EQ(rig.ok(conn, "bus/pending", R"({"destination":"q"})").at("ready").as_int64(), 3);
  EXPECT_EQ(rig.error(conn, "bus/publish_batch", R"({"items":[7]})"), "-32602");
  EXPECT_EQ(rig.error(conn, "bus/publish_batch", R"({"items":7})"), "-32602");
}

TEST(Stop, RefusesNewWorkAndTellsClients) {
  Rig rig;
  const Conn conn = rig.connect();
  rig.core->stop(rig.now);
  EXPECT_EQ(rig.error(conn, "bus/publish", message("q", "1")), "closed");
  ASSERT_EQ(rig.notices(conn).size(), 1U);
  EXPECT_EQ(rig.notices(conn).front().at("params").at("kind").as_string(), "closed");
}

TEST(Throttle, StopsReadingWhoFloods) {
  Rig rig;
  const Conn conn = rig.connect();
  rig.hold(true);
  for (int i = 0; i < 4'096; ++i) rig.request(conn, "bus/publish", message("q", "1"));
  EXPECT_EQ(rig.throttles, (std::vector<bool>{true}));
  rig.release();
  EXPECT_EQ(rig.throttles, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace reference::core
