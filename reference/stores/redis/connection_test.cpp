// Redis connections: addresses, refusals, servers that go and come back, scripts that were
// forgotten, and what the server's configuration promises.
//
// Method: a server of the test's own, killed and started again by hand.
#include "reference/stores/redis/connection.hpp"

#include <gtest/gtest.h>

#include "reference/stores/redis/durability.hpp"
#include "reference/stores/redis/script.hpp"
#include "reference/stores/redis/test_server.hpp"

namespace reference::stores::redis {
namespace {

TEST(RedisAddress, ReadsWhatAUrlSays) {
  const auto full = parse_url("redis://me:s%20cret@[::1]:7000/3");
  ASSERT_TRUE(std::holds_alternative<Address>(full)) << std::get<std::string>(full);
  const auto& address = std::get<Address>(full);
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 7000);
  EXPECT_EQ(address.user, "me");
  EXPECT_EQ(address.password, "s cret");
  EXPECT_EQ(address.database, 3);
  EXPECT_EQ(address.text().find("cret"), std::string::npos);
  EXPECT_EQ(std::get<Address>(parse_url("redis://:p@host")).password, "p");
  EXPECT_EQ(std::get<Address>(parse_url("redis://localhost")).port, 6379);
  const auto path = std::get<Address>(parse_url("unix:///run/redis.sock?db=2"));
  EXPECT_EQ(path.socket, "/run/redis.sock");
  EXPECT_EQ(path.database, 2);
}

TEST(RedisAddress, RefusesWhatIsNone) {
  for (const auto* url : {"", "localhost:6379", "http://localhost", "redis://", "redis://h:0",
                          "redis://h:99999", "redis://h/x", "redis://h/-1", "unix:"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_url(url))) << url;
  EXPECT_NE(std::get<std::string>(parse_url("rediss://h")).find("TLS"), std::string::npos);
}

class RedisConnection : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!TestServer::installed()) GTEST_SKIP() << "no redis-server: run scripts/setup";
  }
  void start(const std::vector<std::string>& more = {}) {
    const auto failed = server.start(more);
    ASSERT_FALSE(failed) << *failed;
  }
  TestServer server;
};

TEST_F(RedisConnection, CarriesAnyBytesInOrder) {
  start();
  Connection connection(server.address());
  const std::string hostile("\r\n$5\r\n\0'\"*{}", 13);
  std::vector<Command> commands;
  commands.push_back(Command{"SET", hostile, hostile});
  commands.push_back(Command{"GET", hostile});
  commands.push_back(Command{"GET", "missing"});
  const auto replies = connection.exchange(commands);
  ASSERT_TRUE(replies);
  ASSERT_EQ(replies->size(), 3U);
  EXPECT_EQ((*replies)[1].text, hostile);
  EXPECT_EQ((*replies)[2].kind, Reply::Kind::nil);
}

TEST_F(RedisConnection, ComesBackWithTheServerAndSaysThatNothingHappenedMeanwhile) {
  start();
  Connection connection(server.address());
  ASSERT_TRUE(connection.exchange(Command{"SET", "k", "v"}));
  server.kill();
  for (int i = 0; i < 2; ++i) {
    const auto gone = connection.exchange(Command{"GET", "k"});
    ASSERT_FALSE(gone);
    EXPECT_TRUE(gone.error().definite()) << gone.error().detail();
  }
  start();
  const auto back = connection.exchange(Command{"GET", "k"});
  ASSERT_TRUE(back) << back.error().detail();
  EXPECT_EQ(back->text, "v") << "it was synced before it was answered";
}

TEST_F(RedisConnection, ALostAnswerMayHaveHappened) {
  start();
  Connection connection(server.address(), {.call = std::chrono::milliseconds(50)});
  const auto late = connection.exchange(Command{"BLPOP", "nothing", "0"});
  ASSERT_FALSE(late);
  EXPECT_FALSE(late.error().definite());
  EXPECT_TRUE(connection.exchange(Command{"PING"})) << "on a new connection";
}

TEST_F(RedisConnection, AnswersOfALostCallAreNeverTakenForTheNext) {
  start();
  Connection connection(server.address(), {.call = std::chrono::milliseconds(100)});
  ASSERT_TRUE(connection.exchange(Command{"SET", "k", "v"}));
  EXPECT_FALSE(connection.exchange(Command{"BLPOP", "nothing", "0.3"}));
  const auto next = connection.exchange(Command{"GET", "k"});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->text, "v");
}

TEST_F(RedisConnection, APasswordIsAskedForAndGiven) {
  start({"--requirepass", "secret"});
  Connection stranger(server.address());
  const auto refusal = stranger.exchange(Command{"GET", "k"});
  ASSERT_FALSE(refusal);
  EXPECT_TRUE(refusal.error().definite());
  EXPECT_NE(refusal.error().detail().find("NOAUTH"), std::string::npos);
  auto address = server.address();
  address.password = "wrong";
  const auto wrong = Connection(address).exchange(Command{"GET", "k"});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().detail().find("WRONGPASS"), std::string::npos);
  address.password = "secret";
  EXPECT_TRUE(Connection(address).exchange(Command{"GET", "k"}));
}

TEST_F(RedisConnection, ScriptsThatTheServerForgotAreToldAgain) {
  start();
  Connection connection(server.address());
  const Script script("return {KEYS[1], ARGV[1]}");
  const auto run = [&] {
    auto command = script.call("key");
    command.view("argument");
    const auto reply = script.run(connection, std::move(command));
    return reply && reply->items.size() == 2 && reply->items[1].text == "argument";
  };
  EXPECT_TRUE(run());
  EXPECT_TRUE(run());
  ASSERT_TRUE(connection.exchange(Command{"SCRIPT", "FLUSH"}));
  EXPECT_TRUE(run());
}

TEST_F(RedisConnection, RefusalsAreDefiniteAndHalfDoneScriptsAreNot) {
  start({"--maxmemory", "1kb"});
  Connection connection(server.address());
  auto full = connection.exchange(Command{"SET", "k", "v"});
  ASSERT_TRUE(full && full->is_error());
  EXPECT_TRUE(refused(*full).definite()) << full->text;
  ASSERT_TRUE(connection.exchange(Command{"CONFIG", "SET", "maxmemory", "0"}));
  const Script broken("redis.call('SET', KEYS[1], 'v') return nothing.there");
  const auto half = broken.run(connection, broken.call("k"));
  ASSERT_FALSE(half);
  EXPECT_FALSE(half.error().definite());
}

TEST_F(RedisConnection, TheConfigurationSaysWhatSurvives) {
  start();
  Connection connection(server.address());
  const auto with = [&](const std::string& name, const std::string& value) {
    const auto set = connection.exchange(Command{"CONFIG", "SET", name, value});
    EXPECT_TRUE(set && !set->is_error());
    const auto found = read_durability(connection);
    EXPECT_TRUE(found);
    return found ? *found : Durability{};
  };
  EXPECT_EQ(with("appendfsync", "always").level, "power_loss");
  EXPECT_EQ(with("no-appendfsync-on-rewrite", "yes").level, "process_crash");
  EXPECT_EQ(with("no-appendfsync-on-rewrite", "no").level, "power_loss");
  const auto everysec = with("appendfsync", "everysec");
  EXPECT_EQ(everysec.level, "process_crash");
  EXPECT_EQ(everysec.loss_window, core::Ms(2'000));
  const auto never = with("appendfsync", "no");
  EXPECT_EQ(never.level, "process_crash");
  EXPECT_FALSE(never.loss_window);
  EXPECT_EQ(with("appendonly", "no").level, "memory");
  EXPECT_EQ(with("save", "60 1000").level, "restart");
  with("maxmemory", "100mb");
  EXPECT_EQ(with("maxmemory-policy", "allkeys-lru").level, "memory");
}

}  // namespace
}  // namespace reference::stores::redis
