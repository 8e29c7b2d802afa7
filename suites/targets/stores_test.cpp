// Method: targets that name servers, on real ones; what a bus would be told is used to reach them.
#include "suites/targets/stores.hpp"

#include <gtest/gtest.h>

#include "fixtures/backends/postgres_link.hpp"
#include "fixtures/backends/redis_link.hpp"
#include "suites/targets/target.hpp"

namespace busproof::targets {
namespace {

constexpr std::chrono::seconds kLimit{10};

TargetFile file_with(const std::string& backends) {
  return parse_target(
             "launch: {command: [bus], env: {STORE: \"${store_url}\"}}\n"
             "connect: {stdio: launch}\nbackends: " +
                 backends,
             "bus.yaml", "/")
      .value();
}

class StoresTest : public ::testing::Test {
 protected:
  contract::Result<std::unique_ptr<Target>> make(const TargetFile& file) {
    return Target::make(reactor_, file, work_ / std::to_string(++made_));
  }
  Reactor reactor_;
  std::filesystem::path work_ =
      std::filesystem::path(::testing::TempDir()) / ("stores." + std::to_string(::getpid()));
  int made_ = 0;
  void TearDown() override { std::filesystem::remove_all(work_); }
};

TEST_F(StoresTest, EachBusIsToldAPlaceOfItsOwnBehindAProxyOfItsOwn) {
  const TargetFile file = file_with("{store: {server: redis}}");
  file.stores->choose({.how = backends::How::local, .postgres_url = "", .redis_url = ""});
  auto one = make(file), two = make(file);
  if (!one) GTEST_SKIP() << one.error().detail();
  ASSERT_TRUE(two) << two.error().detail();
  EXPECT_NE((*one)->values().at("store_url"), (*two)->values().at("store_url"));
  EXPECT_NE((*one)->values().at("store_prefix"), (*two)->values().at("store_prefix"));
  EXPECT_EQ((*one)->file().launch->env.at("STORE"), (*one)->values().at("store_url"));
  const auto address =
      backends::parse_address(backends::Kind::redis, (*one)->values().at("store_url"));
  ASSERT_TRUE(address);
  ASSERT_TRUE(backends::ask_redis(*address, {"SET", "a", "1"}, kLimit));
  const Lodging* lodging = (*one)->lodging("store");
  ASSERT_NE(lodging, nullptr);
  EXPECT_EQ(lodging->proxy->counters().contacted, 1U);
  EXPECT_EQ((*two)->lodging("store")->proxy->counters().contacted, 0U);
  EXPECT_EQ(&lodging->space->server(), &(*two)->lodging("store")->space->server())
      << "one server for all";
  EXPECT_EQ((*one)->backends().at("store").where, lodging->space->for_harness().url());
  ASSERT_EQ(file.stores->notes().size(), 1U);
  EXPECT_NE(file.stores->notes().front().find("a local process"), std::string::npos);
}

TEST_F(StoresTest, AnotherNodeSharesTheDataAndNotTheProxy) {
  const TargetFile file = file_with("{store: {server: redis}}");
  file.stores->choose({.how = backends::How::local, .postgres_url = "", .redis_url = ""});
  auto one = make(file);
  if (!one) GTEST_SKIP() << one.error().detail();
  auto node = (*one)->twin();
  ASSERT_TRUE(node) << node.error().detail();
  EXPECT_EQ((*one)->values().at("store_database"), (*node)->values().at("store_database"));
  EXPECT_EQ((*one)->values().at("store_prefix"), (*node)->values().at("store_prefix"));
  EXPECT_NE((*one)->values().at("store_port"), (*node)->values().at("store_port"));
}

TEST_F(StoresTest, WhatIsMissingIsSaidWithWhatItCosts) {
  const TargetFile file = file_with("{store: {server: postgres}}");
  file.stores->choose({.how = backends::How::none, .postgres_url = "", .redis_url = ""});
  const auto target = make(file);
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().kind(), "unavailable");
  EXPECT_NE(target.error().detail().find("\"store\" is not there, and without it nothing of this "
                                         "target can be judged"),
            std::string::npos)
      << target.error().detail();
  EXPECT_TRUE(file.stores->notes().empty());
}

}  // namespace
}  // namespace busproof::targets
