// Events are known for as long as they were promised to be, and take no room afterwards.
#include "reference/stores/known_events.hpp"

#include <gtest/gtest.h>

namespace reference::stores {
namespace {

constexpr core::Identity kOne{1, 1};
constexpr core::Identity kOther{1, 2};  // Its hash is the first one's.

TEST(KnownEvents, AreKnownUntilTheirEnd) {
  KnownEvents known;
  known.put(kOne, 7, 100);
  EXPECT_EQ(known.find(kOne, 99), 7);
  EXPECT_EQ(known.find(kOne, 100), std::nullopt);
  EXPECT_EQ(known.find(kOther, 0), std::nullopt);
}

TEST(KnownEvents, AreLetGoOf) {
  KnownEvents known;
  known.put(kOne, 7, 100);
  known.put(kOther, 8, 200);
  known.trim(99);
  EXPECT_EQ(known.size(), 2U);
  known.trim(100);
  EXPECT_EQ(known.size(), 1U);
  EXPECT_EQ(known.find(kOther, 150), 8);
  known.clear();
  EXPECT_EQ(known.size(), 0U);
}

TEST(KnownEvents, AcceptedAnewAreKnownAnew) {
  KnownEvents known;
  known.put(kOne, 7, 100);
  known.put(kOne, 9, 200);
  known.trim(150);
  EXPECT_EQ(known.find(kOne, 150), 9);
  known.trim(200);
  EXPECT_EQ(known.size(), 0U);
}

}  // namespace
}  // namespace reference::stores
