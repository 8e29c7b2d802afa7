// Running leases: by copy, by end, and undone.
#include "reference/stores/leases.hpp"

#include <gtest/gtest.h>

namespace reference::stores {
namespace {

TEST(Leases, HoldUntilTheirEndForTheirToken) {
  Leases leases;
  leases.put({1, 1}, {7, 100});
  EXPECT_TRUE(leases.holds({1, 1}, 7, 99));
  EXPECT_FALSE(leases.holds({1, 1}, 7, 100));
  EXPECT_FALSE(leases.holds({1, 1}, 8, 0));
  EXPECT_FALSE(leases.holds({1, 2}, 7, 0));
}

TEST(Leases, EndInOrder) {
  Leases leases;
  leases.put({1, 1}, {1, 300});
  leases.put({2, 1}, {2, 100});
  leases.put({3, 1}, {3, 200});
  leases.put({2, 1}, {2, 400});
  EXPECT_EQ(leases.next_end(), 200);
  const auto over = leases.ended(300, 10);
  ASSERT_EQ(over.size(), 2U);
  EXPECT_EQ(over[0].second.token, 3U);
  EXPECT_EQ(leases.ended(300, 1).size(), 1U);
}

TEST(Leases, GoBackToWhereTheyBegan) {
  Leases leases;
  leases.put({1, 1}, {1, 100});
  leases.begin();
  leases.put({1, 1}, {9, 900});
  leases.erase({1, 1});
  leases.put({2, 1}, {2, 50});
  leases.rollback();
  EXPECT_TRUE(leases.holds({1, 1}, 1, 99));
  EXPECT_FALSE(leases.find({2, 1}));
  EXPECT_EQ(leases.next_end(), 100);
}

}  // namespace
}  // namespace reference::stores
