// Configuration: a wrong value names the variable, the value and what is allowed. Rules CFG-1,
// CFG-2.
#include "reference/config.hpp"

#include <gtest/gtest.h>

#include <map>

namespace reference {
namespace {

std::map<std::string, std::string> variables;

std::optional<std::string> lookup(const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

class Configuration : public ::testing::Test {
 protected:
  void SetUp() override { variables.clear(); }
  std::string error() {
    const auto read = read_environment(config, lookup);
    if (read) return read->message;
    const auto checked = check(config);
    return checked ? checked->message : "";
  }
  Config config;
};

TEST_F(Configuration, DefaultsAreTheDocumentedOnes) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.ttl_default, core::Ms(48LL * 3'600'000));
  EXPECT_EQ(config.limits.payload_bytes_max, 104'857'600U);
  EXPECT_EQ(config.limits.inline_bytes_max, 1'048'576U);
  EXPECT_FALSE(config.control);
}

TEST_F(Configuration, TakesWhatIsAllowed) {
  variables = {{"MESSAGE_BUS_TTL_HOURS", "1"},
               {"MESSAGE_BUS_MAX_PAYLOAD_MB", "2"},
               {"REFBUS_INLINE_BYTES_MAX", "0"},
               {"BUSPROOF_CLOCK_OFFSET_MS", "5000"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.ttl_default, core::Ms(3'600'000));
  EXPECT_EQ(config.limits.payload_bytes_max, 2'097'152U);
  EXPECT_EQ(config.limits.inline_bytes_max, 0U);
  EXPECT_EQ(config.clock_offset, core::Shift(5'000));
}

TEST_F(Configuration, TakesTheDatabaseThatIsNamed) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.store, StoreKind::sqlite);
  variables = {{"SUPABASE_URL", "postgresql://bus@host/db"}, {"SUPABASE_KEY", "secret"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.store, StoreKind::postgres);
  EXPECT_EQ(config.postgres.address, "postgresql://bus@host/db");
  EXPECT_EQ(config.postgres.password, "secret");
  variables["REFBUS_STORE"] = "sqlite";
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.store, StoreKind::sqlite);
}

TEST_F(Configuration, RefusesAStoreThatCannotBe) {
  variables = {{"REFBUS_STORE", "oracle"}};
  EXPECT_EQ(error(), "REFBUS_STORE=oracle is not allowed: sqlite, postgres or redis");
  variables = {{"REFBUS_STORE", "postgres"}};
  EXPECT_EQ(error(), "SUPABASE_URL= is not allowed: the PostgreSQL store needs an address");
  variables = {{"SUPABASE_URL", "postgresql://bus@host/db"},
               {"REFBUS_DURABILITY", "process_crash"}};
  EXPECT_NE(error().find("REFBUS_DURABILITY=process_crash is not allowed"), std::string::npos);
}

TEST_F(Configuration, PayloadsLiveWhereTheQueuesDoUnlessToldApart) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.store, StoreKind::sqlite);
  variables = {{"REFBUS_STORE", "redis"}, {"REDIS_URL", "redis://:secret@there:7000/1"}};
  EXPECT_EQ(error(), "");
  EXPECT_FALSE(config.payload_store);
  EXPECT_EQ(config.redis.host, "there");
  variables["REFBUS_PAYLOAD_STORE"] = "sqlite";
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.store, StoreKind::redis);
  EXPECT_EQ(config.payload_store, StoreKind::sqlite);
  variables["REFBUS_STORE"] = "oracle";
  EXPECT_NE(error().find("REFBUS_STORE=oracle"), std::string::npos);
}

TEST_F(Configuration, ARedisUrlThatIsNoneIsRefusedWithoutItsPassword) {
  variables = {{"REDIS_URL", "http://:secret@there"}};
  EXPECT_NE(error().find("REDIS_URL"), std::string::npos);
  EXPECT_EQ(error().find("secret"), std::string::npos);
}

TEST_F(Configuration, APrefixIsNeitherATagNorAPattern) {
  for (const auto* text : {"", "{a}:", "a*", "a b"}) {
    variables = {{"REFBUS_REDIS_PREFIX", text}};
    EXPECT_NE(error().find("REFBUS_REDIS_PREFIX"), std::string::npos) << text;
  }
  variables = {{"REFBUS_REDIS_PREFIX", "/tmp/my_bus-1.2:"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.redis_prefix, "/tmp/my_bus-1.2:");
}

TEST_F(Configuration, OnRedisNothingIsClaimedThatItDoesNotDo) {
  variables = {{"REFBUS_STORE", "redis"}, {"REFBUS_ARCHIVE", "1"}};
  EXPECT_NE(error().find("REFBUS_ARCHIVE=1"), std::string::npos);
  variables = {{"REFBUS_STORE", "redis"}, {"REFBUS_DURABILITY", "process_crash"}};
  EXPECT_NE(error().find("REFBUS_DURABILITY=process_crash is not allowed"), std::string::npos);
}

TEST_F(Configuration, DisabledAllThatFitsAMessageGoesInline) {
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(config.enabled);
  variables = {{"MESSAGE_BUS_ENABLED", "false"}, {"REFBUS_MESSAGE_BYTES_MAX", "4194304"}};
  EXPECT_EQ(error(), "");
  EXPECT_FALSE(config.enabled);
  EXPECT_EQ(config.limits.inline_bytes_max, 4'194'304U);
}

TEST_F(Configuration, SaysWhatBecomesOfTooManyAndOfTheExpired) {
  variables = {{"REFBUS_MESSAGES_MAX", "10"},
               {"REFBUS_OVERFLOW", "drop_newest"},
               {"REFBUS_ON_EXPIRY", "dead_letter"},
               {"REFBUS_ARCHIVE", "1"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.overflow, core::Overflow::drop_newest);
  EXPECT_TRUE(config.expiry.dead_letters);
  EXPECT_TRUE(config.expiry.archive);
}

TEST_F(Configuration, GzipStandsInWhereZstdIsMissing) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.compression, core::Codec::gzip);
  variables = {{"MESSAGE_BUS_COMPRESSION", "zstd"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.compression, core::Codec::zstd);
  variables["REFBUS_ZSTD"] = "0";
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.compression, core::Codec::gzip);
}

TEST_F(Configuration, SurvivesAPowerLossUnlessToldThatItNeedNot) {
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(config.power_loss);
  variables = {{"REFBUS_DURABILITY", "process_crash"}};
  EXPECT_EQ(error(), "");
  EXPECT_FALSE(config.power_loss);
  EXPECT_EQ(config.loss_window, core::Ms(500));
  variables["REFBUS_LOSS_WINDOW_MS"] = "50";
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.loss_window, core::Ms(50));
}

TEST_F(Configuration, SaysHowMuchAtOnce) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.publish_per_s, std::nullopt);
  EXPECT_EQ(config.limits.connections_max, std::nullopt);
  variables = {{"REFBUS_PUBLISH_PER_S", "200"}, {"REFBUS_CONNECTIONS_MAX", "8"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.publish_per_s, 200);
  EXPECT_EQ(config.limits.connections_max, 8);
  variables["REFBUS_PUBLISH_PER_S"] = "0";
  EXPECT_NE(error().find("REFBUS_PUBLISH_PER_S=0 is not allowed"), std::string::npos);
}

TEST_F(Configuration, SaysHowLargePayloadsAreStored) {
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.chunk_threshold_bytes, 50U * 1'048'576U);
  variables = {{"REFBUS_CHUNK_BYTES", "65536"},
               {"REFBUS_CHUNK_THRESHOLD_BYTES", "65536"},
               {"REFBUS_UPLOAD_TTL_MS", "500"},
               {"REFBUS_UPLOADS_MAX", "4"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.limits.chunk_bytes, 65'536U);
  EXPECT_EQ(config.limits.upload_ttl, core::Ms(500));
  EXPECT_EQ(config.limits.uploads_max, 4);
  variables["REFBUS_CHUNK_THRESHOLD_BYTES"] = "65535";
  EXPECT_NE(error().find("REFBUS_CHUNK_THRESHOLD_BYTES=65535 is not allowed"), std::string::npos);
}

TEST_F(Configuration, NamesWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"MESSAGE_BUS_TTL_HOURS", "0"},       {"MESSAGE_BUS_TTL_HOURS", "two"},
      {"MESSAGE_BUS_TTL_HOURS", ""},        {"MESSAGE_BUS_TTL_HOURS", "1.5"},
      {"MESSAGE_BUS_MAX_PAYLOAD_MB", "-1"}, {"MESSAGE_BUS_MAX_PAYLOAD_MB", "99999999999999999999"},
      {"MESSAGE_BUS_COMPRESSION", "lzma"},  {"REFBUS_ZSTD", "no"},
      {"BUSPROOF_CONTROL", "yes"},          {"MESSAGE_BUS_ENABLED", "no"},
      {"REFBUS_OVERFLOW", "drop"},          {"REFBUS_OVERFLOW", "drop_oldest"},
      {"REFBUS_ON_EXPIRY", "archive"},      {"REFBUS_ARCHIVE", "yes"},
      {"REFBUS_DURABILITY", "none"},        {"REFBUS_LOSS_WINDOW_MS", "0"}};
  for (const auto& [name, value] : wrong) {
    variables = {{name, value}};
    const auto message = error();
    EXPECT_NE(message.find(name + "=" + value), std::string::npos) << message;
    EXPECT_NE(message.find("is not allowed: "), std::string::npos) << message;
  }
}

TEST_F(Configuration, ControlNeedsAnAddressATokenAndLoopback) {
  variables = {{"BUSPROOF_CONTROL", "1"}};
  EXPECT_NE(error().find("BUSPROOF_CONTROL_LISTEN"), std::string::npos);
  variables["BUSPROOF_CONTROL_LISTEN"] = "127.0.0.1:0";
  EXPECT_NE(error().find("BUSPROOF_CONTROL_TOKEN"), std::string::npos);
  variables["BUSPROOF_CONTROL_TOKEN"] = "t";
  EXPECT_EQ(error(), "");
  variables["BUSPROOF_CONTROL_LISTEN"] = "0.0.0.0:1";
  EXPECT_NE(error().find("loopback"), std::string::npos);
}

TEST_F(Configuration, ListensOnLoopbackUnlessToldOtherwise) {
  config.listen.host = "0.0.0.0";
  EXPECT_NE(error().find("--insecure"), std::string::npos);
  config.insecure = true;
  EXPECT_EQ(error(), "");
}

TEST_F(Configuration, ATokenIsAsGoodAsLoopback) {
  config.listen.host = "0.0.0.0";
  variables = {{"REFBUS_AUTH", "HS256"},
               {"REFBUS_AUTH_SECRET", "a secret of two and thirty bytes"}};
  EXPECT_EQ(error(), "");
  EXPECT_TRUE(config.access.authority);
}

TEST_F(Configuration, TokensNeedTheirKey) {
  variables = {{"REFBUS_AUTH", "hs256"}};
  EXPECT_NE(error().find("REFBUS_AUTH=hs256 is not allowed"), std::string::npos);
  variables = {{"REFBUS_AUTH", "HS256"}};
  EXPECT_NE(error().find("REFBUS_AUTH_SECRET"), std::string::npos);
  variables["REFBUS_AUTH_SECRET"] = "not long enough";
  EXPECT_NE(error().find("REFBUS_AUTH_SECRET"), std::string::npos);
  EXPECT_EQ(error().find("not long enough"), std::string::npos) << "a secret is not repeated";
  variables = {{"REFBUS_AUTH", "ES256"}, {"REFBUS_AUTH_KEY", "/nowhere/key.pem"}};
  EXPECT_NE(error().find("REFBUS_AUTH_KEY=/nowhere/key.pem"), std::string::npos);
}

TEST_F(Configuration, OriginsAreWrittenAsBrowsersDo) {
  variables = {{"REFBUS_ORIGINS", "https://a.example,http://localhost:8080"}};
  EXPECT_EQ(error(), "");
  EXPECT_EQ(config.access.origins,
            (std::vector<std::string>{"https://a.example", "http://localhost:8080"}));
  for (const auto* wrong : {"a.example", "https://", "https://a.example/", "https://a.example,",
                            "https://*.example", "https://a b"}) {
    variables = {{"REFBUS_ORIGINS", wrong}};
    EXPECT_NE(error().find("REFBUS_ORIGINS"), std::string::npos) << wrong;
  }
}

TEST(Address, IsHostAndPort) {
  const auto good = std::get<server::Address>(parse_address("--listen", "[::1]:80"));
  EXPECT_EQ(good.host, "::1");
  EXPECT_EQ(good.port, 80);
  for (const auto* text : {"", "localhost", ":1", "h:", "h:x", "h:65536", "h:-1", "[]:1"})
    EXPECT_TRUE(std::holds_alternative<ConfigError>(parse_address("--listen", text))) << text;
}

}  // namespace
}  // namespace reference
