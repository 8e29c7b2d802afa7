// AGT-5, AGT-6, SEC-7: types of messages, names, and what a stranger learns of an agent.
#include <array>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/agent_names.hpp"
#include "suites/checkers/strangers.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/inbox.hpp"
#include "suites/families/listening.hpp"
#include "suites/models/patterns.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;
// Short enough that what one may have held has certainly come back when no more comes.
constexpr std::int64_t kLeaseMs = 5'000;

/// Publishes an event with that attribute; whether it was accepted.
bool send(Session& session, const std::string& destination, std::string_view mode,
          json::object attributes) {
  return session
      .publish({.destination = destination,
                .mode = std::string(mode),
                .payload = Payload::text("said"),
                .attributes = std::move(attributes)})
      .has_value();
}

void types(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kCredit)}));
  std::size_t accepted = 0;
  for (int round = 0; round < 6; ++round)
    for (const char* type : {"request", "response", "notification", "command"})
      accepted += send(session, destination, "queue", {{"messagetype", type}}) ? 1U : 0U;
  consumer.count(accepted);
}

void unknown_types(Stage& stage) {
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& session = stage.connect();
  const std::vector<json::value> kinds = {"gossip",    "Request", "requests", " request",
                                          "response ", "",        "event",    7};
  for (const json::value& type : kinds) {
    send(session, destination, mode, {{"messagetype", type}});
    if (session.closed()) return;
  }
}

/// An agent and a nobody, each with its own name and others'.
void names(Stage& stage) {
  const std::string destination = stage.destination(), id = stage.destination("Ann");
  Session& agent = connect_as(stage, id);
  Session& nobody = stage.connect();
  connect_as(stage, id + "2");
  Consumer consumer(
      stage, agent,
      stage.subscribe(agent, {.destination = destination, .credit = stage.credit_for(kCredit)}));
  std::size_t accepted = 0;
  const auto say = [&](Session& session, const std::string& name) {
    accepted += send(session, destination, "queue", {{"fromagent", name}}) ? 1U : 0U;
  };
  std::string small = id;
  for (char& c : small)
    if (c == 'A') c = 'a';
  for (const std::string& name : {id, id + "2", small, id + " ", std::string("system"), id})
    say(agent, name);
  for (const std::string& name : {id, std::string("nobody"), std::string("system")})
    say(nobody, name);
  consumer.count(accepted);
  consumer.fence(destination);
}

/// Each on a connection of its own: what a bus makes of another try is not the question.
void odd_ids(Stage& stage) {
  const std::string id = stage.destination("odd");
  need_own_identity(stage);
  std::vector<std::string> odd = {id + ":b", ":" + id, id + ":", id + ":inbox"};
  if (stage.claims().has("patterns"))
    for (const char sign : models::pattern_signs(stage.claims().trait("patterns", "grammar")))
      odd.push_back(id + sign);
  for (const std::string& one : odd) {
    auto refused = stage.connect_silently().hello({{"agent_id", one}});
    if (!refused && !stage.many_connections()) return;
  }
}

/// One agent on two connections: what comes to either is acked there.
void shared(Stage& stage) {
  constexpr std::size_t kMessages = 40;
  const std::string id = stage.destination("twin"), inbox = inbox_of(id);
  Session& sender = stage.connect();
  struct Half {
    Session& session;
    Subscribed held;
    Consumer consumer;
  };
  std::deque<Half> halves;
  for (int i = 0; i < 2; ++i) {
    Session& session = connect_as(stage, id);
    const Subscribed held = stage.subscribe(session, {.destination = inbox,
                                                      .credit = stage.credit_for(kCredit),
                                                      .lease_ms = lease_for(stage, kLeaseMs)});
    halves.push_back({session, held, Consumer(stage, session, held)});
  }
  std::set<std::uint32_t> missing;
  const auto take_turns = [&] {
    const history::Time end = history::now() + stage.patience();
    while (!missing.empty() && history::now() < end)
      for (Half& half : halves) {
        half.consumer.within(milliseconds(20), [&](const std::vector<Delivered>& came) {
          for (const Delivered& one : came) missing.erase(one.message);
          return missing.empty();
        });
        if (half.session.closed()) return;
      }
  };
  for (const auto& one : publish_many(stage, sender, inbox, kMessages)) missing.insert(one.message);
  take_turns();
  missing.insert(stage.publish_fence(sender, inbox));
  take_turns();
}

/// Patterns of the declared grammar that match everything of agents, or all there is.
std::vector<std::string> wide_patterns(Stage& stage) {
  const std::string grammar = stage.claims().trait("patterns", "grammar");
  if (grammar == "redis_glob") return {"agent:*", "*", "agent:*:inbox", "workspace:*", "[aw]*"};
  if (grammar == "nats") return {"*", ">"};
  if (grammar == "mqtt") return {"+", "#"};
  if (grammar == "amqp") return {"*", "#"};
  throw Abandoned{Verdict::unverified, "no patterns known of the grammar " + grammar};
}

void patterns(Stage& stage) {
  constexpr int kRounds = 10;
  const std::string id = stage.destination("ann"), home = stage.destination("home");
  Session& sender = stage.connect();
  Session& owner = connect_as(stage, id, home);
  Session& stranger = connect_as(stage, stage.destination("eve"));
  Listening listening(stage);
  listening.subscribe(owner, inbox_of(id));
  listening.subscribe(owner, topic_of(home));
  for (Session* session : {&stranger, &owner})
    for (const std::string& pattern : wide_patterns(stage))
      listening.subscribe_pattern(*session, pattern);
  const bool queue = stage.claims().has("queue");
  for (int i = 0; i < kRounds; ++i)
    for (const std::string& to : {inbox_of(id), topic_of(home)})
      stage.publish(sender, {.destination = to,
                             .mode = queue && i % 2 == 1 ? "both" : "topic",
                             .payload = Payload::text("private")});
  // What anybody may hear, behind it.
  for (const std::string& to : {"agent:" + id, std::string("broadcast"), "w" + home}) {
    const auto last = stage.publish(
        sender, {.destination = to, .mode = "topic", .payload = Payload::text("fence")});
    for (const std::string& pattern : wide_patterns(stage))
      if (pattern == "*" || pattern == ">" || pattern == "+" || pattern == "#" ||
          (pattern == "[aw]*" && to != "broadcast"))
        listening.wait_for(pattern, last);
    if (to.starts_with("agent:") && wide_patterns(stage).front() == "agent:*")
      listening.wait_for("agent:*", last);
  }
  for (const std::string& to : {inbox_of(id), topic_of(home)}) listening.fence(sender, to);
}

void ask_about(Stage& stage, Session& session, const std::string& destination) {
  const auto& claims = stage.claims();
  const auto ask = [&](const char* method, bool offered) {
    if (offered && !session.closed())
      if (auto answer = session.call(method, {{"destination", destination}}); !answer) return;
  };
  ask("bus/pending", claims.trait("queue", "counts") != "none");
  ask("bus/dead_letters", claims.has("dead_letter"));
  ask("bus/redrive", claims.has("redrive"));
  ask("bus/purge", claims.has("dead_letter"));
  ask("bus/stats", claims.has("stats"));
  if (claims.has("stats") && !session.closed())
    if (auto answer = session.call("bus/stats", {}); !answer) return;
}

void strangers_ask(Stage& stage) {
  const std::string id = stage.destination("Ann"), home = stage.destination("home");
  const std::string correlation = stage.destination("thread");
  Session& sender = stage.connect();
  Session& owner = connect_as(stage, id, home);
  Session& stranger = connect_as(stage, id + "2", home + "2");
  const std::array places = {inbox_of(id), topic_of(home), stage.destination("open")};
  for (int i = 0; i < 6; ++i)
    for (const std::string& to : places)
      stage.publish(sender, {.destination = to,
                             .payload = Payload::text("of a thread"),
                             .attributes = {{"correlationid", correlation}}});
  for (Session* session : {&owner, &stranger, &sender}) {
    for (const std::string& place : {places[0], places[1]}) ask_about(stage, *session, place);
    if (!stage.claims().has("correlation") || session->closed()) continue;
    if (auto listed = session->call("bus/correlated", {{"correlation_id", correlation}}); !listed)
      continue;
  }
}

constexpr JudgedCase kTypes[] = {{"AGT-5.kept", checkers::judge_message_type_kept}};
constexpr JudgedCase kUnknown[] = {{"AGT-5.unknown", checkers::judge_unknown_type}};
constexpr JudgedCase kNames[] = {{"AGT-6.own_name", checkers::judge_own_name},
                                 {"AGT-6.no_name", checkers::judge_no_name}};
constexpr JudgedCase kOdd[] = {{"AGT-6.odd_ids", checkers::judge_odd_ids}};
constexpr JudgedCase kShared[] = {{"AGT-6.shared_inbox", checkers::judge_shared_inbox}};
constexpr JudgedCase kPatterns[] = {{"SEC-7.inbox", checkers::judge_pattern_and_inbox},
                                    {"SEC-7.workspace", checkers::judge_pattern_and_workspace}};
constexpr JudgedCase kStrangers[] = {{"SEC-7.counts", checkers::judge_counts_closed},
                                     {"SEC-7.correlated", checkers::judge_inbox_unlisted},
                                     {"COR-1.allowed", checkers::judge_foreign_unlisted}};

constexpr std::array kScenarios = {
    // Its patterns match everything: beside others it would hear all of theirs, and be counted
    // among their receivers.
    Scenario{.name = "Agents.SEC_7_patterns_stop_at_what_is_anothers",
             .cases = kPatterns,
             .bus = stage::Bus::own,
             .run = patterns},
    Scenario{.name = "Agents.SEC_7_COR_1_strangers_ask_in_vain",
             .cases = kStrangers,
             .run = strangers_ask},
    Scenario{.name = "Agents.AGT_6_share_their_inbox", .cases = kShared, .run = shared},
    Scenario{.name = "Agents.AGT_6_speak_for_themselves", .cases = kNames, .run = names},
    Scenario{.name = "Agents.AGT_6_have_plain_ids", .cases = kOdd, .run = odd_ids},
    Scenario{.name = "Agents.AGT_5_types_are_kept", .cases = kTypes, .run = types},
    Scenario{
        .name = "Agents.AGT_5_unknown_types_are_refused", .cases = kUnknown, .run = unknown_types},
};

}  // namespace

std::span<const Scenario> agent_names() { return kScenarios; }

}  // namespace busproof::families
