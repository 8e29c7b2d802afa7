// COR: listings by correlation id, and correlation ids on their way there and back.
#include <array>
#include <map>

#include <fmt/format.h>

#include "suites/checkers/askers.hpp"
#include "suites/checkers/attributes.hpp"
#include "suites/checkers/correlated.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Publish;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;
constexpr int kPagesMax = 100;  // A cursor that leads nowhere must not keep us for ever.

/// Every page of it; `limit` as asked for, or the bus' own.
void list(Session& session, const std::string& correlation, std::optional<std::int64_t> limit) {
  std::string cursor;
  for (int page = 0; page < kPagesMax; ++page) {
    json::object params{{"correlation_id", correlation}};
    if (limit) params["limit"] = *limit;
    if (!cursor.empty()) params["cursor"] = cursor;
    const auto answer = session.call("bus/correlated", std::move(params));
    if (!answer) return;
    cursor = history::text_of(*answer, "cursor");
    if (cursor.empty()) return;
  }
}

Published publish_with(Stage& stage, Session& session, const std::string& destination,
                       const std::string& correlation) {
  Publish wanted{.destination = destination, .payload = Payload::text("correlated")};
  if (!correlation.empty()) wanted.attributes = {{"correlationid", correlation}};
  return stage.publish(session, wanted);
}

/// Ids of this stage alone.
std::string own_id(Stage& stage, std::string_view name) {
  return stage.destination(fmt::format("cor-{}", name));
}

/// Messages of one id at several destinations, between messages of ids that look like it.
std::string publish_between_others(Stage& stage, Session& session) {
  const std::string id = own_id(stage, "Main");
  std::string small = id;
  for (char& c : small)
    if (c == 'M') c = 'm';
  const std::vector<std::string> others = {
      id + "x", id.substr(0, id.size() - 1), small, id + " ", id + "%", ""};
  const std::vector<std::string> destinations = {stage.destination("c"), stage.destination("a"),
                                                 stage.destination("b")};
  for (std::size_t i = 0; i < 24; ++i) {
    publish_with(stage, session, destinations[i % destinations.size()], id);
    publish_with(stage, session, destinations[i % 2], others[i % others.size()]);
  }
  if (stage.claims().has("topic"))
    stage.publish(session, {.destination = destinations.front(),
                            .mode = "both",
                            .payload = Payload::text("both"),
                            .attributes = {{"correlationid", id}}});
  return id;
}

void lists_all_and_only(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string id = publish_between_others(stage, session);
  for (const std::optional<std::int64_t> limit :
       {std::optional<std::int64_t>(), std::optional<std::int64_t>(4),
        std::optional<std::int64_t>(1), std::optional<std::int64_t>(25)})
    list(session, id, limit);
  list(session, id + "x", 3);
}

void unknown_is_empty(Stage& stage) {
  Session& session = stage.connect();
  if (stage.claims().has("queue")) publish_between_others(stage, session);
  for (const std::string& id : {own_id(stage, "nobody"), own_id(stage, "' OR 1=1 --"),
                                own_id(stage, "%"), std::string("no such correlation id at all")})
    list(session, id, {});
}

/// Some wait, some are acked, some are dead letters.
void settled_are_listed(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination(), id = own_id(stage, "settled");
  for (int i = 0; i < 9; ++i) publish_with(stage, session, destination, id);
  const Subscribed member =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(3)});
  for (std::size_t i = 0; i < 6; ++i) {
    if (!stage.wait_count(session, member, i + 1)) break;
    const Delivered delivery = session.deliveries(member)[i];
    if (i % 2 == 0 || !stage.claims().has("dead_letter"))
      stage.ack(session, delivery);
    else if (auto rejected = session.reject(delivery, false); !rejected)
      stage.give_up("bus/reject", rejected.error());
  }
  list(session, id, {});
  list(session, id, 2);
}

void expired_are_not_listed(Stage& stage) {
  constexpr std::int64_t kTtlMs = 300;
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination(), id = own_id(stage, "mortal");
  for (int i = 0; i < 6; ++i) {
    Publish wanted{.destination = destination,
                   .payload = Payload::text("mortal"),
                   .attributes = {{"correlationid", id}}};
    if (i % 2 == 0) wanted.ttl_ms = kTtlMs;
    stage.publish(session, wanted);
  }
  list(session, id, {});
  stage.let_pass(milliseconds(kTtlMs + 50 + stage.claims().limit("ttl_grace_ms").value_or(0) +
                              stage.claims().limit("time_granularity_ms").value_or(1)));
  list(session, id, {});
  list(session, id, 1);
}

void list_survives_a_restart(Stage& stage) {
  stage.need("queue");
  Session& before = stage.connect();
  const std::string id = publish_between_others(stage, before);
  list(before, id, {});
  stage.stop_bus();
  stage.start_bus();
  Session& after = stage.connect();
  publish_with(stage, after, stage.destination(), id);
  list(after, id, {});
  list(after, id, 7);
}

void id_arrives_unchanged(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kCredit)}));
  std::size_t sent = 0;
  for (const std::string& id :
       {std::string("plain"), std::string("UPPER-and-lower"), std::string("0007"),
        std::string("1e3"), std::string("  spaces  around  "), std::string("é 数据 😀"),
        std::string("\"quoted\" 'twice' \\ / %41 &amp; *?[a]"), std::string(200, 'c'),
        std::string("null"), std::string("a:b:c|d,e;f=g")}) {
    publish_with(stage, session, destination, id);
    consumer.count(++sent);
  }
}

// Questions and answers.

constexpr int kAskers = 8;
constexpr int kQuestions = 6;

struct Asker {
  Session* session;
  std::string replies;
  Subscribed member;
};

/// The service: answers what comes, with what came, to where it says.
void answer_all(Stage& stage, Session& service, const Subscribed& member) {
  constexpr std::size_t kAll = static_cast<std::size_t>(kAskers) * kQuestions;
  Consumer consumer(stage, service, member);
  if (!consumer.count(kAll))
    throw stage::Abandoned{contract::Verdict::inconclusive, "a question did not come"};
  std::vector<std::uint32_t> under_way;
  for (const Delivered& question : service.deliveries(member)) {
    const std::string replies = history::text_of(question.attributes, "replyto");
    if (replies.empty()) continue;
    Publish answer{.destination = replies,
                   .payload = Payload::text("answer"),
                   .attributes = {{"messagetype", "response"}}};
    if (const json::value* id = question.attributes.if_contains("correlationid"))
      answer.attributes["correlationid"] = *id;
    under_way.push_back(service.start_publish(answer));
  }
  for (const std::uint32_t operation : under_way)
    if (auto published = service.await_publish(operation); !published)
      stage.give_up("bus/publish", published.error());
}

void askers_get_their_own(Stage& stage) {
  stage.need("queue");
  Session& service = stage.connect();
  const std::string questions = stage.destination("questions");
  const Subscribed member =
      stage.subscribe(service, {.destination = questions, .credit = stage.credit_for(kCredit)});
  std::vector<Asker> askers;
  for (int i = 0; i < kAskers; ++i) {
    Session& session = stage.many_connections() && i < 4 ? stage.connect() : service;
    const std::string replies = stage.destination("replies");
    askers.push_back(
        {&session, replies,
         stage.subscribe(session, {.destination = replies, .credit = stage.credit_for(kCredit)})});
  }
  std::vector<std::pair<Session*, std::uint32_t>> under_way;
  for (int question = 0; question < kQuestions; ++question)
    for (const Asker& asker : askers)
      under_way.emplace_back(
          asker.session, asker.session->start_publish(
                             {.destination = questions,
                              .payload = Payload::text("question"),
                              .attributes = {{"messagetype", "request"},
                                             {"replyto", asker.replies},
                                             {"correlationid",
                                              fmt::format("{}/{:04x}", asker.replies,
                                                          stage.any(0, 4095) * 16 + question)}}}));
  for (const auto& [session, operation] : under_way)
    if (auto published = session->await_publish(operation); !published)
      stage.give_up("bus/publish", published.error());
  answer_all(stage, service, member);
  for (const Asker& asker : askers) {
    Consumer consumer(stage, *asker.session, asker.member);
    consumer.count(kQuestions);
    consumer.fence(asker.replies);
  }
}

constexpr JudgedCase kListed[] = {{"COR-1.all", checkers::judge_all_listed},
                                  {"COR-1.only", checkers::judge_only_listed},
                                  {"COR-1.order", checkers::judge_listed_in_order}};
constexpr JudgedCase kUnknown[] = {{"COR-2.unknown", checkers::judge_unknown_correlation}};
constexpr JudgedCase kSettled[] = {{"COR-2.settled", checkers::judge_settled_listed},
                                   {"COR-2.dead", checkers::judge_dead_listed}};
constexpr JudgedCase kExpired[] = {{"COR-2.expired", checkers::judge_expired_unlisted}};
constexpr JudgedCase kRestart[] = {{"COR-2.restart", checkers::judge_listed_after_restart}};
constexpr JudgedCase kUnchanged[] = {{"COR-3.unchanged", checkers::judge_correlation_unchanged}};
constexpr JudgedCase kOwn[] = {{"COR-3.askers", checkers::judge_askers}};

constexpr std::array kScenarios = {
    Scenario{.name = "Correlation.COR_2_survives_a_restart",
             .cases = kRestart,
             .bus = stage::Bus::own,
             .run = list_survives_a_restart},
    Scenario{.name = "Correlation.COR_2_expired_are_not_listed",
             .cases = kExpired,
             .run = expired_are_not_listed},
    Scenario{.name = "Correlation.COR_1_lists_all_and_only",
             .cases = kListed,
             .run = lists_all_and_only},
    Scenario{
        .name = "Correlation.COR_2_unknown_is_empty", .cases = kUnknown, .run = unknown_is_empty},
    Scenario{.name = "Correlation.COR_2_settled_are_listed",
             .cases = kSettled,
             .run = settled_are_listed},
    Scenario{.name = "Correlation.COR_3_arrives_unchanged",
             .cases = kUnchanged,
             .run = id_arrives_unchanged},
    Scenario{.name = "Correlation.COR_3_askers_get_their_own",
             .cases = kOwn,
             .run = askers_get_their_own},
};

}  // namespace

std::span<const Scenario> correlation() { return kScenarios; }

}  // namespace busproof::families
