// END: the watch over peers that say nothing, and the way down.
#include <array>
#include <set>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/peers.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr std::string_view kQuickPings = "pings.quick";
constexpr std::int64_t kIdleMost = 5000;
constexpr std::int64_t kLeaseMs = 1000;

/// A bus whose idle time is short enough to be waited for.
void hasten(Stage& stage) {
  const auto idle = [&] { return stage.claims().limit("idle_ms").value_or(kIdleMost); };
  if (idle() > kIdleMost) {
    stage.need_variant(kQuickPings);
    stage.stop_bus();
    stage.start_bus(kQuickPings);
  }
  if (idle() > kIdleMost)
    throw Abandoned{Verdict::unverified, "idle_ms is too long to be waited for"};
}

/// First it is silent and answers pings; then it answers nothing, holding messages; then another
/// comes for those.
void says_nothing(Stage& stage) {
  constexpr std::size_t kHeld = 3;
  hasten(stage);
  const auto& claims = stage.claims();
  const std::string mode = stage.mode(), destination = stage.destination();
  const bool queue = mode == "queue", frees = claims.trait("queue", "release") == "frees";
  Session& quiet = stage.connect();
  Session& other = stage.connect();
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (queue) wanted.credit = stage.credit_for(kHeld);
  // Where its leases run on after it has gone they have to be waited for.
  if (queue && !frees) wanted.lease_ms = lease_for(stage, kLeaseMs);
  const Subscribed its = stage.subscribe(quiet, wanted);
  if (const auto ping = claims.limit("ping_ms")) quiet.wait_for_ping(milliseconds(*ping + 2000));
  quiet.stop_reading();
  quiet.leaving();  // From here on the bus may take it for gone.
  for (std::size_t i = 0; i < kHeld; ++i)
    stage.publish(other,
                  {.destination = destination, .mode = mode, .payload = Payload::text("held")});
  // Reading has stopped behind it.
  if (!stage.wait_count(quiet, its, 1)) return;
  stage.let_pass(milliseconds(claims.limit("idle_ms").value_or(kIdleMost) + 1000));
  if (queue) {
    Consumer consumer(stage, other, stage.subscribe(other, wanted));
    if (!consumer.count(kHeld))
      stage.let_pass(milliseconds(claims.limit("redelivery_grace_ms").value_or(1000) + 500 +
                                  (frees ? 0 : kLeaseMs)));
    consumer.fence(destination);
  }
  quiet.read_again();
  auto sign = quiet.call("bus/unsubscribe", {{"subscription", "no such subscription"}});
  if (!sign && quiet.closed()) return;
}

/// One connection has nothing to do, one holds messages, one has requests under way.
void is_told_to_stop(Stage& stage) {
  constexpr std::size_t kBefore = 100;
  constexpr int kUnderWay = 50;
  const std::string mode = stage.mode(), destination = stage.destination();
  const bool queue = mode == "queue";
  stage.connect();
  Session& holder = stage.connect();
  Session& publisher = stage.connect();
  targets::Subscribe wanted{.destination = destination, .mode = mode};
  if (queue) wanted.credit = stage.credit_for(10);
  if (queue) wanted.lease_ms = lease_for(stage, kLeaseMs);
  const Subscribed its = stage.subscribe(holder, wanted);
  std::set<std::uint32_t> accepted;
  const targets::Publish publish{
      .destination = destination, .mode = mode, .payload = Payload::text("before the stop")};
  for (std::size_t i = 0; i < kBefore; ++i)
    accepted.insert(stage.publish(publisher, publish).message);
  if (!stage.wait_count(holder, its, 1)) return;
  std::vector<std::uint32_t> under_way;
  for (int i = 0; i < kUnderWay; ++i) under_way.push_back(publisher.start_publish(publish));
  stage.stop_bus();
  for (const std::uint32_t operation : under_way)
    if (auto published = publisher.await_publish(operation); published)
      accepted.insert(published->message);
  stage.start_bus();
  if (queue) take_all(stage, stage.connect(), destination, accepted, kLeaseMs);
}

constexpr JudgedCase kWatch[] = {{"END-4.pings", checkers::judge_pinged},
                                 {"END-4.drops", checkers::judge_dropped},
                                 {"END-4.leases", checkers::judge_dropped_gives_back}};
constexpr JudgedCase kStop[] = {{"END-6.close_code", checkers::judge_going_away},
                                {"END-6.nothing_lost", checkers::judge_delivered},
                                {"END-6.in_time", checkers::judge_stops_in_time}};

constexpr std::array kScenarios = {
    Scenario{.name = "Endpoint.END_4_keeps_watch_over_its_peers",
             .cases = kWatch,
             .bus = stage::Bus::own,
             .run = says_nothing},
    Scenario{.name = "Endpoint.END_6_shuts_down_in_order",
             .cases = kStop,
             .bus = stage::Bus::own,
             .run = is_told_to_stop},
};

}  // namespace

std::span<const Scenario> peers() { return kScenarios; }

}  // namespace busproof::families
