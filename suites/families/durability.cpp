// DUR: what was acknowledged survives SIGKILL at any instant, of the bus or of a server that holds
// its data, and a cut of its disk's power.
#include <array>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/durability.hpp"
#include "suites/checkers/settling.hpp"
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

constexpr int kRounds = 4;
constexpr std::size_t kMessages = 600;
constexpr std::int64_t kCredit = 20;
// A bus may keep the leases of the dead over its restart: short ones are soon over.
constexpr std::int64_t kLeaseMs = 2000;
constexpr std::size_t kAckedBefore = 5;

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(kCredit),
                                   .lease_ms = lease_for(stage, kLeaseMs)});
}

/// Publishes and acks are under way when `end` comes over the bus, after a random number of
/// deliveries. Gives the messages that were accepted and that nobody tried to ack.
std::set<std::uint32_t> ended_under_load(Stage& stage, Session& session,
                                         const std::string& destination,
                                         const std::function<void()>& end) {
  const Subscribed held = subscribe(stage, session, destination);
  // Some acks are answered before the load: whenever the kill comes, there is something to forget.
  publish_many(stage, session, destination, kAckedBefore);
  if (!stage.wait_count(session, held, kAckedBefore)) return {};
  for (const Delivered& delivery : session.deliveries(held))
    if (auto acked = session.ack(delivery); !acked && session.closed())
      stage.give_up("bus/ack", acked.error());
  std::vector<std::uint32_t> publishes, acks;
  for (std::size_t i = 0; i < kMessages; ++i)
    publishes.push_back(
        session.start_publish({.destination = destination, .payload = Payload::text("survives")}));
  const auto enough = static_cast<std::size_t>(stage.any(1, 30));
  while (acks.size() < enough) {
    const std::size_t next = kAckedBefore + acks.size();
    const auto more = [&](const auto& deliveries) { return deliveries.size() > next; };
    if (!session.wait(held, stage.patience(), more)) break;
    acks.push_back(session.start_ack(session.deliveries(held)[next]));
  }
  end();
  std::set<std::uint32_t> owed;
  for (const std::uint32_t operation : publishes)
    if (auto answer = session.await_publish(operation); answer) owed.insert(answer->message);
  for (const std::uint32_t operation : acks)
    if (auto answer = session.await_ack(operation); !answer) continue;
  const auto deliveries = session.deliveries(held);
  for (std::size_t i = 0; i < kAckedBefore + acks.size(); ++i) owed.erase(deliveries[i].message);
  return owed;
}

void survives(Stage& stage, int rounds, void (Stage::*end)()) {
  for (int round = 0; round < rounds; ++round) {
    const std::string destination = stage.destination();
    Session& before = stage.connect();
    const auto owed = ended_under_load(stage, before, destination, [&] { (stage.*end)(); });
    stage.start_bus();
    Session& after = stage.connect();
    Consumer consumer(stage, after, subscribe(stage, after, destination));
    consumer.until([&](const std::vector<Delivered>& deliveries) {
      std::set<std::uint32_t> missing = owed;
      for (const Delivered& delivery : deliveries) missing.erase(delivery.message);
      return missing.empty();
    });
    consumer.fence(destination);
    after.close();
  }
}

void survives_a_kill(Stage& stage) { survives(stage, kRounds, &Stage::kill_bus); }

void survives_a_power_cut(Stage& stage) {
  constexpr std::uint64_t kDiskBytes = 64 * 1'048'576;
  constexpr int kCuts = 2;
  stage.put_on_disk_with_power(kDiskBytes);
  survives(stage, kCuts, &Stage::cut_power);
}

/// Each of its servers is killed while publishes and acks are under way, and comes back.
void survives_its_servers(Stage& stage) {
  constexpr stage::milliseconds kAway{200};
  for (const std::string& server : stage.servers()) {
    const std::string destination = stage.destination();
    Session& session = stage.connect();
    const auto owed = ended_under_load(stage, session, destination, [&] {
      stage.kill_server(server);
      stage.let_pass(kAway);
      const auto meanwhile = session.start_publish(
          {.destination = stage.destination(), .payload = Payload::text("not now, perhaps")});
      stage.restart_server(server);
      if (auto answer = session.await_publish(meanwhile); !answer) return;
    });
    Session& again = session.closed() ? stage.connect() : session;
    // Elsewhere: this queue may be full.
    std::set<std::uint32_t> others;
    let_breaker_close(stage);
    publish_until_accepted(stage, again, stage.destination(), recovery_of(stage), others);
    if (!again.closed()) again.close();
    take_all(stage, stage.connect(), destination, owed, kLeaseMs);
  }
}

/// Publishes go on until the first are well past the window: a bus that waits for a pause to sync
/// gets none. Then the power is cut.
void loses_the_newest_alone(Stage& stage) {
  constexpr std::uint64_t kDiskBytes = 64 * 1'048'576;
  constexpr std::int64_t kWindowMost = 5000;
  const std::int64_t declared = stage.claims().limit("loss_window_ms").value_or(kWindowMost + 1);
  if (declared > kWindowMost)
    throw stage::Abandoned{
        contract::Verdict::unverified,
        fmt::format("loss_window_ms is above {}: too long to wait for", kWindowMost)};
  const stage::milliseconds window(declared);
  stage.put_on_disk_with_power(kDiskBytes);
  const std::string destination = stage.destination();
  Session& session = stage.connect();
  std::vector<std::pair<history::Time, std::uint32_t>> accepted;
  const history::Time end = history::now() + 2 * window + stage::milliseconds(400);
  while (history::now() < end) {
    const auto message =
        stage.publish(session, {.destination = destination, .payload = Payload::text("in time")});
    accepted.emplace_back(history::now(), message.message);
    stage.let_pass(stage::milliseconds(10));
  }
  const history::Time cut = history::now();
  stage.cut_power();
  stage.start_bus();
  std::set<std::uint32_t> missing;
  for (const auto& [at, message] : accepted)
    if (at + window < cut) missing.insert(message);
  take_all(stage, stage.connect(), destination, missing);
}

constexpr JudgedCase kWindow[] = {{"DUR-4.window", checkers::judge_loss_window}};
constexpr JudgedCase kPowerCut[] = {{"DUR-4.nothing_lost", checkers::judge_power_cut_survived}};
constexpr JudgedCase kKill[] = {{"DUR-2.publish", checkers::judge_publishes_survive},
                                {"DUR-2.ack", checkers::judge_acked_on_later_connection}};
constexpr JudgedCase kServers[] = {{"DUR-3.recovers", checkers::judge_recovers_from_server_loss},
                                   {"DUR-3.publish", checkers::judge_publishes_survive_server},
                                   {"DUR-3.ack", checkers::judge_acks_survive_server}};

constexpr std::array kScenarios = {
    Scenario{.name = "Durability.DUR_2_survives_a_kill_under_load",
             .cases = kKill,
             .bus = stage::Bus::own,
             .run = survives_a_kill},
    Scenario{.name = "Durability.DUR_3_survives_its_servers",
             .cases = kServers,
             .bus = stage::Bus::own_servers,
             .run = survives_its_servers},
    Scenario{.name = "Durability.DUR_4_survives_a_power_cut",
             .cases = kPowerCut,
             .bus = stage::Bus::own,
             .run = survives_a_power_cut},
    Scenario{.name = "Durability.DUR_4_loses_the_newest_alone",
             .cases = kWindow,
             .bus = stage::Bus::own,
             .run = loses_the_newest_alone,
             .variant = "durability.process_crash"},
};

}  // namespace

std::span<const Scenario> durability() { return kScenarios; }

}  // namespace busproof::families
