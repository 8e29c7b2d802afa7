// STORE-5: deletion.
#include <algorithm>
#include <array>
#include <optional>

#include "suites/checkers/removal.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;

void read_all(Session& session, const std::vector<Published>& records) {
  for (const Published& record : records)
    if (auto bytes = session.retrieve(record); !bytes && session.closed()) return;
}

void remove(Stage& stage, Session& session, const Published& message) {
  if (auto removed = session.remove(message); !removed)
    stage.give_up("bus/delete", removed.error());
}

/// Messages that wait, were acked, are held, are delayed, and one above the inline limit.
std::vector<Published> of_every_kind(Stage& stage, Session& session) {
  stage.need("queue");
  const std::string destination = stage.destination();
  const Subscribed member =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(2)});
  std::vector<Published> made;
  for (int i = 0; i < 4; ++i)
    made.push_back(stage.publish(
        session, {.destination = destination, .payload = Payload::text("to be deleted")}));
  if (stage.wait_count(session, member, 1)) stage.ack(session, session.deliveries(member).front());
  const std::string apart = stage.destination("apart");
  if (stage.claims().has("delay"))
    made.push_back(stage.publish(
        session, {.destination = apart, .payload = Payload::text("delayed"), .delay_ms = 60'000}));
  if (const auto limit = stage.claims().limit("inline_bytes_max"))
    if (const auto large = Payload::text(std::string(static_cast<std::size_t>(*limit) + 1, 'd'));
        fits(stage.claims(), large))
      made.push_back(stage.publish(session, {.destination = apart, .payload = large}));
  return made;
}

void deleted_twice(Stage& stage) {
  Session& session = stage.connect();
  const auto messages = of_every_kind(stage, session);
  Session& other = stage.many_connections() ? stage.connect() : session;
  for (const Published& message : messages) {
    remove(stage, session, message);
    for (Session* asking : {&session, &other, &session})
      if (auto again = asking->remove(message); !again && asking->closed()) return;
  }
}

void deleted_is_unreadable(Stage& stage) {
  Session& session = stage.connect();
  const auto messages = of_every_kind(stage, session);
  Session& other = stage.many_connections() ? stage.connect() : session;
  read_all(session, messages);
  for (const Published& message : messages) {
    remove(stage, session, message);
    read_all(session, {message});
  }
  read_all(other, messages);
}

std::optional<std::int64_t> short_lease(const Stage& stage) {
  if (stage.claims().trait("queue", "lease") != "timed") return std::nullopt;
  return 300;
}

/// One message waits for a subscriber, one is delayed, one is out on a short lease; all are
/// deleted.
void deleted_is_not_delivered(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  std::vector<Published> doomed;
  const auto publish = [&](std::optional<std::int64_t> delay_ms) {
    doomed.push_back(stage.publish(session, {.destination = destination,
                                             .payload = Payload::text("must not come"),
                                             .delay_ms = delay_ms}));
  };
  publish({});
  const auto lease_ms = short_lease(stage);
  const Subscribed first =
      stage.subscribe(session, {.destination = destination, .credit = 1, .lease_ms = lease_ms});
  stage.wait_count(session, first, 1);
  for (int i = 0; i < 3; ++i) publish({});
  if (stage.claims().has("delay")) publish(400);
  for (const Published& message : doomed) remove(stage, session, message);
  if (auto left = session.unsubscribe(first); !left) stage.give_up("bus/unsubscribe", left.error());
  const Subscribed second =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kCredit)});
  // What was delayed or held would come by then.
  stage.let_pass(milliseconds(600));
  Consumer consumer(stage, session, second);
  consumer.fence(destination);
}

/// Each in another way: acked, rejected to be delivered again, rejected for good.
void settle(Stage& stage, Session& session, const Delivered& delivery, std::size_t way) {
  const bool delays = stage.claims().trait("queue", "reject_delay") != "none";
  const auto at_once = delays ? std::optional<std::int64_t>(0) : std::nullopt;
  auto settled = way == 0   ? session.ack(delivery)
                 : way == 1 ? session.reject(delivery, true, at_once)
                            : session.reject(delivery, false);
  if (!settled && session.closed()) stage.give_up("settling", settled.error());
}

void settling_what_was_deleted(Stage& stage) {
  constexpr std::size_t kWays = 3;
  stage.need("queue");
  Session& session = stage.connect();
  for (std::size_t way = 0; way < kWays; ++way) {
    const std::string destination = stage.destination();
    const Subscribed member =
        stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kCredit)});
    const Published message = stage.publish(
        session, {.destination = destination, .payload = Payload::text("deleted while held")});
    if (!stage.wait_count(session, member, 1)) return;
    remove(stage, session, message);
    settle(stage, session, session.deliveries(member).front(), way);
    if (stage.claims().has("dead_letter"))
      if (auto dead = session.call("bus/dead_letters", {{"destination", destination}});
          !dead && session.closed())
        return;
    stage.fence(session, member, destination);
  }
}

constexpr JudgedCase kTwice[] = {{"STORE-5.idempotent", checkers::judge_deleted_twice}};
constexpr JudgedCase kUnreadable[] = {{"STORE-5.retrieve", checkers::judge_deleted_unreadable}};
constexpr JudgedCase kUndelivered[] = {
    {"STORE-5.no_delivery", checkers::judge_deleted_undelivered}};
constexpr JudgedCase kSettling[] = {{"STORE-5.settling", checkers::judge_deleted_settled}};

constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_5_deleted_is_not_delivered",
             .cases = kUndelivered,
             .run = deleted_is_not_delivered},
    Scenario{.name = "Store.STORE_5_settling_what_was_deleted",
             .cases = kSettling,
             .run = settling_what_was_deleted},
    Scenario{.name = "Store.STORE_5_deleted_twice", .cases = kTwice, .run = deleted_twice},
    Scenario{.name = "Store.STORE_5_deleted_is_unreadable",
             .cases = kUnreadable,
             .run = deleted_is_unreadable},
};

}  // namespace

std::span<const Scenario> removal() { return kScenarios; }

}  // namespace busproof::families
