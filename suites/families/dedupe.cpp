// STORE-7, API-3, ROUTE-12: events that are published again, later, at once, or after silence.
#include <array>

#include <fmt/format.h>

#include "suites/checkers/repeats.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using contract::Verdict;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;

constexpr std::size_t kMessages = 8;

Publish numbered(const std::string& destination, std::size_t number) {
  return {.destination = destination, .payload = Payload::text(fmt::format("event {}", number))};
}

Publish repeated(const Session& session, Publish wanted, std::uint32_t message) {
  wanted.attributes["id"] = session.event_id(message);
  return wanted;
}

targets::Subscribe all_of(Stage& stage, const std::string& destination) {
  return {.destination = destination, .credit = stage.credit_for(50)};
}

/// Repeats of what waits, of what is out, and of events that share the id alone.
void repeats(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination(), elsewhere = stage.destination();
  const auto held = stage.subscribe(
      session, {.destination = destination, .credit = stage.credit_for(kMessages / 2)});
  for (std::size_t i = 0; i < kMessages; ++i) {
    const Publish wanted = numbered(destination, i);
    const auto first = stage.publish(session, wanted);
    Publish again = repeated(session, wanted, first.message);
    if (auto published = session.publish(again); !published && session.closed()) return;
    again.attributes["note"] = "another attribute";
    if (auto published = session.publish(again); !published && session.closed()) return;
    again.destination = elsewhere;
    if (auto published = session.publish(again); !published && session.closed()) return;
  }
  // An event of another source, which nobody else's deliveries are mistaken for.
  const std::string other = stage.destination();
  const auto first = stage.publish(session, numbered(other, 0));
  Publish foreign = repeated(session, numbered(other, 0), first.message);
  foreign.attributes["source"] = "another source";
  if (auto published = session.publish(foreign); !published && session.closed()) return;
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
  consumer.fence(destination);
}

/// Both ways in turn in one queue: each again at once, later, and with another payload of its size.
void repeats_either_way(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto limit = stage.claims().limit("inline_bytes_max");
  if (!limit) throw stage::Abandoned{Verdict::unverified, "inline_bytes_max is not declared"};
  const auto payload = [&](std::size_t i, char last) {
    const std::size_t size = i % 2 == 0 ? 20 : static_cast<std::size_t>(*limit) + 1 + i;
    return Payload::text(std::string(size, 'r') + last);
  };
  constexpr std::size_t kEach = 4;
  if (!fits(stage.claims(), payload(kEach - 1, 'a')))
    throw stage::Abandoned{Verdict::unverified,
                           "no message carries a payload above the inline limit"};
  Consumer consumer(stage, session, stage.subscribe(session, all_of(stage, destination)));
  std::vector<std::uint32_t> messages;
  const auto again = [&](std::size_t i, char last) {
    const Publish wanted{.destination = destination, .payload = payload(i, last)};
    const auto published = session.publish(repeated(session, wanted, messages[i]));
    return published || !session.closed();
  };
  for (std::size_t i = 0; i < kEach; ++i) {
    messages.push_back(
        stage.publish(session, {.destination = destination, .payload = payload(i, 'a')}).message);
    if (!again(i, 'a')) return;
  }
  consumer.count(kEach);
  for (std::size_t i = 0; i < kEach; ++i)
    if (!again(i, 'a') || !again(i, 'b')) return;
  consumer.fence(destination);
}

void conflicts(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, session, stage.subscribe(session, all_of(stage, destination)));
  for (std::size_t i = 0; i < kMessages; ++i) {
    const auto first = stage.publish(session, numbered(destination, i));
    if (i % 2 == 1) consumer.count(i + 1);
    // The same length, and one character more.
    for (const char* body : {"event X", "event 10"}) {
      Publish other = repeated(session, numbered(destination, i), first.message);
      other.payload = Payload::text(body);
      if (auto published = session.publish(other); !published && session.closed()) return;
    }
  }
  consumer.count(kMessages);
  consumer.fence(destination);
}

void repeats_settled(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, session, stage.subscribe(session, all_of(stage, destination)));
  std::vector<std::uint32_t> messages;
  for (std::size_t i = 0; i < kMessages; ++i)
    messages.push_back(stage.publish(session, numbered(destination, i)).message);
  consumer.count(kMessages);
  for (std::size_t i = 0; i < kMessages; ++i)
    if (auto again = session.publish(repeated(session, numbered(destination, i), messages[i]));
        !again && session.closed())
      return;
  consumer.fence(destination);
}

/// Connections are cut while publishes are under way; each of them is then published again on
/// another connection, until it is accepted.
void retries(Stage& stage) {
  constexpr int kRounds = 3;
  constexpr std::size_t kUnderWay = 60;
  Session& watcher = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, watcher, stage.subscribe(watcher, all_of(stage, destination)));
  std::size_t accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    Session& session = stage.connect();
    std::vector<std::uint32_t> publishes, messages;
    for (std::size_t i = 0; i < kUnderWay; ++i) {
      publishes.push_back(session.start_publish(numbered(destination, i)));
      messages.push_back(session.message_under_way(publishes.back()));
    }
    if (auto first = session.await_publish(publishes.front()); !first && session.closed()) return;
    session.cut();
    for (std::size_t i = 1; i < publishes.size(); ++i)
      static_cast<void>(session.await_publish(publishes[i]));  // Answered or not: both are right.
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (auto again = watcher.publish(repeated(watcher, numbered(destination, i), messages[i]));
          !again && watcher.closed())
        return;
    consumer.count(accepted += kUnderWay);
  }
  consumer.fence(destination);
}

void publishes_at_once(Stage& stage) {
  constexpr std::size_t kConnections = 4, kEvents = 25;
  std::vector<Session*> sessions;
  while (sessions.size() < kConnections) sessions.push_back(&stage.connect());
  Session& watcher = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, watcher, stage.subscribe(watcher, all_of(stage, destination)));
  for (std::size_t i = 0; i < kEvents; ++i) {
    std::vector<std::pair<Session*, std::uint32_t>> under_way;
    std::uint32_t first = 0;
    for (Session* session : sessions) {
      const Publish wanted = numbered(destination, i);
      const std::uint32_t operation =
          session->start_publish(first == 0 ? wanted : repeated(*session, wanted, first));
      if (first == 0) first = session->message_under_way(operation);
      under_way.emplace_back(session, operation);
    }
    for (const auto& [session, operation] : under_way)
      if (auto published = session->await_publish(operation); !published && session->closed())
        return;
  }
  consumer.count(kEvents);
  consumer.fence(destination);
}

constexpr JudgedCase kSame[] = {{"STORE-7.same", checkers::judge_repeated}};
constexpr JudgedCase kConflict[] = {{"STORE-7.conflict", checkers::judge_conflict}};
constexpr JudgedCase kSettled[] = {{"STORE-7.settled", checkers::judge_repeated_settled}};
constexpr JudgedCase kEitherWay[] = {{"ROUTE-12.dedupe", checkers::judge_repeated_either_way}};
constexpr JudgedCase kRetried[] = {{"API-3.retried", checkers::judge_retried}};
constexpr JudgedCase kAtOnce[] = {{"API-3.concurrent", checkers::judge_repeated_at_once}};

constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_7_knows_an_event_again", .cases = kSame, .run = repeats},
    Scenario{.name = "Store.STORE_7_refuses_another_payload", .cases = kConflict, .run = conflicts},
    Scenario{.name = "Store.STORE_7_knows_a_settled_event_again",
             .cases = kSettled,
             .run = repeats_settled},
    Scenario{.name = "Route.ROUTE_12_dedupes_both_ways_alike",
             .cases = kEitherWay,
             .run = repeats_either_way},
    Scenario{.name = "Api.API_3_retries_are_one_message", .cases = kRetried, .run = retries},
    Scenario{.name = "Api.API_3_publishes_at_once_are_one_message",
             .cases = kAtOnce,
             .run = publishes_at_once},
};

}  // namespace

std::span<const Scenario> dedupe() { return kScenarios; }

}  // namespace busproof::families
