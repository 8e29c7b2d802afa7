// QUE: the order of first deliveries, and what giving one message back does to the others.
#include <array>
#include <string>

#include "suites/checkers/order.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/waits.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

/// A size that goes by reference, where that is a way of its own and one message can carry it.
std::size_t large(const Stage& stage) {
  constexpr std::int64_t kLarge = 100'000, kLargest = 4 << 20, kEnvelope = 4096;
  const auto most =
      std::min(stage.claims().limit("payload_bytes_max").value_or(kLargest),
               stage.claims().limit("message_bytes_max").value_or(kLargest) - kEnvelope);
  const auto beyond = stage.claims().limit("inline_bytes_max").value_or(kLarge - 1) + 1;
  return static_cast<std::size_t>(std::min({std::max(beyond, kLarge), most, kLargest}));
}

/// Two publishers take turns, each waiting for its answer: who was accepted first is certain. Some
/// messages are large, some are JSON, some empty.
void first_deliveries(Stage& stage) {
  constexpr int kMessages = 90, kLargeEvery = 18;
  Session& consumes = stage.connect();
  Session& second = stage.many_connections() ? stage.connect() : consumes;
  const std::string destination = stage.destination();
  const Subscribed held =
      stage.subscribe(consumes, {.destination = destination, .credit = stage.credit_for(15)});
  const std::size_t size = large(stage);
  for (int i = 0; i < kMessages; ++i) {
    Payload payload = Payload::text("in order");
    if (i % kLargeEvery == kLargeEvery / 2) payload = Payload::text(std::string(size, 'x'));
    if (i % 7 == 3) payload = Payload::json(R"({"in": "order"})");
    if (i % 7 == 5) payload = Payload::binary("");
    stage.publish(stage.any(0, 1) == 0 ? consumes : second,
                  {.destination = destination, .payload = payload});
  }
  Consumer consumer(stage, consumes, held);
  consumer.count(kMessages);
}

/// One message is rejected while the others wait; all are handed out when it waits again, too.
void one_rejected(Stage& stage) {
  constexpr std::size_t kWaiting = 12, kAfter = 4;
  Session& session = stage.connect();
  const std::string destination = stage.destination("rejected");
  const Subscribed held = stage.subscribe(session, {.destination = destination, .credit = 1});
  const auto publish = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      stage.publish(session, {.destination = destination, .payload = Payload::text("waits")});
  };
  publish(kWaiting);
  if (!stage.wait_count(session, held, 1)) return;
  stage.credit(session, held, 0);
  give_back(stage, session, session.deliveries(held).front());
  publish(kAfter);
  let_wait_again(stage);
  stage.credit(session, held, stage.credit_for(5));
  Consumer consumer(stage, session, held, 1);
  consumer.count(1 + kWaiting + kAfter);
  consumer.fence(destination);
}

/// A member goes away with some in its hands.
void some_abandoned(Stage& stage) {
  constexpr std::size_t kMessages = 15, kHeld = 4;
  constexpr std::int64_t kLeaseMs = 500;
  if (!stage.many_connections()) return;
  const std::string destination = stage.destination("abandoned");
  targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(kHeld)};
  if (stage.claims().trait("queue", "lease") == "timed") wanted.lease_ms = kLeaseMs;
  Session& leaves = stage.connect();
  const Subscribed held = stage.subscribe(leaves, wanted);
  publish_many(stage, leaves, destination, kMessages);
  stage.wait_count(leaves, held, static_cast<std::size_t>(*wanted.credit));
  leaves.close();
  Session& stays = stage.connect();
  wanted.credit = stage.credit_for(10);
  Consumer consumer(stage, stays, stage.subscribe(stays, wanted));
  consumer.count(kMessages);
  // Behind whatever may still be held for the one that left.
  const auto grace = stage.claims().limit("redelivery_grace_ms").value_or(1000);
  const bool frees = stage.claims().trait("queue", "release") == "frees";
  stage.let_pass(stage::milliseconds(grace + 300 + (frees ? 0 : kLeaseMs)));
  consumer.fence(destination);
}

void one_given_back(Stage& stage) {
  one_rejected(stage);
  some_abandoned(stage);
}

constexpr JudgedCase kFirst[] = {{"QUE-19.per_publisher", checkers::judge_order_of_publisher},
                                 {"QUE-19.per_destination", checkers::judge_order_of_destination}};
constexpr JudgedCase kGivenBack[] = {{"QUE-16.lost", checkers::judge_given_back_loses_none},
                                     {"QUE-16.order", checkers::judge_order_around_reject}};

constexpr std::array kScenarios = {
    Scenario{.name = "Queue.QUE_16_giving_one_back_spares_the_others",
             .cases = kGivenBack,
             .run = one_given_back},
    Scenario{.name = "Queue.QUE_19_first_deliveries_come_in_order",
             .cases = kFirst,
             .run = first_deliveries},
};

}  // namespace

std::span<const Scenario> queue_order() { return kScenarios; }

}  // namespace busproof::families
