// Agents: inboxes, workspaces, names, and what a stranger learns of them. AGT-1..6, SEC-7.
#include <gtest/gtest.h>

#include "reference/core/rig.hpp"

namespace reference::core {
namespace {

constexpr const char* kInbox = "agent:ann:inbox";

class Agents : public ::testing::Test {
 protected:
  static std::string at(const std::string& destination, const std::string& mode) {
    return R"({"destination":")" + destination + R"(","mode":")" + mode + "\"}";
  }
  static std::string of(const std::string& destination) {
    return R"({"destination":")" + destination + "\"}";
  }
  void publish(Conn from, const std::string& destination, const std::string& mode = "queue",
               const std::string& attributes = "") {
    rig.ok(from, "bus/publish", message(destination, "1", mode, "", attributes));
  }
  std::string refused(Conn from, const std::string& attributes) {
    return rig.error(from, "bus/publish", message("q", "1", "queue", "", attributes));
  }

  Rig rig;
  Conn ann = rig.connect_as("ann", R"(,"workspace_id":"w")");
  Conn bob = rig.connect_as("bob");
  Conn nobody = rig.connect();
};

TEST_F(Agents, AnInboxIsItsOwnersAloneAndWaits) {
  publish(nobody, kInbox);
  for (const Conn other : {bob, nobody, rig.connect_as("Ann"), rig.connect_as("ann2")})
    for (const auto* mode : {"queue", "topic"})
      EXPECT_EQ(rig.error(other, "bus/subscribe", at(kInbox, mode)), "forbidden");
  rig.ok(ann, "bus/subscribe", at(kInbox, "queue"));
  EXPECT_EQ(rig.waiting(ann), 1U);
}

TEST_F(Agents, TwoConnectionsOfOneAgentShareItsInbox) {
  const Conn again = rig.connect_as("ann");
  rig.ok(ann, "bus/subscribe", at(kInbox, "queue"));
  rig.ok(again, "bus/subscribe", at(kInbox, "queue"));
  for (int i = 0; i < 6; ++i) publish(bob, kInbox);
  EXPECT_EQ(rig.waiting(ann) + rig.waiting(again), 6U);
  EXPECT_GT(rig.waiting(again), 0U);
}

TEST_F(Agents, AWorkspaceIsItsMembersAndBroadcastIsEverybodys) {
  const Conn member = rig.connect_as("eve", R"(,"workspace_id":"w")");
  const Conn outsider = rig.connect_as("fay", R"(,"workspace_id":"W")");
  for (const Conn other : {bob, nobody, outsider})
    EXPECT_EQ(rig.error(other, "bus/subscribe", at("workspace:w", "topic")), "forbidden");
  for (const Conn each : {ann, member}) rig.ok(each, "bus/subscribe", at("workspace:w", "topic"));
  for (const Conn each : {ann, member, bob, nobody, outsider})
    rig.ok(each, "bus/subscribe", at("broadcast", "topic"));
  publish(bob, "workspace:w", "topic");
  publish(bob, "broadcast", "topic");
  EXPECT_EQ(rig.waiting(ann), 2U);
  EXPECT_EQ(rig.waiting(member), 2U);
  EXPECT_EQ(rig.waiting(outsider), 1U);
  EXPECT_EQ(rig.waiting(nobody), 1U);
}

TEST_F(Agents, APatternReachesOnlyWhatItsSubscriberMayKnow) {
  for (const Conn each : {ann, bob, nobody})
    rig.ok(each, "bus/subscribe", R"({"pattern":"*","mode":"topic"})");
  publish(nobody, kInbox, "topic");
  publish(nobody, "workspace:w", "both");
  publish(nobody, "agent:ann", "topic");
  EXPECT_EQ(rig.waiting(ann), 3U);
  EXPECT_EQ(rig.waiting(bob), 1U);
  EXPECT_EQ(rig.waiting(nobody), 1U);
}

TEST_F(Agents, NobodySpeaksInAnothersName) {
  EXPECT_EQ(refused(ann, R"(,"fromagent":"bob")"), "forbidden");
  EXPECT_EQ(refused(ann, R"(,"fromagent":"")"), "forbidden");
  EXPECT_EQ(refused(nobody, R"(,"fromagent":"ann")"), "forbidden");
  publish(ann, "q", "queue", R"(,"fromagent":"ann")");
  const auto batch = rig.call(ann, "bus/publish_batch",
                              "{\"items\":[" + message("q", "1") + ',' +
                                  message("q", "1", "queue", "", R"(,"fromagent":"bob")") + "]}");
  EXPECT_EQ(batch.at("error").at("data").at("kind").as_string(), "forbidden");
  EXPECT_EQ(batch.at("error").at("data").at("index").as_int64(), 1);
  EXPECT_EQ(rig.ok(ann, "bus/pending", of("q")).at("ready").as_int64(), 1);
}

TEST_F(Agents, MessagesAreOfKnownTypes) {
  for (const auto* type : {"request", "response", "notification", "command"})
    publish(ann, "q", "queue", std::string(R"(,"messagetype":")") + type + '"');
  for (const auto* type : {R"("gossip")", R"("Request")", R"("")", "1"})
    EXPECT_EQ(refused(ann, std::string(R"(,"messagetype":)") + type), "invalid_argument");
}

TEST_F(Agents, OddNamesAreRefusedAtHello) {
  const Conn odd = rig.connect(false);
  const auto hello = [&](const std::string& more) {
    return rig.error(odd, "bus/hello",
                     R"({"protocol":["1.0"],"client":{"name":"t","version":"1"},)" + more + "}");
  };
  for (const auto* id : {"a:b", "*", "", "a?", "[a]"})
    EXPECT_EQ(hello(std::string(R"("agent_id":")") + id + '"'), "invalid_argument");
  EXPECT_EQ(hello(R"("workspace_id":"")"), "invalid_argument");
  EXPECT_EQ(hello(R"("agent_id":7)"), "-32602");
  EXPECT_EQ(hello(R"("agent_id":"fine")"), "none");
}

TEST_F(Agents, AStrangerLearnsNothingOfAnInbox) {
  publish(nobody, kInbox, "queue", R"(,"correlationid":"c")");
  publish(nobody, "open", "queue", R"(,"correlationid":"c")");
  rig.ok(ann, "bus/subscribe", at(kInbox, "topic"));
  for (const auto* method : {"bus/pending", "bus/dead_letters", "bus/redrive", "bus/purge"}) {
    EXPECT_EQ(rig.error(bob, method, of(kInbox)), "forbidden") << method;
    EXPECT_EQ(rig.error(ann, method, of(kInbox)), "none") << method;
  }
  const auto listed = [&](Conn who) {
    return rig.ok(who, "bus/correlated", R"({"correlation_id":"c"})").at("messages").as_array();
  };
  EXPECT_EQ(listed(ann).size(), 2U);
  ASSERT_EQ(listed(bob).size(), 1U);
  EXPECT_EQ(listed(bob)[0].at("destination").as_string(), "open");
  const auto known = [&](Conn who, const std::string& params) {
    return rig.ok(who, "bus/stats", params).at("destinations").as_object().contains(kInbox);
  };
  for (const auto& params : {std::string("{}"), of(kInbox)}) {
    EXPECT_TRUE(known(ann, params));
    EXPECT_FALSE(known(bob, params));
  }
}

}  // namespace
}  // namespace reference::core
