// Method: times that are the same instant, times that are not, and what is no time at all.
#include <gtest/gtest.h>

#include "suites/checkers/instant.hpp"

namespace busproof::checkers {
namespace {

TEST(Instant, CountsFrom1970) {
  EXPECT_EQ(instant_of("1970-01-01T00:00:00Z"), std::chrono::microseconds(0));
  EXPECT_EQ(instant_of("1970-01-02T00:00:01.5Z"), std::chrono::milliseconds(86'401'500));
  EXPECT_EQ(instant_of("1969-12-31T23:59:59Z"), std::chrono::seconds(-1));
}

TEST(Instant, IsTheSameInAnyOffsetAndWithAnyDigits) {
  const auto there = instant_of("2026-03-04T05:06:07.100+05:30");
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(there, instant_of("2026-03-03T23:36:07.1Z"));
  EXPECT_EQ(there, instant_of("2026-03-03t19:36:07.100000000-04:00"));
  EXPECT_NE(there, instant_of("2026-03-03T23:36:07.101Z"));
}

TEST(Instant, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "yesterday", "2026-03-04", "2026-03-04T05:06:07", "2026-02-30T05:06:07Z",
        "2026-03-04T24:06:07Z", "2026-03-04T05:06:07.Z", "2026-03-04T05:06:07+0530",
        "2026-03-04T05:06:07Z and more", "2026-3-4T05:06:07Z", "-026-03-04T05:06:07Z"})
    EXPECT_EQ(instant_of(text), std::nullopt) << text;
}

}  // namespace
}  // namespace busproof::checkers
