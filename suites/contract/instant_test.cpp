// Method: texts by hand, and a round trip.
#include <gtest/gtest.h>

#include "suites/contract/instant.hpp"

namespace busproof::contract {
namespace {

using namespace std::chrono_literals;

TEST(Instant, ReadsWhatRfc3339Allows) {
  EXPECT_EQ(instant_from("1970-01-01T00:00:00Z"), Instant(0));
  EXPECT_EQ(instant_from("1970-01-01T00:00:00.25Z"), Instant(250ms));
  EXPECT_EQ(instant_from("1970-01-01T00:00:00.1234567Z"), Instant(123'456us));
  EXPECT_EQ(instant_from("1970-01-02t01:00:00+01:00"), Instant(24h));
  EXPECT_EQ(instant_from("1969-12-31T23:30:00-00:30"), Instant(0));
  EXPECT_EQ(instant_from("2024-02-29T00:00:00z"), Instant(1'709'164'800s));
  EXPECT_EQ(instant_from("1969-12-31T23:59:59Z"), Instant(-1s));
}

TEST(Instant, IsTheSameInAnyOffsetAndWithAnyDigits) {
  const auto there = instant_from("2026-03-04T05:06:07.100+05:30");
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(there, instant_from("2026-03-03T23:36:07.1Z"));
  EXPECT_EQ(there, instant_from("2026-03-03t19:36:07.100000000-04:00"));
  EXPECT_NE(there, instant_from("2026-03-03T23:36:07.101Z"));
}

TEST(Instant, ReadsNothingElse) {
  for (const char* text : {"", "soon", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z",
                           "1970-01-01T00:00:00Z ", "1970-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
                           "1970-01-01T24:00:00Z", "1970-1-01T00:00:00Z", "-970-01-01T00:00:00Z",
                           "1970-01-01T00:00:00+0100", "70-01-01T00:00:00Z"})
    EXPECT_EQ(instant_from(text), std::nullopt) << text;
}

TEST(Instant, WritesWhatItReads) {
  for (const Instant instant : {Instant(0), Instant(-1ms), Instant(1'709'164'800'007ms)})
    EXPECT_EQ(instant_from(to_rfc3339(instant)), instant);
  EXPECT_EQ(to_rfc3339(Instant(1'709'164'800'007ms)), "2024-02-29T00:00:00.007Z");
}

}  // namespace
}  // namespace busproof::contract
