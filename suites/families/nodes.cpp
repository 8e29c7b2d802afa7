// NODE, and what other rules say of another node: several processes over the same stores.
#include <algorithm>
#include <array>
#include <set>

#include "suites/checkers/nodes.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::Bus;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr int kHere = 1, kThere = 2;
constexpr milliseconds kSilence{5'500};  // Longer than what counts as a stall.
constexpr std::int64_t kLeaseMs = 600;

/// Two nodes or the end.
void two_nodes(Stage& stage) {
  stage.need_nodes(2);
  if (!stage.start_node(kThere))
    throw stage::Abandoned{contract::Verdict::blocked, "a second node does not start"};
}

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination,
                     std::optional<std::int64_t> lease_ms = {}) {
  return stage.subscribe(
      session, {.destination = destination, .credit = stage.credit_for(50), .lease_ms = lease_ms});
}

/// The fence on a destination of the session's own, behind long silence on all others: shows that
/// its node goes on.
void witness(Stage& stage, Session& session) {
  stage.let_pass(kSilence);
  const std::string own = stage.destination("w");
  Consumer consumer(stage, session, subscribe(stage, session, own));
  consumer.fence(own);
}

/// Takes what the other publishes, one by one and in bursts; each ack is answered before the next
/// publish, so that nobody is awake when it comes.
bool hand_over(Stage& stage, Session& publisher, Session& taker, const std::string& destination) {
  Consumer consumer(stage, taker, subscribe(stage, taker, destination));
  std::size_t sent = 0;
  const auto all_came = [&] { return consumer.count(sent); };
  for (int i = 0; i < 5; ++i, ++sent) {
    stage.publish(publisher, {.destination = destination, .payload = Payload::text("across")});
    if (i % 2 == 0 && !all_came()) break;
  }
  for (int i = 0; i < 10; ++i, ++sent)
    stage.publish(publisher, {.destination = destination, .payload = Payload::text("many")});
  if (all_came()) return true;
  witness(stage, taker);
  return false;
}

void queues(Stage& stage) {
  two_nodes(stage);
  Session& here = stage.connect_to_node(kHere);
  Session& there = stage.connect_to_node(kThere);
  if (!hand_over(stage, here, there, stage.destination())) return;
  if (!hand_over(stage, there, here, stage.destination())) return;
  // Accepted before anyone subscribed.
  const std::string early = stage.destination("early");
  for (int i = 0; i < 5; ++i)
    stage.publish(here, {.destination = early, .payload = Payload::text("early")});
  Consumer consumer(stage, there, subscribe(stage, there, early));
  if (!consumer.count(5)) witness(stage, there);
}

void agents(Stage& stage) {
  two_nodes(stage);
  const std::string agent = stage.destination("a");
  Session& here = stage.connect_to_node(kHere);
  Session& there = stage.connect_to_node(kThere, {{"agent_id", agent}});
  hand_over(stage, here, there, "agent:" + agent + ":inbox");
}

void publish_topic(Stage& stage, Session& session, const std::string& destination) {
  stage.publish(session,
                {.destination = destination, .mode = "topic", .payload = Payload::text("live")});
}

/// Waits until `count` came; else long enough for their absence to count, up to an answer.
void await_topic(Stage& stage, Session& session, const Subscribed& subscription,
                 std::size_t count) {
  if (!stage.wait_count(session, subscription, count))
    stage.subscribe(session, {.destination = stage.destination("x"), .mode = "topic"});
}

void topics(Stage& stage) {
  two_nodes(stage);
  const auto propagation = milliseconds(stage.claims().limit("propagation_ms").value_or(0));
  Session& here = stage.connect_to_node(kHere);
  Session& there = stage.connect_to_node(kThere);
  const std::string name = stage.destination("t");
  const auto at_there = stage.subscribe(there, {.destination = name, .mode = "topic"});
  const auto at_here = stage.subscribe(here, {.destination = name, .mode = "topic"});
  stage.let_pass(propagation + milliseconds(20));
  constexpr std::size_t kEach = 20;
  for (std::size_t i = 0; i < kEach; ++i) {
    publish_topic(stage, here, name);
    publish_topic(stage, there, name);
  }
  await_topic(stage, there, at_there, 2 * kEach);
  await_topic(stage, here, at_here, 2 * kEach);
}

std::size_t above_inline(Stage& stage) {
  return static_cast<std::size_t>(stage.claims().limit("inline_bytes_max").value_or(0)) + 1;
}

/// References of one node, delivered at either; each is read first where it was not delivered.
void references(Stage& stage) {
  two_nodes(stage);
  Session& here = stage.connect_to_node(kHere);
  Session& there = stage.connect_to_node(kThere);
  const std::string over = stage.destination("over"), back = stage.destination("back");
  Consumer at_there(stage, there, subscribe(stage, there, over));
  Consumer at_here(stage, here, subscribe(stage, here, back));
  const std::size_t size = above_inline(stage);
  const auto pass = [&](const std::string& destination, std::size_t count) {
    const Payload payload = Payload::text(std::string(size * (count + 1) / 2, 'r'));
    const Published published =
        stage.publish(here, {.destination = destination, .payload = payload});
    const bool crosses = destination == over;
    if (!(crosses ? at_there : at_here).count(count)) return false;
    for (Session* reader : crosses ? std::array{&here, &there} : std::array{&there, &here})
      if (auto bytes = reader->retrieve(published); !bytes && reader->closed()) return false;
    return true;
  };
  for (std::size_t count = 1; count <= 3; ++count)
    if (!pass(over, count) || !pass(back, count)) return;
}

/// Publishes at all nodes at once; topics first where there are some, since no store sees to it
/// that their ids differ.
void ids(Stage& stage) {
  two_nodes(stage);
  const std::string destination = stage.destination();
  std::vector<Session*> sessions;
  for (const int node : {kHere, kThere, kHere, kThere})
    sessions.push_back(&stage.connect_to_node(node));
  constexpr int kRounds = 50;
  for (const char* mode : {"topic", "queue"}) {
    if (!stage.claims().has(mode)) continue;
    std::vector<std::pair<Session*, std::uint32_t>> under_way;
    for (int i = 0; i < kRounds; ++i)
      for (Session* session : sessions)
        under_way.emplace_back(
            session,
            session->start_publish(
                {.destination = destination, .mode = mode, .payload = Payload::text("whose")}));
    for (const auto& [session, operation] : under_way)
      if (auto published = session->await_publish(operation); !published)
        stage.give_up("bus/publish", published.error());
  }
}

/// Members at both nodes compete; some hold on for a while, some until their lease is over.
void one_holder(Stage& stage) {
  two_nodes(stage);
  const std::string destination = stage.destination();
  Session& publisher = stage.connect_to_node(kHere);
  struct Member {
    Session* session;
    Subscribed subscription;
    std::size_t seen = 0;
  };
  std::vector<Member> members;
  for (const int node : {kHere, kThere, kHere, kThere}) {
    Session& session = stage.connect_to_node(node);
    members.push_back(
        {&session, stage.subscribe(session, {.destination = destination,
                                             .credit = stage.credit_for(4),
                                             .lease_ms = lease_for(stage, kLeaseMs)})});
  }
  std::set<std::uint32_t> left;
  for (const Published& one : publish_many(stage, publisher, destination, 60))
    left.insert(one.message);
  std::set<std::uint32_t> kept;  // Of each of these one delivery is left to its lease's end.
  const auto until = std::chrono::steady_clock::now() + stage.patience();
  while (!left.empty() && std::chrono::steady_clock::now() < until) {
    for (Member& member : members) {
      for (const Delivered& one : member.session->deliveries(member.subscription, member.seen)) {
        ++member.seen;
        if (one.message % 7 == 0 && kept.insert(one.message).second) continue;
        if (auto acked = member.session->ack(one); acked) left.erase(one.message);
      }
    }
    stage.let_pass(milliseconds(2));
  }
  for (const Member& member : members) stage.credit(*member.session, member.subscription, 0);
  Session& last = stage.connect_to_node(kThere);
  Consumer consumer(stage, last, subscribe(stage, last, destination));
  consumer.fence(destination);
}

/// A node dies with messages in its consumers' hands.
void dead_node(Stage& stage) {
  two_nodes(stage);
  const std::string destination = stage.destination();
  Session& here = stage.connect_to_node(kHere);
  Session& there = stage.connect_to_node(kThere);
  constexpr std::size_t kHeld = 10;
  const auto holds = stage.subscribe(there, {.destination = destination,
                                             .credit = stage.credit_for(kHeld),
                                             .lease_ms = lease_for(stage, 2 * kLeaseMs)});
  std::set<std::uint32_t> missing;
  for (Session* publisher : {&here, &there})
    for (const Published& one : publish_many(stage, *publisher, destination, kHeld / 2))
      missing.insert(one.message);
  if (!stage.wait_count(there, holds, kHeld)) return;
  const auto takes = subscribe(stage, here, destination, lease_for(stage, kLeaseMs));
  Consumer consumer(stage, here, takes);
  stage.kill_node(kThere);
  const bool all = consumer.until([&](const std::vector<Delivered>& came) {
    for (const Delivered& one : came) missing.erase(one.message);
    return missing.empty();
  });
  if (!all) consumer.fence(destination);
}

/// Both nodes are restarted, one after the other, each with publishes under way at both, and
/// messages in the hands of consumers at both.
void rolling(Stage& stage) {
  two_nodes(stage);
  const std::string destination = stage.destination();
  std::set<std::uint32_t> missing;
  for (const int leaving : {kThere, kHere}) {
    const int staying = kHere + kThere - leaving;
    Session& leaves = stage.connect_to_node(leaving);
    Session& stays = stage.connect_to_node(staying);
    const auto at_leaves = subscribe(stage, leaves, destination, lease_for(stage, kLeaseMs));
    const auto at_stays = subscribe(stage, stays, destination, lease_for(stage, kLeaseMs));
    std::vector<std::pair<Session*, std::uint32_t>> under_way;
    for (int i = 0; i < 40; ++i)
      for (Session* session : {&leaves, &stays})
        under_way.emplace_back(
            session, session->start_publish(
                         {.destination = destination, .payload = Payload::text("under way")}));
    Consumer(stage, leaves, at_leaves).within(milliseconds(30), [](const auto& came) {
      return came.size() > 10;
    });
    stage.stop_node(leaving);
    for (const auto& [session, operation] : under_way)
      if (auto published = session->await_publish(operation); published)
        missing.insert(published->message);
    for (const Published& one : publish_many(stage, stays, destination, 20))
      missing.insert(one.message);
    if (!stage.start_node(leaving)) return;
    for (const auto& [session, subscription] :
         {std::pair(&leaves, at_leaves), std::pair(&stays, at_stays)})
      for (const Delivered& one : session->deliveries(subscription)) missing.erase(one.message);
    stays.close();
  }
  take_all(stage, stage.connect_to_node(kThere), destination, missing);
}

/// Two nodes find the stores empty, both at once; then each hands over to the other.
void empty(Stage& stage) {
  stage.need_nodes(2);
  stage.start_nodes_on_empty_stores(2);
  Session& here = stage.connect_to_node(kHere);
  Session& there = stage.connect_to_node(kThere);
  if (hand_over(stage, here, there, stage.destination()))
    hand_over(stage, there, here, stage.destination());
}

constexpr JudgedCase kQueues[] = {{"NODE-1.queues", checkers::judge_queue_over_nodes}};
constexpr JudgedCase kAgents[] = {{"NODE-1.agents", checkers::judge_inbox_over_nodes}};
constexpr JudgedCase kTopics[] = {{"NODE-1.topics", checkers::judge_topic_over_nodes},
                                  {"PUB-9.other_node", checkers::judge_topic_first_over_nodes}};
constexpr JudgedCase kReferences[] = {
    {"NODE-1.references", checkers::judge_reference_over_nodes},
    {"ROUTE-7.any_node", checkers::judge_retrievable_at_any_node}};
constexpr JudgedCase kIds[] = {{"STORE-2.nodes", checkers::judge_ids_over_nodes}};
constexpr JudgedCase kHolder[] = {{"NODE-2.one_holder", checkers::judge_one_holder_over_nodes}};
constexpr JudgedCase kDead[] = {{"NODE-2.dead_node", checkers::judge_dead_node},
                                {"NODE-5.leases", checkers::judge_dead_node}};
constexpr JudgedCase kRolling[] = {{"NODE-3.rolling", checkers::judge_rolling_restart}};
constexpr JudgedCase kEmpty[] = {{"NODE-4.empty", checkers::judge_started_at_once}};

// Each with a bus of its own: it starts further nodes over its stores.
constexpr Scenario kScenarios[] = {
    Scenario{.name = "Nodes.NODE_1_queues_reach_another_node",
             .cases = kQueues,
             .bus = Bus::own,
             .run = queues},
    Scenario{.name = "Nodes.NODE_1_inboxes_reach_another_node",
             .cases = kAgents,
             .bus = Bus::own,
             .run = agents},
    Scenario{.name = "Nodes.NODE_1_topics_reach_another_node",
             .cases = kTopics,
             .bus = Bus::own,
             .run = topics},
    Scenario{.name = "Nodes.NODE_1_references_reach_another_node",
             .cases = kReferences,
             .bus = Bus::own,
             .run = references},
    Scenario{
        .name = "Nodes.STORE_2_ids_differ_over_nodes", .cases = kIds, .bus = Bus::own, .run = ids},
    Scenario{.name = "Nodes.NODE_2_one_holder_at_a_time",
             .cases = kHolder,
             .bus = Bus::own,
             .run = one_holder},
    Scenario{.name = "Nodes.NODE_2_a_dead_node_holds_nothing",
             .cases = kDead,
             .bus = Bus::own,
             .run = dead_node},
    Scenario{.name = "Nodes.NODE_3_a_rolling_restart_loses_nothing",
             .cases = kRolling,
             .bus = Bus::own,
             .run = rolling},
    Scenario{.name = "Nodes.NODE_4_start_at_once_on_empty_stores",
             .cases = kEmpty,
             .bus = Bus::own,
             .run = empty},
};

}  // namespace

std::span<const Scenario> nodes() { return kScenarios; }

}  // namespace busproof::families
