// API-1: unsubscribing twice, settling too late, publishing into a shutdown or on a cut connection.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/edges.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLeaseMs = 500;

void unsubscribes_twice(Stage& stage) {
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& session = stage.connect();
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (mode == "queue") wanted.credit = stage.credit_for(10);
  for (int round = 0; round < 2; ++round) {
    const Subscribed subscription = stage.subscribe(session, wanted);
    for (int i = 0; i < 3; ++i)
      if (auto ended = session.unsubscribe(subscription); !ended && session.closed()) return;
  }
  if (mode == "queue")
    for (int i = 0; i < 3; ++i)
      stage.publish(session, {.destination = destination, .payload = Payload::text("kept")});
  Consumer consumer(stage, session, stage.subscribe(session, wanted));
  if (mode == "queue") consumer.count(3);
  consumer.fence(destination, mode);
}

/// Three deliveries are out when their subscription ends; one is then acked, one rejected, one
/// extended. What comes of them comes to another subscription.
void settles_after_unsubscribe(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(3)};
  if (stage.claims().trait("queue", "lease") == "timed") wanted.lease_ms = kLeaseMs;
  const Subscribed first = stage.subscribe(session, wanted);
  const std::size_t count = static_cast<std::size_t>(*wanted.credit);
  publish_many(stage, session, destination, count);
  if (!stage.wait_count(session, first, count)) return;
  if (auto ended = session.unsubscribe(first); !ended)
    stage.give_up("bus/unsubscribe", ended.error());
  const auto held = session.deliveries(first);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const auto settled = i % 3 == 0   ? session.ack(held[i])
                         : i % 3 == 1 ? session.extend(held[i], kLeaseMs)
                                      : session.reject(held[i], true);
    if (!settled && session.closed()) return;
    // An extended lease and a rejected delivery end, too; only an ack keeps a message away.
    if (!settled || i % 3 != 0) ++refused;
  }
  Consumer consumer(stage, session, stage.subscribe(session, wanted));
  consumer.count(refused);
  const auto grace = stage.claims().limit("redelivery_grace_ms").value_or(1000);
  // Behind the fence nothing may be held back any more: the leases and their grace are over.
  stage.let_pass(std::chrono::milliseconds(
      grace + 200 + (stage.claims().trait("queue", "release") == "frees" ? 0 : 2 * kLeaseMs)));
  consumer.fence(destination);
}

/// Many publishes are on their way when the bus is told to stop.
void stopped_under_publishes(Stage& stage) {
  constexpr int kBefore = 20, kUnderWay = 1500;
  const std::string destination = stage.destination();
  Session& session = stage.connect();
  publish_many(stage, session, destination, kBefore);
  std::vector<std::uint32_t> publishes;
  for (int i = 0; i < kUnderWay; ++i)
    publishes.push_back(
        session.start_publish({.destination = destination, .payload = Payload::text("under way")}));
  stage.stop_bus();
  std::size_t accepted = kBefore;
  for (const std::uint32_t operation : publishes)
    if (auto published = session.await_publish(operation); published) ++accepted;
  stage.start_bus();
  Session& after = stage.connect();
  Consumer consumer(
      stage, after,
      stage.subscribe(after, {.destination = destination, .credit = stage.credit_for(200)}));
  consumer.count(accepted);
  consumer.fence(destination);
}

/// Cuts the connection after a random part of many publishes was answered, in several rounds; two
/// groups are owed them all where the bus has groups.
void cut_under_publishes(Stage& stage) {
  constexpr int kRounds = 4, kUnderWay = 60;
  Session& watcher = stage.connect();
  const std::string destination = stage.destination();
  std::vector<Consumer> consumers;
  const targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(100)};
  const Subscribed first = stage.subscribe(watcher, wanted);
  consumers.emplace_back(stage, watcher, first);
  if (stage.claims().has("groups")) {
    targets::Subscribe second = wanted;
    second.group = "second";
    consumers.emplace_back(stage, watcher, stage.subscribe(watcher, second));
  }
  std::size_t answered = 0;
  for (int round = 0; round < kRounds; ++round) {
    Session& session = stage.connect();
    std::vector<std::uint32_t> publishes;
    for (int i = 0; i < kUnderWay; ++i)
      publishes.push_back(session.start_publish(
          {.destination = destination,
           .payload =
               Payload::text(std::string(static_cast<std::size_t>(stage.any(1, 9000)), 'c'))}));
    // Cut at once, or when the bus is known to be at it.
    const auto wait = static_cast<std::size_t>(stage.any(0, 2));
    for (std::size_t i = 0; i < wait; ++i)
      if (auto published = session.await_publish(publishes[i]); published) ++answered;
    session.cut();
    for (std::size_t i = wait; i < publishes.size(); ++i)
      if (auto published = session.await_publish(publishes[i]); published) ++answered;
  }
  for (Consumer& consumer : consumers) consumer.count(answered);
  const std::uint32_t fence = stage.publish_fence(watcher, destination);
  for (Consumer& consumer : consumers)
    consumer.until([&](const std::vector<Delivered>& deliveries) {
      return std::any_of(deliveries.begin(), deliveries.end(),
                         [&](const Delivered& came) { return came.message == fence; });
    });
}

constexpr JudgedCase kTwice[] = {{"API-1.unsubscribe_twice", checkers::judge_unsubscribe_twice}};
constexpr JudgedCase kLate[] = {
    {"API-1.settle_after_unsubscribe", checkers::judge_settle_after_unsubscribe}};
constexpr JudgedCase kStop[] = {
    {"API-1.publish_during_shutdown", checkers::judge_publish_during_shutdown}};
constexpr JudgedCase kCut[] = {{"API-1.cut_under_publish", checkers::judge_cut_under_publish}};

constexpr std::array kScenarios = {
    Scenario{.name = "Api.API_1_unsubscribing_twice_is_defined",
             .cases = kTwice,
             .run = unsubscribes_twice},
    Scenario{.name = "Api.API_1_settling_after_unsubscribe_is_defined",
             .cases = kLate,
             .run = settles_after_unsubscribe},
    Scenario{.name = "Api.API_1_a_shutdown_loses_nothing_accepted",
             .cases = kStop,
             .bus = stage::Bus::own,
             .run = stopped_under_publishes},
    Scenario{.name = "Api.API_1_a_cut_connection_halves_nothing",
             .cases = kCut,
             .run = cut_under_publishes},
};

}  // namespace

std::span<const Scenario> edges() { return kScenarios; }

}  // namespace busproof::families
