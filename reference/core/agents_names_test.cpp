// What an agent, a workspace and a message may be called, and whose a destination is. AGT-5, AGT-6.
#include <gtest/gtest.h>

#include "reference/core/agents.hpp"

namespace reference::core {
namespace {

TEST(AgentNames, HoldNoColonNoSignOfAPatternAndFitTheirInbox) {
  for (const auto* id : {"a", "agent_123", "é.b-c", " a", "A>B"})
    EXPECT_TRUE(is_agent_id(id, 255)) << id;
  for (const auto* id : {"", "a:b", ":", "a*", "?", "[a", "a]", "a\\"})
    EXPECT_FALSE(is_agent_id(id, 255)) << id;
  EXPECT_FALSE(is_agent_id(std::string_view("a\0", 2), 255));
  EXPECT_TRUE(is_agent_id(std::string(243, 'a'), 255));
  EXPECT_FALSE(is_agent_id(std::string(244, 'a'), 255));
}

TEST(AgentNames, OfWorkspacesOnlyHaveToFit) {
  EXPECT_TRUE(is_workspace_id("a:b*", 255));
  EXPECT_FALSE(is_workspace_id("", 255));
  EXPECT_FALSE(is_workspace_id(std::string(246, 'w'), 255));
}

TEST(AgentNames, AnInboxAndAWorkspaceAreSomebodysOwn) {
  EXPECT_EQ(inbox_owner("agent:a:inbox"), "a");
  EXPECT_EQ(inbox_owner("agent:a:b:inbox"), "a:b");
  EXPECT_EQ(inbox_owner("agent::inbox"), "");
  for (const auto* name :
       {"agent:inbox", "agent:a", "Agent:a:inbox", "agent:a:inbox ", "broadcast"})
    EXPECT_FALSE(inbox_owner(name)) << name;
  EXPECT_EQ(workspace_of("workspace:w"), "w");
  EXPECT_EQ(workspace_of("workspace:"), "");
  EXPECT_FALSE(workspace_of("workspaces:w"));
}

TEST(AgentNames, MessagesAreOfFourTypes) {
  for (const auto* type : {"request", "response", "notification", "command"})
    EXPECT_TRUE(is_message_type(type));
  for (const auto* type : {"", "Request", "requests", "event"}) EXPECT_FALSE(is_message_type(type));
}

}  // namespace
}  // namespace reference::core
