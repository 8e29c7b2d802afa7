// AGT: inboxes, workspaces, broadcast: what reaches an agent, and when.
#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "suites/checkers/agents.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/inbox.hpp"
#include "suites/families/listening.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;

// Leases short enough that what a member may have held has certainly come back when no more comes.
constexpr std::int64_t kLeaseMs = 5'000;

Subscribed open(Stage& stage, Session& session, const std::string& inbox,
                std::int64_t credit = kCredit) {
  return stage.subscribe(session, {.destination = inbox,
                                   .credit = stage.credit_for(credit),
                                   .lease_ms = lease_for(stage, kLeaseMs)});
}

/// Ids that one might be taken for the other.
std::array<std::string, 4> near_misses(Stage& stage) {
  const std::string id = stage.destination("Ann");
  std::string small = id;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return {id, small, id + "2", id.substr(0, id.size() - 1)};
}

void alone(Stage& stage) {
  constexpr int kRounds = 12;
  const auto ids = near_misses(stage);
  std::vector<Session*> sessions;
  std::vector<Consumer> consumers;
  for (const std::string& id : ids) {
    sessions.push_back(&connect_as(stage, id));
    consumers.emplace_back(stage, *sessions.back(), open(stage, *sessions.back(), inbox_of(id)));
  }
  for (int round = 0; round < kRounds; ++round)
    for (std::size_t to = 0; to < ids.size(); ++to)
      stage.publish(*sessions[(to + 1) % sessions.size()],
                    {.destination = inbox_of(ids[to]), .payload = Payload::text("direct")});
  for (std::size_t i = 0; i < ids.size(); ++i) consumers[i].fence(inbox_of(ids[i]));
}

/// Each of those may not; what comes of it the judges say.
void try_to_listen(Stage& stage, Session& session, const std::string& destination) {
  for (const char* mode : {"queue", "topic"}) {
    if (!stage.claims().has(mode)) continue;
    if (auto refused = session.subscribe({.destination = destination, .mode = mode});
        !refused && session.closed())
      return;
  }
}

void closed(Stage& stage) {
  const auto ids = near_misses(stage);
  Session& owner = connect_as(stage, ids[0], stage.destination("home"));
  Consumer consumer(stage, owner, open(stage, owner, inbox_of(ids[0])));
  for (std::size_t i = 1; i < ids.size(); ++i)
    try_to_listen(stage, connect_as(stage, ids[i]), inbox_of(ids[0]));
  // Who is called what the workspace is called is not of the workspace, nor the agent.
  try_to_listen(stage, connect_as(stage, stage.destination("guest"), ids[0]), inbox_of(ids[0]));
  try_to_listen(stage, stage.connect(), inbox_of(ids[0]));
  consumer.fence(inbox_of(ids[0]));
}

void send_some(Stage& stage, Session& sender, const std::string& inbox, int count) {
  for (int i = 0; i < count; ++i)
    for (const char* mode : {"queue", "both"})
      if (mode == std::string_view("queue") || stage.claims().has("topic"))
        stage.publish(sender,
                      {.destination = inbox, .mode = mode, .payload = Payload::text("waits")});
}

/// Twice: before the agent was ever there, and while it is away.
void waits(Stage& stage) {
  constexpr int kMessages = 8;
  const std::string id = stage.destination("away"), inbox = inbox_of(id);
  const std::size_t each =
      static_cast<std::size_t>(kMessages) * (stage.claims().has("topic") ? 2 : 1);
  Session& sender = stage.connect();
  for (int visit = 0; visit < 2; ++visit) {
    send_some(stage, sender, inbox, kMessages);
    Session& agent = connect_as(stage, id);
    Consumer consumer(stage, agent, open(stage, agent, inbox));
    consumer.count(each);
    consumer.fence(inbox);
    agent.close();
  }
}

void backlog_first(Stage& stage) {
  constexpr std::size_t kWaiting = 30;
  const std::string id = stage.destination("late"), inbox = inbox_of(id);
  Session& sender = stage.connect();
  publish_many(stage, sender, inbox, kWaiting);
  Session& agent = connect_as(stage, id);
  Consumer consumer(stage, agent, open(stage, agent, inbox, 5));
  publish_many(stage, sender, inbox, kWaiting);
  consumer.count(2 * kWaiting);
  consumer.fence(inbox);
}

void both_ways(Stage& stage) {
  constexpr std::size_t kMessages = 20;
  const std::string id = stage.destination("live"), inbox = inbox_of(id);
  Session& sender = stage.connect();
  Session& agent = connect_as(stage, id);
  const Subscribed live = stage.subscribe(agent, {.destination = inbox, .mode = "topic"});
  Consumer consumer(stage, agent, open(stage, agent, inbox));
  for (std::size_t i = 0; i < kMessages; ++i)
    stage.publish(sender, {.destination = inbox, .mode = "both", .payload = Payload::text("once")});
  consumer.count(kMessages);
  const Published last = stage.publish(sender, {.destination = inbox, .mode = "topic"});
  agent.wait(live, stage.patience(), [&](const auto& came) {
    return std::any_of(came.begin(), came.end(),
                       [&](const auto& one) { return one.message == last.message; });
  });
  consumer.fence(inbox);
}

void broadcasts(Stage& stage) {
  constexpr int kRounds = 25;
  const std::string home = stage.destination("Home"), other = home + "2";
  const std::array topics = {topic_of(home), topic_of(other), std::string("broadcast")};
  std::vector<Session*> members;
  for (int i = 0; i < 3; ++i)
    members.push_back(&connect_as(stage, stage.destination("member"), home));
  Session& neighbour = connect_as(stage, stage.destination("neighbour"), other);
  Session& stranger = connect_as(stage, stage.destination("stranger"));
  Listening listening(stage);
  for (Session* member : members) listening.subscribe(*member, topics[0]);
  listening.subscribe(neighbour, topics[1]);
  for (Session* each : {members[0], members[1], members[2], &neighbour, &stranger})
    listening.subscribe(*each, topics[2]);
  for (Session* outsider : {&neighbour, &stranger}) try_to_listen(stage, *outsider, topics[0]);
  for (int i = 0; i < kRounds; ++i)
    for (const std::string& topic : topics)
      stage.publish(i % 2 == 0 ? stranger : *members[0],
                    {.destination = topic, .mode = "topic", .payload = Payload::text("to all")});
  bool all = true;
  for (Session* sender : {&stranger, members[0]})
    for (const std::string& topic : topics) all = all && listening.fence(*sender, topic);
  // An answer behind all of it: what was never to come has had its time.
  for (Session* each : {members[0], members[1], members[2], &neighbour, &stranger})
    stage.publish(*each, {.destination = stage.destination("end"), .mode = "topic"});
}

constexpr JudgedCase kAlone[] = {{"AGT-1.only_it", checkers::judge_inbox_alone}};
constexpr JudgedCase kClosed[] = {{"AGT-1.inbox_closed", checkers::judge_inbox_closed}};
constexpr JudgedCase kWaits[] = {{"AGT-1.waits", checkers::judge_inbox_waits},
                                 {"AGT-4.later", checkers::judge_both_waits}};
constexpr JudgedCase kBroadcasts[] = {{"AGT-2.workspace", checkers::judge_workspace_reached},
                                      {"AGT-2.outsiders", checkers::judge_outsiders},
                                      {"AGT-2.everyone", checkers::judge_everyone_reached}};
constexpr JudgedCase kBacklog[] = {{"AGT-3.backlog_first", checkers::judge_backlog_first}};
constexpr JudgedCase kOnce[] = {{"AGT-4.once", checkers::judge_both_once}};

constexpr std::array kScenarios = {
    Scenario{.name = "Agents.AGT_2_broadcasts_reach_whom_they_are_for",
             .cases = kBroadcasts,
             .run = broadcasts},
    Scenario{.name = "Agents.AGT_1_AGT_4_an_inbox_waits", .cases = kWaits, .run = waits},
    Scenario{.name = "Agents.AGT_1_an_inbox_is_one_agents", .cases = kAlone, .run = alone},
    Scenario{.name = "Agents.AGT_1_an_inbox_is_closed", .cases = kClosed, .run = closed},
    Scenario{
        .name = "Agents.AGT_3_the_backlog_comes_first", .cases = kBacklog, .run = backlog_first},
    Scenario{.name = "Agents.AGT_4_both_ways_is_once", .cases = kOnce, .run = both_ways},
};

}  // namespace

std::span<const Scenario> agents() { return kScenarios; }

}  // namespace busproof::families
