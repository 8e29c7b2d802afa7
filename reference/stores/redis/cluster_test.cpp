// Redis Clusters: what their nodes answer, stores that find theirs, slots that move, and nodes that
// go away. Source: DUR-2, NODE-1, PUB-9.
//
// Method: a cluster of three nodes that all tests of the process share; the parametrised tests of
// all stores run on it, too.
#include "reference/stores/redis/cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "reference/stores/redis/relay.hpp"
#include "reference/stores/store_fixture.hpp"

namespace reference::stores::redis {
namespace {

constexpr std::chrono::seconds kSoon{20};

TEST(RedisRedirection, NamesTheNodeThatHasTheSlot) {
  Address asked;
  asked.socket = "/run/redis.sock";
  asked.host = "10.0.0.1";
  asked.password = "secret";
  const auto node = moved_to("MOVED 3999 127.0.0.1:6381", asked);
  ASSERT_TRUE(node);
  EXPECT_EQ(node->text(), "127.0.0.1:6381");
  EXPECT_EQ(node->password, "secret");
  EXPECT_EQ(moved_to("MOVED 1 ::1:7000", asked)->host, "::1");
  EXPECT_EQ(moved_to("MOVED 1 :7000", asked)->text(), "10.0.0.1:7000");
  EXPECT_EQ(moved_to("MOVED 1 ?:7000", asked)->text(), "10.0.0.1:7000");
}

TEST(RedisRedirection, IsNothingElse) {
  for (const auto* error : {"ASK 3999 127.0.0.1:6381", "MOVED", "MOVED 3999", "MOVED 1 host:",
                            "MOVED 1 host:0", "MOVED 1 host:99999", "MOVED 1 host:1x", ""})
    EXPECT_FALSE(moved_to(error, Address())) << error;
}

TEST(RedisRedirection, NodesAreReadFromTheirList) {
  const auto nodes = nodes_in(
      "07c3 127.0.0.1:30004@31004,host-4 slave e7d1 0 1426238317239 4 connected\n"
      "67ed ::1:30002@31002 master - 0 1426238316232 2 connected 5461-10922\n"
      "292f :0@0 master,noaddr - 1426238317741 1426238316739 3 disconnected\n"
      "e7d1 :30001@31001 myself,master - 0 0 1 connected 0-5460\n",
      Address());
  std::vector<std::string> texts;
  for (const auto& node : nodes) texts.push_back(node.text());
  EXPECT_EQ(texts, (Ids{"127.0.0.1:30004", "::1:30002", "127.0.0.1:30001"}));
  EXPECT_TRUE(nodes_in("ERR This instance has cluster support disabled", Address()).empty());
}

TEST(RedisRedirection, PassesWhereItIsNoFault) {
  for (const auto* error : {"ASK 1 h:1", "TRYAGAIN Multiple keys",
                            "CLUSTERDOWN The cluster is down", "LOADING Redis is loading"})
    EXPECT_TRUE(is_passing(error)) << error;
  EXPECT_FALSE(is_passing("WRONGPASS invalid"));
  EXPECT_FALSE(is_passing("ASKING"));
}

class RedisCluster : public ::testing::Test {
 protected:
  using Found = std::set<std::string>;

  void SetUp() override {
    if (!TestServer::installed()) GTEST_SKIP() << "no redis-server: run scripts/setup";
    ASSERT_FALSE(redis_cluster().why()) << *redis_cluster().why();
  }
  // What this test's keys of a store lead to.
  std::string queues() const { return RedisQueueStore::home(prefix); }
  std::string payloads() const { return RedisPayloadStore::home(prefix); }
  static std::size_t another(std::size_t node) { return (node + 1) % TestCluster::kNodes; }

  std::unique_ptr<RedisQueueStore> queues_by(std::size_t node) {
    connection = std::make_shared<Connection>(cluster.address(node));
    auto store = std::make_unique<RedisQueueStore>(connection, prefix);
    const auto made = store->migrate();
    EXPECT_TRUE(made) << made.error().detail();
    return store;
  }
  std::unique_ptr<RedisPayloadStore> payloads_by(std::size_t node) {
    return std::make_unique<RedisPayloadStore>(std::make_shared<Connection>(cluster.address(node)),
                                               prefix);
  }
  static core::Result<std::vector<core::Answer>> apply(QueueStore& store, core::QueueOp op) {
    core::Step step;
    step.ops.push_back(std::move(op));
    return store.apply(std::span(&step, 1), core::Shift(0));
  }
  static std::vector<core::Piece> pieces(const std::string& text) {
    return {{.codec = core::Codec::none,
             .size = text.size(),
             .digest = core::sha256(text),
             .stored = text}};
  }
  static Found all_of(QueueStore& store) {
    Found found;
    std::uint64_t token = 1;
    while (true) {
      auto answers =
          apply(store, core::Lease{"q", "default", {{token, 100, Ms(60'000)}}, 10'000'000});
      EXPECT_TRUE(answers) << answers.error().detail();
      if (!answers || answers->front().taken.empty()) return found;
      for (const auto& taken : answers->front().taken)
        EXPECT_TRUE(found.insert(taken.id).second) << taken.id;
      token += 100;
    }
  }

  TestCluster& cluster = *redis_cluster();
  const std::string prefix = next_prefix();
  std::shared_ptr<Connection> connection;  ///< of the queues that were opened last
};

TEST_F(RedisCluster, AnyNodeLeadsToTheStores) {
  Found expected;
  for (std::size_t node = 0; node < TestCluster::kNodes; ++node) {
    const auto id = "m" + std::to_string(node);
    const auto store = queues_by(node);
    ASSERT_TRUE(apply(*store, message(id)));
    expected.insert(id);
    EXPECT_EQ(connection->place(), cluster.address(cluster.owner(queues())));
    const auto put =
        payloads_by(node)->put(id, pieces("bytes of " + id), Ms(60'000), core::Shift(0));
    ASSERT_TRUE(put) << put.error().detail();
    const auto read = payloads_by(another(node))->pieces(id, 0, 1);
    ASSERT_TRUE(read) << read.error().detail();
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ(read->front().stored, "bytes of " + id);
  }
  EXPECT_EQ(all_of(*queues_by(0)), expected);
}

TEST_F(RedisCluster, ASlotOnItsWayIsRefusedDefinitelyAndThenServedWhole) {
  const auto store = queues_by(0);
  ASSERT_TRUE(apply(*store, message("before")));
  const auto refuses = [&](const char* when) {
    for (int i = 0; i < 2; ++i) {
      const auto refused = apply(*store, message(when));
      ASSERT_FALSE(refused) << when;
      EXPECT_TRUE(refused.error().definite()) << refused.error().detail();
      EXPECT_NE(refused.error().detail().find("ASK"), std::string::npos);
      connection->close();  // The next one finds it so when it connects.
    }
  };
  const auto from = cluster.owner(queues());
  ASSERT_FALSE(cluster.begin_move(queues(), another(from)));
  refuses("begun");
  ASSERT_FALSE(cluster.move_keys());
  refuses("moved");
  ASSERT_FALSE(cluster.end_move());
  const auto after = apply(*store, message("after"));
  ASSERT_TRUE(after) << after.error().detail();
  EXPECT_EQ(all_of(*store), (Found{"before", "after"}));
  EXPECT_EQ(connection->place(), cluster.address(another(from)));
}

TEST_F(RedisCluster, APayloadOnItsWayIsRefusedDefinitelyAndThenServedWhole) {
  const auto store = payloads_by(0);
  const auto put = [&](const std::string& id) {
    return store->put(id, pieces(id), Ms(60'000), core::Shift(0));
  };
  ASSERT_TRUE(put("before"));
  ASSERT_FALSE(cluster.begin_move(payloads(), another(cluster.owner(payloads()))));
  const auto refused = put("meanwhile");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().definite()) << refused.error().detail();
  ASSERT_FALSE(cluster.move_keys());
  EXPECT_FALSE(store->pieces("before", 0, 1)) << "rather than nothing, as if it were not there";
  ASSERT_FALSE(cluster.end_move());
  ASSERT_TRUE(put("after"));
  for (const auto* id : {"before", "after"}) {
    const auto read = store->pieces(id, 0, 1);
    ASSERT_TRUE(read) << read.error().detail();
    ASSERT_EQ(read->size(), 1U) << id;
  }
  EXPECT_TRUE(store->pieces("meanwhile", 0, 1)->empty());
}

/// Publishes from a thread of its own: a payload, and a message that names it.
class Publisher {
 public:
  using Accept = std::function<core::Result<void>(const std::string& id)>;
  explicit Publisher(Accept accept) : accept_(std::move(accept)), thread_([this] { publish(); }) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher() { end(); }

  /// Waits until that many more have been accepted.
  bool await(std::size_t more) {
    std::unique_lock lock(mutex_);
    const auto wanted = accepted_.size() + more;
    return changed_.wait_for(lock, kSoon, [&] { return accepted_.size() >= wanted; });
  }
  void end() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// Once it has ended.
  [[nodiscard]] const std::set<std::string>& accepted() const { return accepted_; }
  [[nodiscard]] const std::vector<std::string>& doubtful() const { return doubtful_; }

 private:
  void publish() {
    for (int i = 0; !ending_; ++i) {
      const auto id = "m" + std::to_string(i);
      const auto done = accept_(id);
      const std::lock_guard lock(mutex_);
      if (done) accepted_.insert(id);
      if (!done && !done.error().definite()) doubtful_.push_back(done.error().detail());
      changed_.notify_all();
    }
  }
  Accept accept_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> accepted_;
  std::vector<std::string> doubtful_;
  std::thread thread_;
};

TEST_F(RedisCluster, WhatIsAcceptedWhileSlotsMoveIsThereAndNothingElse) {
  const auto queue = queues_by(0);
  const auto bytes = payloads_by(1);
  Publisher publisher([&](const std::string& id) -> core::Result<void> {
    if (auto put = bytes->put(id, pieces(id), Ms(60'000), core::Shift(0)); !put) return put;
    if (auto answers = apply(*queue, message(id)); !answers) return tl::unexpected(answers.error());
    return {};
  });
  ASSERT_TRUE(publisher.await(20));
  for (int round = 0; round < 3; ++round)
    for (const auto& key : {queues(), payloads()}) {
      const auto failed = cluster.move(key, another(cluster.owner(key)));
      ASSERT_FALSE(failed) << *failed;
      ASSERT_TRUE(publisher.await(20));
    }
  publisher.end();
  EXPECT_TRUE(publisher.doubtful().empty()) << publisher.doubtful().front();
  EXPECT_EQ(all_of(*queue), publisher.accepted());
  for (const auto& id : publisher.accepted()) {
    const auto read = bytes->pieces(id, 0, 1);
    ASSERT_TRUE(read && read->size() == 1) << id;
    EXPECT_EQ(read->front().stored, id);
  }
}

TEST_F(RedisCluster, StoresOutliveTheNodeThatTheyWereToldOfAndWaitForTheirOwn) {
  const auto own = cluster.owner(queues());
  const auto told = another(own);
  const auto store = queues_by(told);
  ASSERT_TRUE(apply(*store, message("first")));
  cluster.kill(told);
  connection->close();
  const auto second = apply(*store, message("second"));
  ASSERT_TRUE(second) << second.error().detail();
  ASSERT_FALSE(cluster.restart(told));
  ASSERT_FALSE(cluster.await_ready());
  cluster.kill(own);
  for (int i = 0; i < 3; ++i) {
    const auto gone = apply(*store, message("nowhere"));
    ASSERT_FALSE(gone);
    EXPECT_TRUE(gone.error().definite()) << gone.error().detail();
  }
  ASSERT_FALSE(cluster.restart(own));
  ASSERT_FALSE(cluster.await_ready());
  const auto third = apply(*store, message("third"));
  ASSERT_TRUE(third) << third.error().detail();
  EXPECT_EQ(all_of(*store), (Found{"first", "second", "third"}));
}

TEST_F(RedisCluster, StoresFindASlotThatMovedAwayFromANodeThatIsGone) {
  const auto told = cluster.owner(queues());
  const auto store = queues_by(told);
  ASSERT_TRUE(apply(*store, message("first")));
  ASSERT_FALSE(cluster.move(queues(), another(told)));
  cluster.kill(told);
  const auto second = apply(*store, message("second"));
  EXPECT_TRUE(second) << second.error().detail();
  EXPECT_EQ(all_of(*store), (Found{"first", "second"}));
  ASSERT_FALSE(cluster.restart(told));
  ASSERT_FALSE(cluster.await_ready());
}

class Ears : public Relay::Heard {
 public:
  void rung(std::string_view destination) override { note('r', destination); }
  void told(std::string_view text) override { note('t', text); }
  void roused() override { note('!', std::to_string(++roused_)); }
  bool await(const std::string& what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kSoon, [&] { return heard_.contains(what); });
  }

 private:
  void note(char what, std::string_view text) {
    const std::lock_guard lock(mutex_);
    heard_.insert(what + std::string(text));
    changed_.notify_all();
  }
  int roused_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> heard_;
};

TEST_F(RedisCluster, RelaysHearEachOtherOverAnyNodes) {
  Ears one_hears, other_hears;
  RedisRelay one(cluster.address(0), prefix, 1), other(cluster.address(1), prefix, 2);
  one.start(one_hears);
  other.start(other_hears);
  ASSERT_TRUE(one_hears.await("!1"));
  ASSERT_TRUE(other_hears.await("!1"));
  one.tell("from one");
  other.ring("q");
  EXPECT_TRUE(other_hears.await("tfrom one"));
  EXPECT_TRUE(one_hears.await("rq"));
  cluster.kill(0);
  EXPECT_TRUE(one_hears.await("!2"));
  one.ring("after");
  other.tell("still there");
  EXPECT_TRUE(other_hears.await("rafter"));
  EXPECT_TRUE(one_hears.await("tstill there"));
  one.end();
  other.end();
  ASSERT_FALSE(cluster.restart(0));
  ASSERT_FALSE(cluster.await_ready());
}

}  // namespace
}  // namespace reference::stores::redis
