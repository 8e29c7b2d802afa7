// STORE-6: the status of a record, from its acceptance to its end.
#include <array>

#include "suites/checkers/status.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/status_program.hpp"

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

constexpr std::int64_t kCredit = 10;

/// What it says is the judges' to weigh.
void look(Session& session, const Published& message) {
  if (auto seen = session.inspect(message); !seen && session.closed()) return;
}

void read(Session& session, const Published& message) {
  if (auto bytes = session.retrieve(message); !bytes && session.closed()) return;
}

void stays_pending(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  std::vector<targets::Publish> wanted(
      5, {.destination = destination, .payload = Payload::text("waits")});
  if (stage.claims().has("topic")) wanted[1].mode = "both";
  if (stage.claims().has("delay")) wanted[2].delay_ms = 30'000;
  if (const auto limit = stage.claims().limit("inline_bytes_max"))
    if (auto large = Payload::text(std::string(static_cast<std::size_t>(*limit) + 1, 'x'));
        fits(stage.claims(), large))
      wanted[3].payload = std::move(large);
  std::vector<Published> accepted;
  for (const auto& publish : wanted) {
    accepted.push_back(stage.publish(session, publish));
    look(session, accepted.back());
  }
  const Subscribed held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(kCredit)});
  stage.wait_count(session, held, 1);
  for (const Published& message : accepted) look(session, message);
}

/// A member of each group that the bus lets us have: one, or two.
std::vector<Subscribed> join(Stage& stage, Session& session, const std::string& destination) {
  std::vector<Subscribed> members;
  for (const char* group : {"", "second"}) {
    if (!members.empty() && !stage.claims().has("groups")) break;
    members.push_back(stage.subscribe(
        session,
        {.destination = destination, .group = group, .credit = stage.credit_for(kCredit)}));
  }
  return members;
}

/// The delivery number `which` of that subscription; abandoned where it does not come.
Delivered take(Stage& stage, Session& session, const Subscribed& from, std::size_t which) {
  if (!stage.wait_count(session, from, which + 1))
    throw stage::Abandoned{contract::Verdict::inconclusive, "a delivery did not come"};
  return session.deliveries(from)[which];
}

void settled_by_every_group(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto members = join(stage, session, destination);
  for (std::size_t i = 0; i < 3; ++i) {
    const Published message =
        stage.publish(session, {.destination = destination, .payload = Payload::text("settled")});
    for (const Subscribed& member : members) {
      look(session, message);
      stage.ack(session, take(stage, session, member, i));
    }
    look(session, message);
  }
}

void on_dead(Stage& stage, Session& session, const std::string& method, const Published& message,
             const std::string& destination) {
  auto done = session.call(
      method,
      {{"destination", destination},
       {"transaction_ids", boost::json::array{boost::json::value(message.transaction_id)}}});
  if (!done) stage.give_up(method, done.error());
  look(session, message);
}

/// To the last attempt or by a last word: a dead letter in one group, whatever the other made of
/// it.
void dead_and_back(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto members = join(stage, session, destination);
  std::size_t came = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Published message =
        stage.publish(session, {.destination = destination, .payload = Payload::text("dead")});
    const auto refuse = [&](std::string_view reason) {
      const Delivered delivery = take(stage, session, members.front(), came++);
      if (auto rejected = session.reject(delivery, false, {}, reason); !rejected)
        stage.give_up("bus/reject", rejected.error());
      look(session, message);
    };
    refuse("no use");
    if (i == 1 && members.size() > 1) {
      stage.ack(session, take(stage, session, members[1], i));
      look(session, message);
    }
    if (!stage.claims().has("redrive")) continue;
    on_dead(stage, session, "bus/redrive", message, destination);
    refuse("still no use");
    on_dead(stage, session, "bus/purge", message, destination);
    if (i == 1 || members.size() == 1) continue;
    stage.ack(session, take(stage, session, members[1], i));
    look(session, message);
  }
}

void damaged(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  for (const std::size_t size : vouched_sizes(stage.claims())) {
    const Published message =
        stage.publish(session, {.destination = stage.destination(),
                                .payload = Payload::binary(random_bytes(stage, size))});
    look(session, message);
    stage.corrupt(message, {.at = static_cast<std::int64_t>(size / 3)});
    read(session, message);
    look(session, message);
  }
}

void expires(Stage& stage) {
  constexpr std::int64_t kTtlMs = 300;
  stage.need("queue");
  Session& session = stage.connect();
  std::vector<Published> messages;
  for (int i = 0; i < 3; ++i)
    messages.push_back(stage.publish(session, {.destination = stage.destination(),
                                               .payload = Payload::text("mortal"),
                                               .ttl_ms = kTtlMs}));
  look(session, messages.front());
  const std::int64_t grace = stage.claims().limit("ttl_grace_ms").value_or(0) +
                             stage.claims().limit("time_granularity_ms").value_or(1);
  stage.let_pass(milliseconds(kTtlMs + grace + 50));
  for (const Published& message : messages) look(session, message);
}

void reading_changes_nothing(Stage& stage) {
  constexpr milliseconds kApart{1150};  // Times may be told in whole seconds.
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  std::vector<Published> messages;
  for (int i = 0; i < 4; ++i)
    messages.push_back(
        stage.publish(session, {.destination = destination, .payload = Payload::text("is read")}));
  const Subscribed member =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(2)});
  stage.ack(session, take(stage, session, member, 0));
  take(stage, session, member, 1);
  const auto read_all = [&] {
    for (const Published& message : messages) {
      look(session, message);
      read(session, message);
      look(session, message);
    }
  };
  read_all();
  stage.let_pass(kApart + milliseconds(stage.claims().limit("time_granularity_ms").value_or(1)));
  read_all();
}

constexpr JudgedCase kAccepted[] = {{"STORE-6.accepted", checkers::judge_status_accepted}};
constexpr JudgedCase kSettled[] = {{"STORE-6.settled", checkers::judge_status_settled}};
constexpr JudgedCase kDead[] = {{"STORE-6.dead", checkers::judge_status_dead},
                                {"STORE-6.redriven", checkers::judge_status_redriven},
                                {"STORE-6.purged", checkers::judge_status_purged}};
constexpr JudgedCase kCorrupt[] = {{"STORE-6.corrupt", checkers::judge_status_corrupt}};
constexpr JudgedCase kExpired[] = {{"STORE-6.expired", checkers::judge_status_expired}};
constexpr JudgedCase kReading[] = {{"STORE-6.reading", checkers::judge_reading}};
constexpr JudgedCase kTransitions[] = {{"STORE-6.transitions", checkers::judge_status}};

constexpr std::array kScenarios = {
    Scenario{.name = "Store.STORE_6_any_sequence_agrees_with_the_model",
             .cases = kTransitions,
             .generate = program::generate_status_program,
             .perform = perform_status_program},
    Scenario{.name = "Store.STORE_6_reading_changes_nothing",
             .cases = kReading,
             .run = reading_changes_nothing},
    Scenario{.name = "Store.STORE_6_expired", .cases = kExpired, .run = expires},
    Scenario{
        .name = "Store.STORE_6_pending_once_accepted", .cases = kAccepted, .run = stays_pending},
    Scenario{.name = "Store.STORE_6_complete_once_every_group_has_acked",
             .cases = kSettled,
             .run = settled_by_every_group},
    Scenario{.name = "Store.STORE_6_dead_redriven_purged", .cases = kDead, .run = dead_and_back},
    Scenario{.name = "Store.STORE_6_error_once_found_damaged", .cases = kCorrupt, .run = damaged},
};

}  // namespace

std::span<const Scenario> status() { return kScenarios; }

}  // namespace busproof::families
