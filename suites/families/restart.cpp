// DUR: what a restart in good order keeps, and what a kill leaves of operations under way.
#include <array>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/durability.hpp"
#include "suites/checkers/payload.hpp"
#include "suites/checkers/priority.hpp"
#include "suites/checkers/restart.hpp"
#include "suites/checkers/settling.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/waits.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kCredit = 20;
// Leases may outlive a restart: short ones are soon over.
constexpr std::int64_t kLeaseMs = 1000;

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination,
                     std::int64_t credit = kCredit) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(credit),
                                   .lease_ms = lease_for(stage, kLeaseMs)});
}

void restart(Stage& stage) {
  stage.stop_bus();
  stage.start_bus();
}

/// Acks all that comes until the fence.
void drain(Stage& stage, Session& session, const std::string& destination) {
  Consumer consumer(stage, session, subscribe(stage, session, destination));
  consumer.fence(destination);
}

/// Whether every message of the list has come.
targets::Session::Enough all_of(const std::vector<Published>& messages) {
  return [&messages](const std::vector<Delivered>& deliveries) {
    std::set<std::uint32_t> missing;
    for (const Published& message : messages) missing.insert(message.message);
    for (const Delivered& delivery : deliveries) missing.erase(delivery.message);
    return missing.empty();
  };
}

void keeps_what_waits(Stage& stage) {
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  publish_many(stage, before, destination, 10);
  const Subscribed held = subscribe(stage, before, destination);
  stage.wait_count(before, held, 10);
  for (const Delivered& delivery : before.deliveries(held)) stage.ack(before, delivery);
  if (auto ended = before.unsubscribe(held); !ended)
    stage.give_up("bus/unsubscribe", ended.error());
  const auto waiting = publish_many(stage, before, destination, 200);
  restart(stage);
  Session& after = stage.connect();
  Consumer consumer(stage, after, subscribe(stage, after, destination));
  consumer.until(all_of(waiting));
  consumer.fence(destination);
}

void keeps_records(Stage& stage) {
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  std::vector<Published> messages;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{300}, std::size_t{70'000}})
    messages.push_back(stage.publish(
        before,
        {.destination = destination, .payload = Payload::binary(random_bytes(stage, size))}));
  restart(stage);
  Session& after = stage.connect();
  for (const Published& message : messages)
    if (auto read = after.retrieve(message); !read && after.closed()) return;
}

void keeps_large_payloads(Stage& stage) {
  const std::string destination = stage.destination();
  const auto limit = static_cast<std::size_t>(*stage.claims().limit("inline_bytes_max"));
  const Payload payload = Payload::binary(random_bytes(stage, limit + 1));
  if (!fits(stage.claims(), payload))
    throw stage::Abandoned{contract::Verdict::unverified,
                           "a payload above inline_bytes_max goes by upload alone on this bus"};
  Session& before = stage.connect();
  const Published message = stage.publish(before, {.destination = destination, .payload = payload});
  restart(stage);
  Session& after = stage.connect();
  drain(stage, after, destination);
  // What it is there for: whoever got the reference reads the payload.
  if (auto read = after.retrieve(message); !read && after.closed()) return;
}

/// Every priority twice, in no order; taken only after the restart.
void keeps_priority(Stage& stage) {
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  std::vector<std::int64_t> priorities;
  const std::int64_t most = stage.claims().limit("priority.max").value_or(0);
  for (std::int64_t p = stage.claims().limit("priority.min").value_or(0);
       p <= most && priorities.size() < 20; ++p)
    priorities.insert(priorities.end(), 2, p);
  std::shuffle(priorities.begin(), priorities.end(), stage.random());
  for (const std::int64_t priority : priorities)
    stage.publish(
        before,
        {.destination = destination, .payload = Payload::text("ranked"), .priority = priority});
  restart(stage);
  Session& after = stage.connect();
  drain(stage, after, destination);
}

void keeps_correlation(Stage& stage) {
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  for (int i = 0; i < 10; ++i)
    stage.publish(before,
                  {.destination = destination,
                   .payload = Payload::text("correlated"),
                   .attributes = {{"correlationid", fmt::format("{}-{}", destination, i)}}});
  restart(stage);
  Session& after = stage.connect();
  drain(stage, after, destination);
}

/// Each message has been given back twice, and is held a third time when the bus goes.
void keeps_attempts(Stage& stage) {
  constexpr std::size_t kMessages = 3;
  constexpr std::int32_t kAttempts = 3;
  if (const auto most = stage.claims().limit("attempts_max"); most && *most <= kAttempts)
    throw stage::Abandoned{contract::Verdict::unverified, "attempts_max is too small to count"};
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  const Subscribed held = subscribe(stage, before, destination);
  publish_many(stage, before, destination, kMessages);
  for (std::size_t came = 0; came < kMessages * kAttempts; ++came) {
    if (!stage.wait_count(before, held, came + 1)) return;
    const Delivered delivery = before.deliveries(held)[came];
    if (delivery.attempt < kAttempts) give_back(stage, before, delivery);
  }
  restart(stage);
  Session& after = stage.connect();
  Consumer consumer(stage, after, subscribe(stage, after, destination));
  consumer.count(kMessages);
}

void keeps_dead_letters(Stage& stage) {
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  const Subscribed held = subscribe(stage, before, destination);
  publish_many(stage, before, destination, 4);
  stage.wait_count(before, held, 4);
  int which = 0;
  for (const Delivered& delivery : before.deliveries(held))
    if (auto rejected = before.reject(delivery, false, {}, fmt::format("no use, {}", ++which));
        !rejected)
      stage.give_up("bus/reject", rejected.error());
  const boost::json::object asked{{"destination", destination}};
  if (auto listed = before.call("bus/dead_letters", asked); !listed)
    stage.give_up("bus/dead_letters", listed.error());
  restart(stage);
  Session& after = stage.connect();
  if (auto listed = after.call("bus/dead_letters", asked); !listed)
    stage.give_up("bus/dead_letters", listed.error());
}

/// What is under way when the bus is killed, in the order in which it was sent.
struct UnderWay {
  std::vector<std::uint32_t> publishes, acks;
  std::vector<Session::Batch> batches;
};

UnderWay send_many(Stage& stage, Session& session, const std::vector<Delivered>& to_ack,
                   const std::string& single, const std::string& several) {
  constexpr std::size_t kPublishes = 240, kItems = 5;
  UnderWay sent;
  const auto wanted = [&](const std::string& destination) {
    const std::string text = fmt::format("whole {:0>2000}", stage.any(0, 1 << 30));
    return targets::Publish{.destination = destination, .payload = Payload::text(text)};
  };
  for (std::size_t i = 0; i < kPublishes; ++i) {
    sent.publishes.push_back(session.start_publish(wanted(single)));
    if (i % 4 != 0) continue;
    if (i / 4 < to_ack.size()) sent.acks.push_back(session.start_ack(to_ack[i / 4]));
    if (!stage.claims().has("batch")) continue;
    std::vector<targets::Publish> items;
    for (std::size_t item = 0; item < kItems; ++item) items.push_back(wanted(several));
    sent.batches.push_back(session.start_batch(items));
  }
  return sent;
}

/// Publishes, batches and acks are under way when the bus is killed, after some have been answered.
void killed_under_way(Stage& stage) {
  constexpr std::size_t kToAck = 60;
  const std::string single = stage.destination(), several = stage.destination("batch");
  Session& before = stage.connect();
  const auto to_ack = static_cast<std::size_t>(stage.credit_for(static_cast<std::int64_t>(kToAck)));
  const Subscribed held = subscribe(stage, before, single, static_cast<std::int64_t>(to_ack));
  publish_many(stage, before, single, to_ack);
  stage.wait_count(before, held, to_ack);
  const UnderWay sent = send_many(stage, before, before.deliveries(held), single, several);
  const auto enough = static_cast<std::size_t>(stage.any(0, 60));
  for (std::size_t i = 0; i < sent.publishes.size(); ++i) {
    if (i == enough) {
      // Answers come in bursts, one behind each commit: the kill is to fall between them, too.
      stage.let_pass(stage::milliseconds(stage.any(0, 40)));
      stage.kill_bus();
    }
    if (auto published = before.await_publish(sent.publishes[i]); !published) continue;
  }
  for (const std::uint32_t ack : sent.acks)
    if (auto acked = before.await_ack(ack); !acked) continue;
  for (const Session::Batch& batch : sent.batches)
    if (auto published = before.await_batch(batch); !published) continue;
  stage.start_bus();
  Session& after = stage.connect();
  drain(stage, after, single);
  if (stage.claims().has("batch")) drain(stage, after, several);
  after.close();
}

void leaves_nothing_torn(Stage& stage) {
  constexpr int kRounds = 6;
  for (int round = 0; round < kRounds; ++round) killed_under_way(stage);
}

constexpr JudgedCase kWaits[] = {{"DUR-1.waiting", checkers::judge_waiting_survives},
                                 {"DUR-1.acked", checkers::judge_acked_on_later_connection}};
constexpr JudgedCase kRecords[] = {{"DUR-1.records", checkers::judge_retrieved_same}};
constexpr JudgedCase kLarge[] = {{"DUR-5.large", checkers::judge_retrieved_same}};
constexpr JudgedCase kPriority[] = {{"DUR-5.priority", checkers::judge_higher_first}};
constexpr JudgedCase kCorrelation[] = {{"DUR-5.correlation", checkers::judge_correlation_survives}};
constexpr JudgedCase kAttempts[] = {{"DUR-5.attempts", checkers::judge_attempts_survive}};
constexpr JudgedCase kDead[] = {{"DUR-5.dead_letters", checkers::judge_dead_letters_survive}};
constexpr JudgedCase kTorn[] = {{"DUR-7.publish", checkers::judge_doubtful_publishes},
                                {"DUR-7.batch", checkers::judge_doubtful_batches},
                                {"DUR-7.ack", checkers::judge_doubtful_acks}};

constexpr std::array kScenarios = {
    Scenario{.name = "Restart.DUR_7_leaves_nothing_torn",
             .cases = kTorn,
             .bus = stage::Bus::own,
             .run = leaves_nothing_torn},
    Scenario{.name = "Restart.DUR_1_keeps_what_waits",
             .cases = kWaits,
             .bus = stage::Bus::own,
             .run = keeps_what_waits},
    Scenario{.name = "Restart.DUR_1_keeps_records",
             .cases = kRecords,
             .bus = stage::Bus::own,
             .run = keeps_records},
    Scenario{.name = "Restart.DUR_5_keeps_large_payloads",
             .cases = kLarge,
             .bus = stage::Bus::own,
             .run = keeps_large_payloads},
    Scenario{.name = "Restart.DUR_5_keeps_priority",
             .cases = kPriority,
             .bus = stage::Bus::own,
             .run = keeps_priority},
    Scenario{.name = "Restart.DUR_5_keeps_correlation",
             .cases = kCorrelation,
             .bus = stage::Bus::own,
             .run = keeps_correlation},
    Scenario{.name = "Restart.DUR_5_keeps_attempts",
             .cases = kAttempts,
             .bus = stage::Bus::own,
             .run = keeps_attempts},
    Scenario{.name = "Restart.DUR_5_keeps_dead_letters",
             .cases = kDead,
             .bus = stage::Bus::own,
             .run = keeps_dead_letters},
};

}  // namespace

std::span<const Scenario> restart() { return kScenarios; }

}  // namespace busproof::families
