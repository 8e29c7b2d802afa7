// QUE: delivery, settling, leases, credit.
#include <array>

#include "suites/checkers/credit.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/lease.hpp"
#include "suites/checkers/sequence.hpp"
#include "suites/checkers/settling.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/queue_program.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr std::size_t kMany = 150;  // More than any batch or window of 100.
constexpr std::int64_t kCredit = 20;
// Long enough to ack in time on a loaded machine, short enough to wait for; never below 200 ms.
constexpr std::int64_t kShortLeaseMs = 600;

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination,
                     std::int64_t credit, std::optional<std::int64_t> lease_ms = {}) {
  return stage.subscribe(
      session,
      {.destination = destination, .credit = stage.credit_for(credit), .lease_ms = lease_ms});
}

void subscriber_before(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, session, subscribe(stage, session, destination, kCredit));
  publish_many(stage, session, destination, kMany);
  consumer.count(kMany);
  consumer.fence(destination);
}

void subscriber_after(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  publish_many(stage, session, destination, kMany);
  Consumer consumer(stage, session, subscribe(stage, session, destination, kCredit));
  consumer.count(kMany);
  consumer.fence(destination);
}

void acked_after_lease(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, session, subscribe(stage, session, destination, kCredit, kShortLeaseMs));
  publish_many(stage, session, destination, 10);
  consumer.count(10);
  stage.let_pass(milliseconds(2 * kShortLeaseMs + 200));
  consumer.fence(destination);
}

void acked_after_reconnect(Stage& stage) {
  Session& first = stage.connect();
  const std::string destination = stage.destination();
  Consumer before(stage, first, subscribe(stage, first, destination, kCredit));
  publish_many(stage, first, destination, 20);
  before.count(20);
  first.close();
  Session& second = stage.connect();
  Consumer after(stage, second, subscribe(stage, second, destination, kCredit));
  after.fence(destination);
}

/// Half of the messages are acked; then the bus goes, in one way or the other, and comes back.
void acked_then(Stage& stage, void (Stage::*go)()) {
  const std::string destination = stage.destination();
  Session& first = stage.connect();
  const Subscribed held = subscribe(stage, first, destination, kCredit);
  publish_many(stage, first, destination, 20);
  stage.wait_count(first, held, 20);
  const auto deliveries = first.deliveries(held);
  for (std::size_t i = 0; i < deliveries.size(); i += 2) stage.ack(first, deliveries[i]);
  (stage.*go)();
  stage.start_bus();
  Session& second = stage.connect();
  Consumer after(stage, second, subscribe(stage, second, destination, kCredit));
  after.count(10);
  after.fence(destination);
}

void acked_after_restart(Stage& stage) { acked_then(stage, &Stage::stop_bus); }
void acked_after_crash(Stage& stage) { acked_then(stage, &Stage::kill_bus); }

/// Whether each of the first `count` messages of a subscription has come at least twice.
bool all_twice(const std::vector<Delivered>& deliveries, std::size_t count) {
  std::map<std::uint32_t, int> times;
  for (const Delivered& delivery : deliveries) ++times[delivery.message];
  return times.size() >= count && std::all_of(times.begin(), times.end(),
                                              [](const auto& entry) { return entry.second > 1; });
}

void redelivers_after_the_lease(Stage& stage) {
  // One less than the window at the most: the fence needs a place in it, too.
  const auto messages = static_cast<std::size_t>(
      std::max<std::int64_t>(1, std::min<std::int64_t>(4, stage.credit_for(kCredit) - 1)));
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, session, destination, kCredit, kShortLeaseMs);
  publish_many(stage, session, destination, messages);
  const milliseconds due(kShortLeaseMs +
                         stage.claims().limit("redelivery_grace_ms").value_or(1000));
  const bool came = session.wait(held, due + milliseconds(500), [&](const auto& deliveries) {
    return all_twice(deliveries, messages);
  });
  // What has not come by now is late or lost: which of the two, a fence well after it is due tells.
  if (!came) stage.let_pass(due);
  stage.fence(session, held, destination);
}

void credit_is_a_window(Stage& stage) {
  constexpr std::size_t kWindow = 3;
  constexpr std::size_t kMessages = 12;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const std::string other = stage.destination("other");
  const Subscribed held = subscribe(stage, session, destination, kWindow);
  const Subscribed beside = subscribe(stage, session, other, kCredit);
  publish_many(stage, session, destination, kMessages);
  stage.wait_count(session, held, kWindow);
  // By the time a message to another destination has come, one too many here would have, too.
  stage.fence(session, beside, other);
  for (std::size_t i = 0; i < kMessages; ++i) {
    // The window is full again before the next ack: each delivery is judged at its edge.
    if (!stage.wait_count(session, held, std::min(kMessages, kWindow + i))) return;
    stage.ack(session, session.deliveries(held)[i]);
  }
}

void credit_zero_pauses(Stage& stage) {
  constexpr std::size_t kMessages = 5;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const std::string other = stage.destination("other");
  const Subscribed held = subscribe(stage, session, destination, kCredit);
  const Subscribed beside = subscribe(stage, session, other, kCredit);
  Consumer consumer(stage, session, held);
  publish_many(stage, session, destination, 2);
  consumer.count(2);
  stage.credit(session, held, 0);
  publish_many(stage, session, destination, kMessages);
  stage.fence(session, beside, other);
  stage.credit(session, held, stage.credit_for(kCredit));
  consumer.count(2 + kMessages);
  consumer.fence(destination);
}

constexpr JudgedCase kBefore[] = {{"QUE-1.subscriber_before", checkers::judge_delivered}};
constexpr JudgedCase kAfter[] = {{"QUE-1.subscriber_after", checkers::judge_delivered}};
constexpr JudgedCase kAckedLease[] = {{"QUE-3.after_lease", checkers::judge_acked_after_lease}};
constexpr JudgedCase kAckedReconnect[] = {
    {"QUE-3.after_reconnect", checkers::judge_acked_on_later_connection}};
constexpr JudgedCase kAckedRestart[] = {
    {"QUE-3.after_restart", checkers::judge_acked_on_later_connection}};
constexpr JudgedCase kAckedCrash[] = {
    {"QUE-3.after_crash", checkers::judge_acked_on_later_connection}};
constexpr JudgedCase kLease[] = {{"QUE-4.attempt", checkers::judge_attempts},
                                 {"QUE-4.early", checkers::judge_not_early},
                                 {"QUE-4.late", checkers::judge_not_late}};
constexpr JudgedCase kWindow[] = {{"QUE-11.window", checkers::judge_window}};
constexpr JudgedCase kZero[] = {{"QUE-11.zero", checkers::judge_zero},
                                {"QUE-11.resumes", checkers::judge_delivered}};
constexpr JudgedCase kSequence[] = {{"QUE-3.any_sequence", checkers::judge_sequence_settled},
                                    {"PRI-6.agrees_with_model", checkers::judge_sequence_order}};

constexpr std::array kScenarios = {
    Scenario{.name = "Queue.QUE_3_PRI_6_any_sequence_agrees_with_the_model",
             .cases = kSequence,
             .generate = program::generate_queue_program,
             .perform = perform_queue_program},
    Scenario{.name = "Queue.QUE_3_acked_stays_acked_after_restart",
             .cases = kAckedRestart,
             .bus = stage::Bus::own,
             .run = acked_after_restart},
    Scenario{.name = "Queue.QUE_3_acked_stays_acked_after_crash",
             .cases = kAckedCrash,
             .bus = stage::Bus::own,
             .run = acked_after_crash},
    Scenario{.name = "Queue.QUE_4_redelivers_after_the_lease",
             .cases = kLease,
             .run = redelivers_after_the_lease},
    Scenario{.name = "Queue.QUE_3_acked_stays_acked_after_its_lease",
             .cases = kAckedLease,
             .run = acked_after_lease},
    Scenario{.name = "Queue.QUE_3_acked_stays_acked_after_reconnect",
             .cases = kAckedReconnect,
             .run = acked_after_reconnect},
    Scenario{.name = "Queue.QUE_1_reaches_who_subscribed_before",
             .cases = kBefore,
             .run = subscriber_before},
    Scenario{.name = "Queue.QUE_1_reaches_who_subscribes_after",
             .cases = kAfter,
             .run = subscriber_after},
    Scenario{
        .name = "Queue.QUE_11_credit_is_a_window", .cases = kWindow, .run = credit_is_a_window},
    Scenario{.name = "Queue.QUE_11_credit_zero_pauses", .cases = kZero, .run = credit_zero_pauses},
};

void twenty_messages(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination("smoke");
  Consumer consumer(stage, session, subscribe(stage, session, destination, kCredit));
  publish_many(stage, session, destination, 20);
  consumer.count(20);
}

}  // namespace

std::span<const Scenario> queue() { return kScenarios; }

const Scenario& smoke() {
  static constexpr Scenario kSmoke{
      .name = "Smoke.carries_20_messages", .cases = {}, .run = twenty_messages};
  return kSmoke;
}

}  // namespace busproof::families
