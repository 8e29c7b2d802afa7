// What the tests over every store share: a store of the parameter's kind, on a clock that the test
// moves, and short ways to its methods.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"
#include "reference/stores/postgres/dsn.hpp"
#include "reference/stores/postgres/local_server.hpp"
#include "reference/stores/postgres/payload_store.hpp"
#include "reference/stores/postgres/queue_store.hpp"
#include "reference/stores/redis/payload_store.hpp"
#include "reference/stores/redis/queue_store.hpp"
#include "reference/stores/redis/test_cluster.hpp"
#include "reference/stores/redis/test_server.hpp"
#include "reference/stores/sqlite/database.hpp"
#include "reference/stores/sqlite/payload_store.hpp"
#include "reference/stores/sqlite/queue_store.hpp"
#include "reference/stores/temporary.hpp"

namespace reference::stores {

using core::Ms;

class ManualClock : public Clock {
 public:
  [[nodiscard]] core::Instant now() const override { return ms; }
  core::Instant ms = 1'000'000;
};

/// A message to destination "q", its body made of its id.
inline core::Enqueue message(const std::string& id, std::int64_t rank = 0) {
  core::Enqueue op;
  op.id = id;
  op.destination = "q";
  op.event = R"({"id":"1"})";
  op.body = {core::BodyKind::text, "body of " + id};
  op.size = op.body.bytes.size();
  op.digest = core::sha256(op.body.bytes);
  op.rank = rank;
  op.ttl = Ms(100'000);
  op.ttl_max = Ms(1'000'000);
  return op;
}

enum class Kind : std::uint8_t { memory, sqlite, postgres, redis, redis_cluster };

/// The server of this process' tests, started by the first that wants it.
inline postgres::LocalServer& postgres_server() {
  static postgres::LocalServer server;
  return server;
}

/// The cluster of this process' tests, started by the first that wants it.
class SharedCluster {
 public:
  SharedCluster() : why_(cluster_.start()) {}
  redis::TestCluster& operator*() { return cluster_; }
  redis::TestCluster* operator->() { return &cluster_; }
  /// Why it is not there.
  [[nodiscard]] const redis::TestCluster::Failed& why() const { return why_; }

 private:
  redis::TestCluster cluster_;
  redis::TestCluster::Failed why_;
};

inline SharedCluster& redis_cluster() {
  static SharedCluster cluster;
  return cluster;
}

/// How the keys of this process' next test begin.
inline std::string next_prefix() {
  static int made = 0;
  return "test-" + std::to_string(++made) + ':';
}

/// A schema of a test's own on that server.
class PostgresSchema {
 public:
  PostgresSchema() : name_("test " + std::to_string(++made_)) {}
  PostgresSchema(const PostgresSchema&) = delete;
  PostgresSchema& operator=(const PostgresSchema&) = delete;
  ~PostgresSchema() {
    postgres::Connection connection(dsn());
    connection.open();
    connection.execute("DROP SCHEMA IF EXISTS \"" + name_ + "\" CASCADE");
  }
  /// What a store is opened with to work in it.
  [[nodiscard]] std::string dsn() const {
    return *postgres::complete_dsn(postgres_server().address(), "", name_);
  }

 private:
  static inline int made_ = 0;
  std::string name_;
};

class Stores : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::redis) {
      if (!redis::TestServer::installed()) GTEST_SKIP() << "no redis-server: run scripts/setup";
      const auto failed = redis_server.start();
      ASSERT_FALSE(failed) << *failed;
    }
    if (GetParam() == Kind::redis_cluster) {
      if (!redis::TestServer::installed()) GTEST_SKIP() << "no redis-server: run scripts/setup";
      ASSERT_FALSE(redis_cluster().why()) << *redis_cluster().why();
    }
    if (GetParam() == Kind::postgres) {
      if (!postgres::LocalServer::installed()) GTEST_SKIP() << "no PostgreSQL: run scripts/setup";
      ASSERT_FALSE(postgres_server().why()) << *postgres_server().why();
      schema = std::make_unique<PostgresSchema>();
    }
    open();
  }

  // Opens, or opens again as a restart does.
  void open() {
    switch (GetParam()) {
      case Kind::memory:
        open_memory();
        break;
      case Kind::sqlite:
        open_sqlite();
        break;
      case Kind::postgres:
        open_postgres();
        break;
      case Kind::redis:
        open_redis(redis_server.address());
        break;
      case Kind::redis_cluster:
        open_redis(redis_cluster()->address(opened_++ % redis::TestCluster::kNodes));
        break;
    }
    ASSERT_TRUE(queues && payloads);
    const auto ready = payloads->migrate();
    ASSERT_TRUE(ready) << (ready ? "" : ready.error().detail());
    const auto migrated = queues->migrate();
    ASSERT_TRUE(migrated) << (migrated ? "" : migrated.error().detail());
  }
  // Its data is the objects themselves: they stay.
  void open_memory() {
    if (queues) return;
    queues = std::make_unique<memory::MemoryQueueStore>(clock, expiry);
    payloads = std::make_unique<memory::MemoryPayloadStore>(clock);
  }
  void open_sqlite() {
    queues.reset();
    payloads.reset();
    auto database = sqlite::Database::open(directory.path());
    ASSERT_TRUE(database) << database.error().detail();
    queues = std::make_unique<sqlite::SqliteQueueStore>(*database, clock, expiry);
    payloads = std::make_unique<sqlite::SqlitePayloadStore>(*database, clock);
  }
  void open_postgres() {
    queues.reset();
    payloads.reset();
    queues = std::make_unique<postgres::PostgresQueueStore>(schema->dsn(), expiry, &clock);
    payloads = std::make_unique<postgres::PostgresPayloadStore>(schema->dsn(), &clock);
  }
  void open_redis(const redis::Address& address) {
    queues.reset();
    payloads.reset();
    const auto connection = [&] { return std::make_shared<redis::Connection>(address); };
    queues = std::make_unique<redis::RedisQueueStore>(connection(), prefix, expiry, &clock);
    payloads = std::make_unique<redis::RedisPayloadStore>(connection(), prefix, &clock);
  }

  core::Answer apply(core::QueueOp op) {
    core::Step step;
    step.ops.push_back(std::move(op));
    auto answers = queues->apply(std::span(&step, 1), shift);
    EXPECT_TRUE(answers) << (answers ? "" : answers.error().detail());
    return answers ? answers->front() : core::Answer{};
  }
  std::vector<core::Taken> lease(int count, Ms term = Ms(1'000),
                                 const std::string& group = "default",
                                 std::uint64_t bytes = 1'000'000) {
    core::Lease op{"q", group, {{next_token, count, term}}, bytes};
    next_token += 100;
    auto answer = apply(op);
    dry = answer.dry;
    return answer.taken;
  }
  core::Swept sweep(int at_most = 100) {
    auto swept = queues->sweep(at_most, 3, shift);
    EXPECT_TRUE(swept) << (swept ? "" : swept.error().detail());
    return swept ? *swept : core::Swept{};
  }
  template <typename T>
  T look(const core::Question& question) {
    auto view = queues->look(question, shift);
    EXPECT_TRUE(view) << (view ? "" : view.error().detail());
    return std::get<T>(*view);
  }
  core::Counts counts(const std::string& group = "default") {
    const auto n = look<core::Counts>(core::AskCounts{"q", group});
    EXPECT_EQ(n.accepted,
              n.acked + n.ready + n.leased + n.delayed + n.dead + n.expired + n.deleted);
    return n;
  }
  core::Status status(const std::string& id) {
    return look<core::MessageView>(core::AskMessage{id, false}).status;
  }
  static std::vector<std::string> ids(const std::vector<core::Taken>& taken) {
    std::vector<std::string> all;
    for (const auto& one : taken) all.push_back(one.id);
    return all;
  }

  TemporaryDirectory directory;
  redis::TestServer redis_server;
  const std::string prefix = next_prefix();  ///< of keys in Redis
  std::unique_ptr<PostgresSchema> schema;
  ManualClock clock;
  core::Shift shift{0};
  core::Expiry expiry;  ///< Taken when the store is opened.
  std::unique_ptr<QueueStore> queues;
  std::unique_ptr<PayloadStore> payloads;
  std::uint64_t next_token = 1'000;
  bool dry = false;

 private:
  std::size_t opened_ = 0;
};

using Ids = std::vector<std::string>;

inline std::string kind_name(const ::testing::TestParamInfo<Kind>& kind) {
  switch (kind.param) {
    case Kind::memory:
      return "memory";
    case Kind::sqlite:
      return "sqlite";
    case Kind::postgres:
      return "postgres";
    case Kind::redis:
      return "redis";
    case Kind::redis_cluster:
      return "redis_cluster";
  }
  return "unknown";
}

inline const auto kEveryStore =
    ::testing::Values(Kind::sqlite, Kind::memory, Kind::postgres, Kind::redis, Kind::redis_cluster);

}  // namespace reference::stores
