// Tenants learn nothing of each other: the same names, each other's ids, all that counts or lists.
// Rule SEC-1.
#include <gtest/gtest.h>

#include <functional>

#include "reference/core/rig.hpp"
#include "reference/core/tenants.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

class TenantsApart : public testing::Test {
 protected:
  TenantsApart() {
    rig.tenancy = true;
    rig.restart();
    acme = rig.connect_as("ann", R"(,"session_id":"acme")");
    rival = rig.connect_as("ann", R"(,"session_id":"acme2")");
    nobody = rig.connect();
  }

  static std::string of(const std::string& name) { return R"({"destination":")" + name + R"("})"; }
  static std::string one(const std::string& id) { return R"({"transaction_id":")" + id + R"("})"; }
  std::string publish(Conn who, const std::string& to, const std::string& mode = "queue",
                      const std::string& attributes = "") {
    const auto made = rig.ok(who, "bus/publish", message(to, "1", mode, "", attributes));
    return std::string(made.at("transaction_id").as_string());
  }
  std::string subscribe(Conn who, const std::string& to, const std::string& mode = "queue") {
    const auto made =
        rig.ok(who, "bus/subscribe", R"({"destination":")" + to + R"(","mode":")" + mode + R"("})");
    return std::string(made.at("subscription").as_string());
  }
  std::string answer(Conn who, const std::string& method, const std::string& id) {
    auto said = rig.call(who, method, one(id));
    said.erase("id");
    return json::serialize(said);
  }
  std::int64_t total(Conn who, const std::string& name) {
    return rig.ok(who, "bus/stats", "{}").at("totals").at(name).as_int64();
  }

  Rig rig;
  Conn acme{}, rival{}, nobody{};
};

TEST_F(TenantsApart, TheSameNameIsADestinationOfEach) {
  subscribe(rival, "q");
  subscribe(nobody, "q");
  subscribe(acme, "q");
  const auto id = publish(acme, "q");
  EXPECT_EQ(rig.waiting(rival), 0U);
  EXPECT_EQ(rig.waiting(nobody), 0U);
  const auto came = rig.delivery(acme);
  ASSERT_TRUE(came);
  EXPECT_EQ(came->at("transaction_id").as_string(), id);
  EXPECT_EQ(came->at("destination").as_string(), "q");
}

TEST_F(TenantsApart, AnothersIdIsAsUnknownAsOneNeverMade) {
  const auto id = publish(acme, "q", "queue", R"(,"correlationid":"c")");
  const std::string never(id.size(), '0');
  for (const Conn who : {rival, nobody}) {
    for (const auto* method : {"bus/retrieve", "bus/inspect", "bus/delete", "bus/audit"})
      EXPECT_EQ(answer(who, method, id), answer(who, method, never)) << method;
    const auto correlated = rig.ok(who, "bus/correlated", R"({"correlation_id":"c"})");
    EXPECT_TRUE(correlated.at("messages").as_array().empty());
    EXPECT_EQ(rig.ok(who, "bus/pending", of("q")).at("ready").as_int64(), 0);
    // What it is kept under, as far as that can be known.
    const std::string kept = Tenants(true).keep(Tenants(true).mark_of("acme"), id);
    EXPECT_EQ(rig.error(who, "bus/inspect", json::serialize(json::value{{"transaction_id", kept}})),
              "not_found");
  }
  EXPECT_EQ(rig.ok(acme, "bus/inspect", one(id)).at("status").as_string(), "pending");
  EXPECT_EQ(rig.ok(acme, "bus/audit", one(id)).at("records").as_array().size(), 1U);
}

TEST_F(TenantsApart, ANameThatBeginsLikeAMarkIsANameLikeAnyOther) {
  const Tenants tenants(true);
  const auto theirs = tenants.keep(tenants.mark_of("acme"), "q");
  publish(acme, "q");
  for (const auto& name : {theirs, std::string("\x1f"), std::string("\x1f\x1fq")}) {
    const auto quoted = json::serialize(json::string(name));
    const auto params = R"({"destination":)" + quoted + R"(,"mode":"queue"})";
    rig.ok(nobody, "bus/subscribe", params);
    rig.ok(nobody, "bus/publish",
           R"({"destination":)" + quoted +
               R"(,"mode":"queue","event":{"specversion":"1.0",)"
               R"("id":)" +
               quoted + R"(,"source":"/t","type":"t"}})");
    const auto came = rig.delivery(nobody);
    ASSERT_TRUE(came);
    EXPECT_EQ(came->at("destination").as_string(), name);
  }
  EXPECT_EQ(rig.ok(acme, "bus/pending", of("q")).at("ready").as_int64(), 1);
}

TEST_F(TenantsApart, PatternsAndBroadcastReachTheirOwn) {
  for (const Conn who : {acme, rival, nobody}) {
    rig.ok(who, "bus/subscribe", R"({"pattern":"*","mode":"topic"})");
    subscribe(who, "broadcast", "topic");
  }
  publish(acme, "news", "topic");
  publish(acme, "broadcast", "topic");
  EXPECT_EQ(rig.waiting(acme), 3U);
  EXPECT_EQ(rig.waiting(rival), 0U);
  EXPECT_EQ(rig.waiting(nobody), 0U);
}

TEST_F(TenantsApart, EachIsCountedForItself) {
  publish(acme, "q");
  publish(acme, "t", "topic");
  publish(nobody, "plain");
  rig.advance(Ms(200));
  EXPECT_EQ(total(acme, "published"), 1);
  EXPECT_EQ(total(acme, "topic_published"), 1);
  EXPECT_EQ(total(nobody, "published"), 1);
  EXPECT_EQ(total(nobody, "topic_published"), 0);
  const auto shown = rig.ok(rival, "bus/stats", "{}");
  EXPECT_TRUE(shown.at("destinations").as_object().empty());
  EXPECT_EQ(total(rival, "published"), 0);
  EXPECT_EQ(shown.at("payloads").at("count").as_int64(), 0);
  EXPECT_EQ(shown.at("connections").as_int64(), 1);
  EXPECT_TRUE(rig.ok(acme, "bus/stats", "{}").at("destinations").as_object().contains("q"));
  EXPECT_EQ(rig.core->connections("acme").at("count").to_number<int>(), 1);
}

TEST_F(TenantsApart, ASessionThatIsAnothersIsForbidden) {
  EXPECT_EQ(rig.error(acme, "bus/publish", message("q", "1", "queue", "", R"(,"sessionid":"x")")),
            "forbidden");
  EXPECT_EQ(rig.error(nobody, "bus/publish", message("q", "1", "queue", "", R"(,"sessionid":"x")")),
            "forbidden");
  publish(acme, "q", "queue", R"(,"sessionid":"acme")");
  const auto records = [&](Conn who) {
    return rig.ok(who, "bus/audit", R"({"session_id":"acme"})").at("records").as_array().size();
  };
  EXPECT_EQ(records(acme), 1U);
  EXPECT_EQ(records(rival), 0U);
}

TEST_F(TenantsApart, AnUploadIsItsTenants) {
  const auto made = rig.ok(acme, "bus/upload_open", R"({"datasize":3})");
  const std::string id(made.at("upload").as_string());
  const auto status = R"({"upload":")" + id + R"("})";
  EXPECT_EQ(rig.error(rival, "bus/upload_status", status), "not_found");
  rig.ok(acme, "bus/upload_append",
         R"({"upload":")" + id + R"(","offset":0,"data_base64":"YWJj"})");
  const auto sealed = rig.ok(acme, "bus/upload_commit",
                             R"({"upload":")" + id +
                                 R"(","datadigest":)"
                                 R"("sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"})");
  const std::string dataref(sealed.at("dataref").as_string());
  const auto naming = [&](const std::string& event) {
    return R"({"destination":"q","mode":"queue","event":{"specversion":"1.0","id":")" + event +
           R"(","source":"/t","type":"t","dataref":")" + dataref + R"("}})";
  };
  EXPECT_EQ(rig.error(rival, "bus/publish", naming("a")), "invalid_argument");
  const auto named = rig.ok(acme, "bus/publish", naming("b"));
  const auto read =
      rig.ok(acme, "bus/retrieve", one(std::string(named.at("transaction_id").as_string())));
  EXPECT_EQ(read.at("data_base64").as_string(), "YWJj");
  EXPECT_EQ(rig.ok(acme, "bus/stats", "{}").at("payloads").at("count").as_int64(), 1);
}

TEST_F(TenantsApart, WithoutTenancyASessionIsALabel) {
  rig.tenancy = false;
  rig.restart();
  const Conn one = rig.connect_as("ann", R"(,"session_id":"acme")");
  const Conn other = rig.connect_as("bob", R"(,"session_id":"acme2")");
  subscribe(other, "q");
  publish(one, "q", "queue", R"(,"sessionid":"x")");
  EXPECT_TRUE(rig.delivery(other));
}

}  // namespace
}  // namespace reference::core
