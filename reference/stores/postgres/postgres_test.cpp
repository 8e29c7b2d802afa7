// What PostgreSQL adds to the store suite: a schema that many nodes bring up at once, rows that a
// session alone may see, leases that nodes share, a server that goes away. Rules DUR-6, DUR-7,
// NODE-1, NODE-2, SEC-3.
//
// Method: the schema asked by SQL, two stores over one schema, and a server that is killed.
#include <future>
#include <thread>

#include "reference/stores/postgres/migration.hpp"
#include "reference/stores/store_fixture.hpp"

namespace reference::stores::postgres {
namespace {

using core::Shift;

class Postgres : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!LocalServer::installed())
      GTEST_SKIP() << "PostgreSQL is not installed: its store stays untested";
    ASSERT_FALSE(postgres_server().why()) << *postgres_server().why();
    schema = std::make_unique<PostgresSchema>();
  }
  static core::Enqueue message(const std::string& id, std::optional<std::string> session = {}) {
    core::Enqueue op;
    op.id = id;
    op.destination = "q";
    op.event = R"({"id":"1","source":"s","toolname":"hammer","note":"nul \u0000"})";
    op.body = {core::BodyKind::text, "body"};
    op.ttl = Ms(100'000);
    op.session = std::move(session);
    return op;
  }
  static core::Result<std::vector<core::Answer>> apply(QueueStore& store, core::QueueOp op) {
    const core::Step step{{std::move(op)}};
    return store.apply(std::span(&step, 1), Shift(0));
  }
  static std::vector<core::Taken> lease(QueueStore& store, int count, std::uint64_t token) {
    const auto answers =
        apply(store, core::Lease{"q", "default", {{token, count, Ms(60'000)}}, 9'999});
    EXPECT_TRUE(answers) << answers.error().detail();
    return answers ? answers->front().taken : std::vector<core::Taken>();
  }
  std::string ask(const std::string& sql) {
    Connection connection(schema->dsn());
    connection.open();
    const auto rows = connection.execute(sql);
    std::string all;
    for (int row = 0; row < rows.size(); ++row)
      all += (row == 0 ? "" : ",") + std::string(rows.text(row, 0));
    return all;
  }
  std::unique_ptr<PostgresSchema> schema;
};

TEST_F(Postgres, SchemaIsMadeByManyAtOnce) {
  std::vector<std::future<bool>> nodes;
  for (int i = 0; i < 6; ++i)
    nodes.push_back(
        std::async(std::launch::async, [&] { return migrate(schema->dsn()).has_value(); }));
  for (auto& node : nodes) EXPECT_TRUE(node.get());
  EXPECT_EQ(ask("SELECT version FROM message_bus_schema"), "4");
  EXPECT_EQ(ask("SELECT count(*) FROM pg_indexes WHERE tablename = 'message_bus' "
                "AND schemaname = current_schema()"),
            "9");
}

TEST_F(Postgres, SchemaOfANewerVersionIsLeftAlone) {
  ASSERT_TRUE(migrate(schema->dsn()));
  ask("UPDATE message_bus_schema SET version = 99 RETURNING version");
  const auto refused = migrate(schema->dsn());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail().find("schema 99"), std::string::npos)
      << refused.error().detail();
  EXPECT_EQ(ask("SELECT version FROM message_bus_schema"), "99");
}

TEST_F(Postgres, RowsAreSeenByTheirSessionAlone) {
  PostgresQueueStore store(schema->dsn());
  ASSERT_TRUE(store.migrate());
  ASSERT_TRUE(apply(store, message("a", "one")));
  ASSERT_TRUE(apply(store, message("b", "two")));
  ASSERT_TRUE(apply(store, message("c")));
  const std::string as_bus = "BEGIN; SET LOCAL ROLE message_bus_app; ";
  const std::string ids = "SELECT transaction_id FROM message_bus ORDER BY seq";
  EXPECT_EQ(ask(as_bus + ids), "") << "nobody has said whose messages it is about";
  EXPECT_EQ(ask(as_bus + "SELECT set_session_context('one'); " + ids), "a");
  EXPECT_EQ(ask(as_bus + "SELECT set_session_context('all'); " + ids), "");
  EXPECT_EQ(ask(as_bus + "SELECT set_session_context(NULL); " + ids), "a,b,c");
  EXPECT_EQ(ask(as_bus + "SELECT set_session_context('one'); DELETE FROM message_bus "
                         "RETURNING transaction_id"),
            "a");
  EXPECT_EQ(ask(as_bus + "SELECT set_session_context('one'); SELECT id FROM message_bus_group"),
            "");
  EXPECT_THROW(ask(as_bus + "SELECT set_session_context('one'); INSERT INTO message_bus "
                            "SELECT * FROM message_bus; UPDATE message_bus SET session_id = 'two'"),
               Failure);
  EXPECT_EQ(ask("SELECT count(*) FROM pg_policies WHERE tablename = 'message_bus' "
                "AND schemaname = current_schema()"),
            "4");
  EXPECT_EQ(ask("SELECT relforcerowsecurity FROM pg_class WHERE oid = 'message_bus'::regclass"),
            "t");
}

TEST_F(Postgres, WhatPeopleLookForStandsInColumns) {
  PostgresQueueStore store(schema->dsn());
  ASSERT_TRUE(store.migrate());
  ASSERT_TRUE(apply(store, message("a", std::string("nul \0 \\", 7))));
  EXPECT_EQ(ask("SELECT concat_ws('|', session_id, tool_name, status, metadata->>'source', "
                "metadata->>'note', compression_type) FROM message_bus"),
            R"(nul \0 \\|hammer|pending|s|nul \0|none)");
}

TEST_F(Postgres, PiecesAreReadByTheSizeTheyWereStoredIn) {
  PostgresQueueStore store(schema->dsn());
  ASSERT_TRUE(store.migrate());
  auto op = message("a");
  op.chunk = 262'144;
  ASSERT_TRUE(apply(store, op));
  const auto found = store.look(core::AskMessage{"a", false}, Shift(0));
  ASSERT_TRUE(found) << found.error().detail();
  EXPECT_EQ(std::get<core::MessageView>(found.value()).chunk, op.chunk);
}

TEST_F(Postgres, BytesAreFetchedAsTheyAre) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const std::string name = "it's \\ a name";
  PostgresPayloadStore store(schema->dsn());
  ASSERT_TRUE(store.migrate());
  const core::Piece piece{core::Codec::none, bytes.size(), core::sha256(bytes), bytes};
  const std::vector<core::Piece> both{piece, piece};
  ASSERT_TRUE(store.put(name, both, Ms(100'000), Shift(0)));
  for (const auto& [first, count] : {std::pair{0U, 5U}, std::pair{1U, 1U}}) {
    const auto found = store.pieces(name, first, count);
    ASSERT_TRUE(found) << found.error().detail();
    ASSERT_EQ(found->size(), 2 - first);
    EXPECT_EQ(found->back().stored, bytes);
    EXPECT_EQ(found->back().digest, piece.digest);
    EXPECT_EQ(found->back().size, bytes.size());
  }
  EXPECT_TRUE(store.pieces("another", 0, 5).value().empty());
  Connection connection(schema->dsn());
  EXPECT_FALSE(connection.read("SELECT nonsense"));
  EXPECT_EQ(connection.read("SELECT 'it''s'::text, '\\x00ff'::bytea").value().text(0, 1),
            std::string_view("\0\xff", 2));
}

TEST_F(Postgres, NodesShareAQueueButNoLease) {
  PostgresQueueStore one(schema->dsn());
  ASSERT_TRUE(one.migrate());
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(apply(one, message(id)));
  const auto first = lease(one, 2, 7);
  ASSERT_EQ(first.size(), 2U);
  auto two = std::make_unique<PostgresQueueStore>(schema->dsn());
  ASSERT_TRUE(two->migrate());
  const auto second = lease(*two, 5, 7);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].id, "c");
  EXPECT_EQ(apply(*two, core::Ack{first[0].copy})->front().refused, core::Refusal::lease_lost);
  EXPECT_FALSE(apply(one, core::Ack{first[0].copy})->front().refused);
  two.reset();
  PostgresQueueStore three(schema->dsn());
  ASSERT_TRUE(three.migrate());
  ASSERT_TRUE(three.sweep(100, 5, Shift(0)));
  const auto freed = lease(three, 5, 7);
  ASSERT_EQ(freed.size(), 1U) << "the second node is gone, the first is not";
  EXPECT_EQ(freed[0].id, "c");
  EXPECT_EQ(freed[0].attempt, 2);
}

TEST_F(Postgres, NodesThatPublishAtOnceLoseNothing) {
  constexpr int kNodes = 3;
  constexpr int kBatches = 20;
  {
    PostgresQueueStore first(schema->dsn());
    ASSERT_TRUE(first.migrate());
  }
  std::vector<std::future<int>> nodes;
  for (int node = 0; node < kNodes; ++node)
    nodes.push_back(std::async(std::launch::async, [&, node] {
      PostgresQueueStore store(schema->dsn());
      if (!store.migrate()) return 0;
      int accepted = 0;
      for (int i = 0; i < kBatches; ++i) {
        core::Step step{{message(fmt::format("{}-{}", node, i))}};
        auto other = message(fmt::format("{}-{} elsewhere", node, i));
        other.destination = "q" + std::to_string(i % 3);
        const std::vector<core::Step> batch{step, {{other}}};
        const auto answers = store.apply(batch, Shift(0));
        EXPECT_TRUE(answers) << answers.error().detail();
        if (answers) accepted += 2;
      }
      return accepted;
    }));
  int accepted = 0;
  for (auto& node : nodes) accepted += node.get();
  EXPECT_EQ(accepted, kNodes * kBatches * 2);
  EXPECT_EQ(ask("SELECT sum(ready) FROM message_bus_group"), std::to_string(accepted));
  EXPECT_EQ(ask("SELECT count(*) FROM message_bus_owed"), std::to_string(accepted));
  EXPECT_EQ(ask("SELECT sum(published) FROM message_bus_total"), std::to_string(accepted));
}

TEST_F(Postgres, CleansUpByItselfAndKeepsAnArchive) {
  PostgresQueueStore store(schema->dsn());
  ASSERT_TRUE(store.migrate());
  auto mortal = message("a");
  mortal.ttl = Ms(1);
  ASSERT_TRUE(apply(store, mortal));
  ASSERT_TRUE(apply(store, message("b")));
  EXPECT_EQ(ask("SELECT expired FROM cleanup_expired_messages(10, message_bus_ms(now()) + 1000)"),
            "a");
  EXPECT_EQ(ask("SELECT transaction_id FROM message_bus_archive"), "a");
  EXPECT_EQ(ask("SELECT expired FROM message_bus_maintenance_log"), "1");
  EXPECT_EQ(ask("SELECT transaction_id FROM message_bus"), "b");
  EXPECT_EQ(ask("SELECT expired FROM message_bus_group"), "1");
}

/// With a server that may be killed.
class PostgresThatFails : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!LocalServer::installed())
      GTEST_SKIP() << "PostgreSQL is not installed: its store stays untested";
    ASSERT_FALSE(server.why()) << *server.why();
  }
  LocalServer server;
};

TEST_F(PostgresThatFails, IsConnectedToAgain) {
  PostgresQueueStore store(*complete_dsn(server.address(), ""));
  ASSERT_TRUE(store.migrate());
  const core::Step step{{core::Join{"q", "g"}}};
  server.kill();
  const auto refused = store.apply(std::span(&step, 1), Shift(0));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().definite()) << refused.error().detail();
  server.start();
  ASSERT_FALSE(server.why()) << *server.why();
  const auto done = store.apply(std::span(&step, 1), Shift(0));
  EXPECT_TRUE(done) << done.error().detail();
}

TEST_F(PostgresThatFails, InItsCommitMayHaveCommitted) {
  const auto dsn = *complete_dsn(server.address(), "");
  PostgresQueueStore store(dsn);
  ASSERT_TRUE(store.migrate());
  Connection watcher(dsn);
  watcher.open();
  watcher.execute(
      "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';"
      "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON message_bus_group "
      "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()");
  auto answer = std::async(std::launch::async, [&] {
    const core::Step step{{core::Join{"q", "g"}}};
    return store.apply(std::span(&step, 1), Shift(0));
  });
  const char* committing =
      "SELECT FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(9);
  while (watcher.execute(committing).size() == 0)
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "no commit was seen under way";
  server.kill();
  const auto answered = answer.get();
  ASSERT_FALSE(answered);
  EXPECT_FALSE(answered.error().definite()) << answered.error().detail();
}

TEST(PostgresAddress, SaysWhatIsWrongWithIt) {
  const auto why = [](const std::string& address) {
    const auto dsn = complete_dsn(address, "");
    return dsn ? "nothing" : dsn.error().detail();
  };
  EXPECT_EQ(why("postgresql://bus@127.0.0.1:5432/postgres"), "nothing");
  EXPECT_EQ(why("host=127.0.0.1 user=bus"), "nothing");
  EXPECT_NE(why("https://project.supabase.co").find("not that of a web interface"),
            std::string::npos);
  EXPECT_NE(why("nonsense").find("no address"), std::string::npos);
  const auto odd = why("postgresql://bus:secret@[::1/postgres");
  EXPECT_NE(odd.find("no address"), std::string::npos);
  EXPECT_EQ(odd.find("secret"), std::string::npos) << odd;
}

TEST(PostgresAddress, TakesThePasswordWhereItHoldsNone) {
  EXPECT_NE(complete_dsn("postgresql://bus@h/d", "it's")->find("password='it\\'s'"),
            std::string::npos);
  EXPECT_NE(complete_dsn("postgresql://bus:own@h/d", "key")->find("password='own'"),
            std::string::npos);
  EXPECT_EQ(shown_dsn("postgresql://bus:own@h:1/d"),
            "PostgreSQL (host=h port=1 dbname=d user=bus)");
}

TEST(PostgresAddress, NamesASchemaHoweverLong) {
  const auto options = [](const std::string& schema) {
    return *complete_dsn("host=h", "", schema);
  };
  EXPECT_NE(options("a b").find(R"(options='-csearch_path="a\\ b"')"), std::string::npos)
      << options("a b");
  const std::string shared(100, 's');
  EXPECT_NE(options(shared + "1"), options(shared + "2"));
  EXPECT_EQ(options(shared).find(shared), std::string::npos);
}

TEST(PostgresAddress, WhereNobodyListensIsSaidAtOnce) {
  const auto found = survey(*complete_dsn("host=127.0.0.1 port=1 user=bus", ""));
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().detail().find("127.0.0.1"), std::string::npos);
}

TEST(PostgresValues, KeepEveryTextAndNoTwoMeet) {
  for (const std::string text : {"", "plain", "\\", "\\0", "a\\\\0b"})
    EXPECT_EQ(from_text(as_text(text)), text);
  const std::string nul("a\0b", 3);
  EXPECT_EQ(from_text(as_text(nul)), nul);
  EXPECT_NE(as_text(nul), as_text("a\\0b"));
  EXPECT_EQ(from_hex(as_hex(nul)), nul);
}

}  // namespace
}  // namespace reference::stores::postgres
