// STORE-9, STORE-11: records that are read again and again, and how long a payload stays.
#include <algorithm>
#include <array>

#include "suites/checkers/retrieved.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;

/// A small payload and one that is larger than what a bus keeps in a row of its own, both short
/// enough for one answer.
std::vector<Payload> payloads(Stage& stage) {
  const auto most = stage.claims().limit("retrieve_bytes_max");
  std::vector<Payload> made = {Payload::text("again and again")};
  const std::size_t size =
      most ? std::min<std::size_t>(60'000, static_cast<std::size_t>(*most)) : std::size_t{60'000};
  if (Payload large = Payload::binary(random_bytes(stage, size)); fits(stage.claims(), large))
    made.push_back(std::move(large));
  return made;
}

void read_again(Stage& stage) {
  constexpr int kTimes = 12;
  Session& session = stage.connect();
  for (const Payload& payload : payloads(stage)) {
    const Published message =
        stage.publish(session, {.destination = stage.destination(), .payload = payload});
    for (int i = 0; i < kTimes; ++i)
      if (auto read = session.retrieve(message); !read && session.closed()) return;
  }
}

void read_at_once(Stage& stage) {
  constexpr int kEach = 8;
  std::vector<Session*> sessions = {&stage.connect()};
  while (stage.many_connections() && sessions.size() < 3) sessions.push_back(&stage.connect());
  for (const Payload& payload : payloads(stage)) {
    const Published message =
        stage.publish(*sessions.front(), {.destination = stage.destination(), .payload = payload});
    std::vector<std::pair<Session*, std::uint32_t>> under_way;
    for (int i = 0; i < kEach; ++i)
      for (Session* session : sessions)
        under_way.emplace_back(
            session,
            session->start_call("bus/retrieve", {{"transaction_id", message.transaction_id}}));
    for (const auto& [session, operation] : under_way)
      if (auto read = session->await_call(operation); !read && session->closed()) return;
  }
}

/// Publishes and gives the delivery, unsettled.
targets::Delivered delivered(Stage& stage, Session& session, const Payload& payload,
                             Published& message) {
  const std::string destination = stage.destination();
  const auto subscription =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(1)});
  message = stage.publish(session, {.destination = destination, .payload = payload});
  if (!stage.wait_count(session, subscription, 1))
    throw stage::Abandoned{contract::Verdict::inconclusive, "the message was not delivered"};
  return session.deliveries(subscription).front();
}

void read_leased(Stage& stage) {
  Session& session = stage.connect();
  for (const Payload& payload : payloads(stage)) {
    Published message;
    const auto delivery = delivered(stage, session, payload, message);
    for (int i = 0; i < 3; ++i)
      if (auto read = session.retrieve(message); !read && session.closed()) return;
    stage.ack(session, delivery);
  }
}

void read_dead(Stage& stage) {
  Session& session = stage.connect();
  for (const Payload& payload : payloads(stage)) {
    Published message;
    const auto delivery = delivered(stage, session, payload, message);
    if (auto rejected = session.reject(delivery, false); !rejected)
      stage.give_up("bus/reject", rejected.error());
    for (int i = 0; i < 3; ++i)
      if (auto read = session.retrieve(message); !read && session.closed()) return;
  }
}

/// One group acks while another's delivery is out.
void read_for_others(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto join = [&](const char* group) {
    return stage.subscribe(
        session, {.destination = destination, .group = group, .credit = stage.credit_for(3)});
  };
  const auto first = join("first"), other = join("other");
  std::vector<Payload> all = payloads(stage);
  const auto limit = stage.claims().limit("inline_bytes_max");
  if (limit && *limit < 4 << 20)
    if (Payload large = Payload::binary(random_bytes(stage, static_cast<std::size_t>(*limit) + 1));
        fits(stage.claims(), large))
      all.push_back(std::move(large));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto message = stage.publish(session, {.destination = destination, .payload = all[i]});
    if (!stage.wait_count(session, first, i + 1) || !stage.wait_count(session, other, i + 1))
      throw stage::Abandoned{contract::Verdict::inconclusive, "the message was not delivered"};
    stage.ack(session, session.deliveries(first)[i]);
    for (int times = 0; times < 2; ++times)
      if (auto read = session.retrieve(message); !read && session.closed()) return;
    stage.ack(session, session.deliveries(other)[i]);
  }
}

/// How many payloads the bus counts.
std::int64_t counted(Stage& stage, Session& session) {
  auto stats = session.call("bus/stats", {});
  if (!stats) stage.give_up("bus/stats", stats.error());
  const auto* payloads = stats->if_contains("payloads");
  return payloads != nullptr && payloads->is_object()
             ? history::number_of(payloads->get_object(), "count", -1)
             : -1;
}

/// Asks until the count is what it should be, and once more when it must be.
void count_until(Stage& stage, Session& session, std::int64_t wanted) {
  const std::chrono::milliseconds settle(stage.claims().limit_or_default("counts_settle_ms"));
  const auto late = history::now() + settle + settle / 2 + std::chrono::milliseconds(500);
  while (counted(stage, session) != wanted && history::now() < late)
    stage.let_pass(std::chrono::milliseconds(20));
  if (history::now() >= late) counted(stage, session);
}

void room_comes_back(Stage& stage) {
  constexpr int kMessages = 10;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const std::int64_t before = counted(stage, session);
  std::vector<Published> messages;
  const auto limit = stage.claims().limit("inline_bytes_max");
  for (int i = 0; i < kMessages; ++i) {
    Payload payload = Payload::binary(random_bytes(stage, 10'000));
    // One that goes by reference, where that is no great thing.
    if (i == 0 && limit && *limit < 4 << 20)
      payload = Payload::binary(random_bytes(stage, static_cast<std::size_t>(*limit) + 1));
    if (fits(stage.claims(), payload))
      messages.push_back(stage.publish(session, {.destination = destination, .payload = payload}));
  }
  count_until(stage, session, before + static_cast<std::int64_t>(messages.size()));
  for (const Published& message : messages)
    if (auto removed = session.remove(message); !removed)
      stage.give_up("bus/delete", removed.error());
  count_until(stage, session, before);
}

constexpr JudgedCase kAgain[] = {{"STORE-9.repeated", checkers::judge_retrieved_again}};
constexpr JudgedCase kAtOnce[] = {{"STORE-9.concurrent", checkers::judge_retrieved_at_once}};
constexpr JudgedCase kLeased[] = {{"STORE-11.leased", checkers::judge_retrieved_leased}};
constexpr JudgedCase kOthers[] = {{"STORE-11.other_group", checkers::judge_retrieved_for_others}};
constexpr JudgedCase kDead[] = {{"STORE-11.dead_letter", checkers::judge_retrieved_dead}};
constexpr JudgedCase kReleased[] = {{"STORE-11.released", checkers::judge_room_given_back}};

constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_9_reads_a_record_again", .cases = kAgain, .run = read_again},
    Scenario{.name = "Store.STORE_9_reads_a_record_many_times_at_once",
             .cases = kAtOnce,
             .run = read_at_once},
    Scenario{.name = "Store.STORE_11_keeps_what_is_leased", .cases = kLeased, .run = read_leased},
    Scenario{.name = "Store.STORE_11_keeps_dead_letters", .cases = kDead, .run = read_dead},
    Scenario{.name = "Store.STORE_11_keeps_what_another_group_is_owed",
             .cases = kOthers,
             .run = read_for_others},
    Scenario{.name = "Store.STORE_11_gives_room_back",
             .cases = kReleased,
             .bus = stage::Bus::own,
             .run = room_comes_back},
};

}  // namespace

std::span<const Scenario> holding() { return kScenarios; }

}  // namespace busproof::families
