// Pure, at instants of its own; and in a core whose clock the test moves.
#include "reference/core/rate.hpp"

#include <gtest/gtest.h>

#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

constexpr Tick kStart{std::chrono::hours(5)};

TEST(Rate, TakesASecondsWorthAtOnceAndThenAsManyAsCome) {
  Rate rate;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(rate.take(kStart, 10, 1), std::nullopt) << i;
  EXPECT_EQ(rate.take(kStart, 10, 1), Ms(100));
  EXPECT_EQ(rate.take(kStart + Ms(99), 10, 1), Ms(1));
  EXPECT_EQ(rate.take(kStart + Ms(100), 10, 1), std::nullopt);
  EXPECT_NE(rate.take(kStart + Ms(100), 10, 1), std::nullopt);
}

TEST(Rate, LosesNothingOfSpansShorterThanOne) {
  Rate rate;
  EXPECT_EQ(rate.take(kStart, 3, 3), std::nullopt);
  int taken = 0;
  for (int ms = 1; ms <= 1'000; ++ms) taken += rate.take(kStart + Ms(ms), 3, 1) ? 0 : 1;
  EXPECT_EQ(taken, 3);
}

TEST(Rate, HoldsNoMoreThanASecondsWorth) {
  Rate rate;
  EXPECT_EQ(rate.take(kStart, 10, 10), std::nullopt);
  const Tick later = kStart + std::chrono::hours(24 * 400);
  EXPECT_EQ(rate.take(later, 10, 10), std::nullopt);
  EXPECT_NE(rate.take(later, 10, 1), std::nullopt);
}

TEST(Rate, LetsALargeBatchGoAndWaitsForItAfterwards) {
  Rate rate;
  EXPECT_EQ(rate.take(kStart, 10, 25), std::nullopt);
  EXPECT_EQ(rate.take(kStart, 10, 1), Ms(1'600));
}

constexpr const char* kPublish = R"({"destination":"q","mode":"queue","event":
    {"specversion":"1.0","id":"1","source":"/s","type":"t","data":"x"}})";

TEST(PublishRate, RefusesWhatIsBeyondItAndSaysWhenToComeBack) {
  Limits limits;
  limits.publish_per_s = 2;
  Rig rig(limits);
  const Conn conn = rig.connect();
  rig.ok(conn, "bus/publish", kPublish);
  rig.ok(conn, "bus/publish", kPublish);
  const auto refused = rig.call(conn, "bus/publish", kPublish).at("error").as_object();
  EXPECT_EQ(refused.at("data").at("kind").as_string(), "rate_limited");
  EXPECT_TRUE(refused.at("data").at("definite").as_bool());
  EXPECT_EQ(refused.at("data").at("retry_after_ms").as_int64(), 500);
  rig.advance(Ms(500));
  rig.ok(conn, "bus/publish", kPublish);
}

TEST(Connections, BeyondTheirNumberAreToldSoUntilOneEnds) {
  Limits limits;
  limits.connections_max = 1;
  Rig rig(limits);
  const Conn first = rig.connect();
  const Conn second = rig.connect(false);
  const auto* hello = R"({"protocol":["1.0"],"client":{"name":"c","version":"1"}})";
  EXPECT_EQ(rig.error(second, "bus/hello", hello), "rate_limited");
  EXPECT_EQ(rig.error(second, "bus/publish", kPublish), "hello_first");
  rig.disconnect(first);
  rig.ok(second, "bus/hello", hello);
}

}  // namespace
}  // namespace reference::core
