// CFG-3 and DUR-10: servers that are away when the bus is started, and a server that comes back
// with other data than it had.
#include "suites/checkers/without_stores.hpp"

#include <algorithm>
#include <array>

#include "suites/families/families.hpp"
#include "suites/families/tripping.hpp"

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

constexpr milliseconds kOwn{150}, kPause{50};

void live_on_topics(Stage& stage, Session& session) {
  if (!stage.claims().has("topic")) return;
  if (stage.holder_of("topics").empty()) stage.recorder().mark("topics_apart");
  const std::string topic = stage.destination("topic");
  const auto heard = session.subscribe({.destination = topic, .mode = "topic"});
  if (!heard) return;
  try_publish(stage, session,
              {.destination = topic, .mode = "topic", .payload = Payload::text("live")});
}

void started_without(Stage& stage) {
  const auto servers = stage.servers();
  stage.need_own_bus();
  stage.stop_bus();
  for (const std::string& server : servers) stage.kill_server(server);
  const bool serves = stage.launch_bus();
  if (serves) live_on_topics(stage, stage.connect());
  for (const std::string& server : servers) stage.restart_server(server);
  if (!serves) return;
  Session& session = stage.connect();
  const targets::Publish wanted{.destination = stage.destination(),
                                .mode = stage.mode(),
                                .payload = Payload::text("accepted again")};
  const milliseconds recovery(stage.claims().limit_or_default("recovery_ms"));
  const auto until = history::now() + recovery + kOwn;
  while (!try_publish(stage, session, wanted)) {
    if (history::now() > until) {
      stage.let_pass(kOwn);
      try_publish(stage, session, wanted);
      return;
    }
    stage.let_pass(kPause);
  }
}

constexpr std::string_view kQuick = "health.quick";

/// A bus that has accepted messages, and whose store comes back without them.
void data_replaced(Stage& stage, Stage::Data data) {
  constexpr int kMessages = 5;
  constexpr milliseconds kLongest{20'000};
  const auto servers = stage.servers();
  const std::string holder = stage.holder_of("queues");
  if (std::ranges::count(servers, holder) == 0 || !stage.claims().has("queue"))
    throw Abandoned{Verdict::unverified, "no server of the target's holds queues"};
  stage.need_own_bus();
  if (stage.has_variant(kQuick)) {
    stage.stop_bus();
    stage.start_bus(kQuick);
  }
  const auto detect = stage.claims().limit("health.detect_ms");
  if (!detect || milliseconds(*detect) > kLongest)
    throw Abandoned{Verdict::unverified,
                    "health.detect_ms is not declared, or longer than is waited for"};
  Session& session = stage.connect();
  const targets::Publish wanted{.destination = stage.destination(),
                                .payload = Payload::text("what the store is to know")};
  const auto accept_some = [&] {
    const auto until =
        history::now() + milliseconds(stage.claims().limit_or_default("recovery_ms"));
    for (int accepted = 0; accepted < kMessages;) {
      if (try_publish(stage, session, wanted))
        ++accepted;
      else if (history::now() > until)
        throw Abandoned{Verdict::blocked, "the bus accepts nothing"};
      else
        stage.let_pass(kPause);
    }
  };
  accept_some();
  if (data == Stage::Data::older) {
    stage.keep_server_data(holder);
    accept_some();
  }
  stage.replace_server_data(holder, data);
  const auto until = history::now() + milliseconds(*detect) + 2 * kOwn;
  while (history::now() < until) {
    stage.let_pass(kPause);
    if (auto told = session.call("bus/health", {}); !told && session.closed()) break;
  }
  if (!session.closed())
    if (auto told = session.call("bus/health", {}); !told) stage.recorder().mark("no_health");
  stage.mark_log();
  // One that ended instead accepts nothing either.
  Session* caller = session.closed() ? stage.try_connect() : &session;
  for (int i = 0; caller != nullptr && i < kMessages; ++i)
    if (const auto done = caller->publish(wanted); !done && caller->closed()) return;
}

void comes_back_empty(Stage& stage) { data_replaced(stage, Stage::Data::empty); }

constexpr JudgedCase kWithout[] = {{"CFG-3.starts", checkers::judge_starts_without},
                                   {"CFG-3.serves", checkers::judge_serves_without},
                                   {"CFG-3.recovers", checkers::judge_recovers_later}};
constexpr JudgedCase kEmpty[] = {{"DUR-10.empty", checkers::judge_empty_noticed}};

constexpr std::array kScenarios = {
    Scenario{.name = "Start.CFG_3_without_its_stores",
             .cases = kWithout,
             .bus = stage::Bus::own_servers,
             .run = started_without},
    Scenario{.name = "Durability.DUR_10_a_store_that_comes_back_empty",
             .cases = kEmpty,
             .bus = stage::Bus::own_servers,
             .run = comes_back_empty},
};

}  // namespace

std::span<const Scenario> without_stores() { return kScenarios; }

}  // namespace busproof::families
