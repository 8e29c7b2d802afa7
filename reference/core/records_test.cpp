// Messages as records: retrieve, damage, inspect, delete, correlation, statistics, control.
#include <gtest/gtest.h>

#include "reference/core/base64.hpp"
#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

class Records : public ::testing::Test {
 protected:
  std::string publish(const std::string& data, const std::string& attributes = "",
                      const std::string& destination = "q") {
    return std::string(
        rig.ok(conn, "bus/publish", message(destination, data, "queue", "", attributes))
            .at("transaction_id")
            .as_string());
  }
  std::string of(const std::string& id, const std::string& more = "") {
    return R"({"transaction_id":")" + id + '"' + more + "}";
  }
  std::string slice(const std::string& id, const std::string& more = "") {
    const auto got = rig.ok(conn, "bus/retrieve", of(id, more));
    return from_base64(got.at("data_base64").as_string()).value_or("not base 64");
  }
  /// The whole payload, in as many answers as it takes; or the error that came instead.
  std::string whole(const std::string& id) {
    std::string all;
    for (bool more = true; more;) {
      const auto got =
          rig.call(conn, "bus/retrieve", of(id, R"(,"offset":)" + std::to_string(all.size())));
      if (got.contains("error"))
        return std::string(got.at("error").at("data").at("kind").as_string());
      all += *from_base64(got.at("result").at("data_base64").as_string());
      more = got.at("result").at("more").as_bool();
    }
    return all;
  }
  std::string control(const std::string& method, const std::string& more) {
    return rig.error(hook, method, R"({"token":"secret")" + more + "}");
  }

  Rig rig;
  Conn conn = rig.connect();
  Conn hook = rig.connect(false, Role::control);
};

std::string bytes(std::size_t size) {
  std::string all(size, '\0');
  for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<char>('a' + (i * 7 + i / 26) % 26);
  return all;
}

TEST_F(Records, RetrieveGivesAnySliceInlineAndByReference) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{2'500'000}}) {
    const auto all = bytes(size);
    const auto id = publish('"' + all + '"');
    EXPECT_TRUE(whole(id) == all);
    EXPECT_EQ(slice(id, R"(,"offset":3,"length":4)"), all.substr(3, 4));
    EXPECT_EQ(slice(id, R"(,"offset":)" + std::to_string(size - 1)), all.substr(size - 1));
    EXPECT_EQ(slice(id, R"(,"offset":)" + std::to_string(size)), "");
    EXPECT_EQ(rig.error(conn, "bus/retrieve", of(id, R"(,"offset":)" + std::to_string(size + 1))),
              "invalid_argument");
    EXPECT_EQ(rig.error(conn, "bus/retrieve", of(id, R"(,"offset":-1)")), "invalid_argument");
    EXPECT_EQ(rig.error(conn, "bus/retrieve", of(id, R"(,"length":0)")), "invalid_argument");
  }
  EXPECT_EQ(slice(publish("")), "");
  EXPECT_EQ(slice(publish(R"("")")), "");
  EXPECT_EQ(rig.error(conn, "bus/retrieve", of("unknown")), "not_found");
}

TEST_F(Records, AnAnswerHoldsNoMoreThanTheLimitAndSaysThereIsMore) {
  const auto id = publish('"' + bytes(9'000'000) + '"');
  EXPECT_EQ(slice(id).size(), Limits().retrieve_bytes_max);
  EXPECT_TRUE(whole(id) == bytes(9'000'000));
}

TEST_F(Records, NoDamageIsServedAsGood) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{100'000}, std::size_t{2'500'000}}) {
    for (const auto* damage :
         {R"(,"part":"payload","op":"flip","at":5)", R"(,"part":"payload","op":"truncate","at":9)",
          R"(,"part":"payload","op":"extend")", R"(,"part":"payload","op":"zero","at":2)",
          R"(,"part":"payload","op":"delete")", R"(,"part":"digest","op":"flip","at":31)"}) {
      const auto id = publish('"' + bytes(size) + '"');
      EXPECT_EQ(control("ctl/corrupt", R"(,"transaction_id":")" + id + '"' + damage), "none");
      EXPECT_TRUE(whole(id) == "digest_mismatch") << size << damage;
      const auto seen = rig.ok(conn, "bus/inspect", of(id));
      EXPECT_EQ(seen.at("status").as_string(), "error");
      EXPECT_NE(seen.at("error").as_string().find("digest"), std::string::npos);
    }
  }
  EXPECT_EQ(rig.ok(conn, "bus/stats", "{}").at("payloads").at("corrupt").as_int64(), 18);
}

TEST_F(Records, CompressedOnesTakeLessRoomAndComeBack) {
  for (const auto codec : {Codec::gzip, Codec::zstd}) {
    rig.compression = codec;
    const auto all = bytes(2'500'000);
    const auto id = publish('"' + all + '"');
    const auto seen = rig.ok(conn, "bus/inspect", of(id));
    EXPECT_EQ(seen.at("compression").as_string(), codec_text(codec));
    EXPECT_EQ(seen.at("datasize").as_int64(), 2'500'000);
    EXPECT_LT(seen.at("stored_bytes").as_int64(), 2'000'000);
    rig.compression = Codec::none;  // Whatever is written next, this one stays readable.
    const auto slice = rig.ok(conn, "bus/retrieve", of(id, R"(,"offset":1048570,"length":20)"));
    EXPECT_EQ(from_base64(slice.at("data_base64").as_string()), all.substr(1'048'570, 20));
    const auto end = rig.ok(conn, "bus/retrieve", of(id, R"(,"offset":2499999)"));
    EXPECT_EQ(from_base64(end.at("data_base64").as_string()), all.substr(2'499'999));
  }
}

TEST_F(Records, ABombIsRefusedAtTheDeclaredSize) {
  const auto id = publish('"' + bytes(1'500'000) + '"');
  EXPECT_EQ(
      control("ctl/corrupt", R"(,"part":"payload","op":"bomb","transaction_id":")" + id + '"'),
      "none");
  EXPECT_EQ(rig.error(conn, "bus/retrieve", of(id)), "digest_mismatch");
  EXPECT_EQ(control("ctl/corrupt",
                    R"(,"part":"payload","op":"bomb","transaction_id":")" + publish("1") + '"'),
            "not_supported");
}

TEST_F(Records, ChunksOutOfPlaceAreFound) {
  const auto all = bytes(2'500'000);
  const auto other = publish('"' + std::string(2'000'001, 'z') + '"');
  const auto foreign = R"("swap","chunk":0,"with":")" + other + '"';
  for (const std::string& damage :
       {std::string(R"("swap","chunk":0,"with":1)"), std::string(R"("delete","chunk":1)"),
        std::string(R"("double","chunk":0)"), std::string(R"("flip","chunk":2,"at":9)"), foreign}) {
    const auto id = publish('"' + all + '"');
    EXPECT_EQ(control("ctl/corrupt",
                      R"(,"part":"chunk","transaction_id":")" + id + R"(","op":)" + damage),
              "none")
        << damage;
    EXPECT_TRUE(whole(id) == "digest_mismatch") << damage;
  }
}

TEST_F(Records, ACorruptQueueMessageIsSetAsideAndTheNextOneComes) {
  const auto bad = publish("1");
  const auto good = publish("2");
  EXPECT_EQ(control("ctl/corrupt",
                    R"(,"part":"payload","op":"flip","at":0,"transaction_id":")" + bad + '"'),
            "none");
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  EXPECT_EQ(rig.delivery(conn)->at("transaction_id").as_string(), good);
  const auto dead = rig.ok(conn, "bus/dead_letters", R"({"destination":"q"})").at("messages");
  ASSERT_EQ(dead.as_array().size(), 1U);
  EXPECT_EQ(dead.at(0).at("reason").as_string(), "digest_mismatch");
  EXPECT_FALSE(dead.at(0).at("event").as_object().contains("data"));
}

TEST_F(Records, DeleteTakesAMessageOutOfItsQueueAndIsRepeatable) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue","credit":1})");
  const auto held = publish("1");
  const auto waiting = publish("2");
  const auto delivery = std::string(rig.delivery(conn)->at("delivery_id").as_string());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(rig.error(conn, "bus/delete", of(held)), "none");
    EXPECT_EQ(rig.error(conn, "bus/delete", of(waiting)), "none");
  }
  EXPECT_EQ(rig.error(conn, "bus/retrieve", of(held)), "not_found");
  EXPECT_EQ(rig.error(conn, "bus/ack", R"({"delivery_id":")" + delivery + "\"}"), "none");
  const auto large = publish('"' + bytes(1'500'000) + '"');
  rig.ok(conn, "bus/delete", of(large));
  const auto pieces = rig.payloads.pieces(large, 0, 1);
  ASSERT_TRUE(pieces);
  EXPECT_TRUE(pieces->empty());
}

TEST_F(Records, CorrelatedComeInOrderOfAcceptanceByPages) {
  for (int i = 0; i < 5; ++i)
    publish(std::to_string(i), R"(,"correlationid":"k")", i % 2 == 0 ? "a" : "b");
  publish("9", R"(,"correlationid":"other")");
  const auto page = rig.ok(conn, "bus/correlated", R"({"correlation_id":"k","limit":3})");
  ASSERT_EQ(page.at("messages").as_array().size(), 3U);
  EXPECT_EQ(page.at("messages").at(1).at("destination").as_string(), "b");
  const auto cursor = std::string(page.at("cursor").as_string());
  const auto rest =
      rig.ok(conn, "bus/correlated", R"({"correlation_id":"k","cursor":")" + cursor + "\"}");
  ASSERT_EQ(rest.at("messages").as_array().size(), 2U);
  EXPECT_EQ(rest.at("messages").at(1).at("event").at("data").as_int64(), 4);
  EXPECT_FALSE(rest.contains("cursor"));
  EXPECT_TRUE(rig.ok(conn, "bus/correlated", R"({"correlation_id":"none"})")
                  .at("messages")
                  .as_array()
                  .empty());
  EXPECT_EQ(rig.error(conn, "bus/correlated", R"({"correlation_id":"k","cursor":"x"})"),
            "invalid_argument");
}

TEST_F(Records, ExpiryEndsRetrieveOnTime) {
  const auto id =
      std::string(rig.ok(conn, "bus/publish", message("q", "1", "queue", R"(,"ttl_ms":1000)"))
                      .at("transaction_id")
                      .as_string());
  rig.advance(Ms(999));
  EXPECT_EQ(rig.error(conn, "bus/retrieve", of(id)), "none");
  rig.advance(Ms(1));
  EXPECT_EQ(rig.error(conn, "bus/retrieve", of(id)), "not_found");
}

TEST_F(Records, TheClockHookMakesEverythingDueHappen) {
  publish("1");
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue","lease_ms":60000})");
  EXPECT_TRUE(rig.delivery(conn));
  EXPECT_EQ(control("ctl/clock", R"(,"advance_ms":59999)"), "none");
  EXPECT_FALSE(rig.delivery(conn));
  EXPECT_EQ(control("ctl/clock", R"(,"advance_ms":1)"), "none");
  EXPECT_EQ(rig.delivery(conn)->at("attempt").as_int64(), 2);
  EXPECT_EQ(control("ctl/clock", R"(,"advance_ms":-1)"), "invalid_argument");
}

TEST_F(Records, ControlNeedsItsTokenAndItsOwnDoor) {
  EXPECT_EQ(rig.error(hook, "ctl/sweep", R"({"token":"wrong"})"), "unauthenticated");
  EXPECT_EQ(rig.error(hook, "ctl/sweep", "{}"), "unauthenticated");
  EXPECT_EQ(rig.error(conn, "ctl/sweep", R"({"token":"secret"})"), "-32601");
  EXPECT_EQ(control("ctl/nothing", ""), "-32601");
  EXPECT_EQ(control("ctl/backend", R"(,"name":"x","action":"down")"), "invalid_argument");
  EXPECT_EQ(control("ctl/state", ""), "none");
}

TEST_F(Records, ResetEmptiesEverythingAndClosesNothing) {
  rig.ok(conn, "bus/subscribe", R"({"destination":"q","mode":"queue"})");
  const auto id = publish("1");
  EXPECT_EQ(control("ctl/reset", ""), "none");
  EXPECT_EQ(rig.error(conn, "bus/inspect", of(id)), "not_found");
  rig.delivery(conn);
  publish("2");
  EXPECT_EQ(rig.delivery(conn)->at("event").at("data").as_int64(), 2);
}

TEST_F(Records, TheMetricsPageTellsTheNumbersOfTheStatistics) {
  publish("1");
  publish("2");
  rig.core->scrape(Ticket{7}, rig.now);
  rig.advance(Ms(0));
  ASSERT_EQ(rig.pages.size(), 1U);
  const std::string& page = rig.pages.front();
  EXPECT_NE(page.find("# TYPE refbus_published_total counter\nrefbus_published_total 2\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("\nrefbus_payloads 2\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\nrefbus_connections 1\n"), std::string::npos) << page;
}

}  // namespace
}  // namespace reference::core
