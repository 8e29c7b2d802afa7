// NODE-5: a node dies under a thousand connections, and all of its clients turn to another.
#include <algorithm>
#include <utility>
#include <vector>

#include "fixtures/process/descriptors.hpp"
#include "suites/checkers/nodes.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::Bus;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

constexpr int kHere = 1, kThere = 2;
constexpr std::int64_t kClients = 1000;
constexpr std::int64_t kBeside = 8;  ///< Connections that others may have at a node.
constexpr milliseconds kSlack{6'000}, kPauseMost{1'000};

/// How many clients there can be: within the bus' own limits, and with four descriptors for each,
/// at our end and the bus', before the death and after it.
std::size_t crowd(const Stage& stage) {
  std::int64_t count = std::min(kClients, static_cast<std::int64_t>(process::descriptors()) / 4);
  if (const auto most = stage.claims().limit("connections_max"))
    count = std::min(count, *most - kBeside);
  // All of them publish at once, twice.
  if (const auto rate = stage.claims().limit("publish_per_s")) count = std::min(count, *rate / 2);
  return static_cast<std::size_t>(std::max<std::int64_t>(count, 1));
}

/// Each publishes, all at once; whether it was accepted.
std::vector<bool> publish_all(const std::vector<Session*>& clients,
                              const std::string& destination) {
  std::vector<std::uint32_t> under_way;
  for (Session* client : clients)
    under_way.push_back(
        client->start_publish({.destination = destination, .payload = Payload::text("mine")}));
  std::vector<bool> accepted;
  for (std::size_t i = 0; i < clients.size(); ++i)
    accepted.push_back(clients[i]->await_publish(under_way[i]).has_value());
  return accepted;
}

/// All of those try the other node, each step all at once; gives those that were not served.
std::vector<Session*> turn_elsewhere(Stage& stage, const std::vector<Session*>& clients,
                                     const std::string& destination) {
  std::vector<Session*> left;
  std::vector<std::pair<Session*, Session*>> connected;
  for (Session* client : clients) {
    Session* again = stage.return_to_node(kHere, *client);
    if (again == nullptr)
      left.push_back(client);
    else
      connected.emplace_back(client, again);
  }
  std::vector<std::uint32_t> hellos;
  for (const auto& [client, again] : connected) hellos.push_back(again->start_hello());
  std::vector<Session*> greeted, as;
  for (std::size_t i = 0; i < connected.size(); ++i) {
    const auto& [client, again] = connected[i];
    const bool taken = again->await_hello(hellos[i]).has_value();
    if (taken) {
      greeted.push_back(again);
      as.push_back(client);
      continue;
    }
    again->close();
    left.push_back(client);
  }
  const std::vector<bool> accepted = publish_all(greeted, destination);
  for (std::size_t i = 0; i < greeted.size(); ++i) {
    if (accepted[i]) continue;
    greeted[i]->close();
    left.push_back(as[i]);
  }
  return left;
}

void back(Stage& stage) {
  stage.need_nodes(2);
  if (!stage.start_node(kThere))
    throw stage::Abandoned{contract::Verdict::blocked, "a second node does not start"};
  const std::string destination = stage.destination();
  const std::size_t count = crowd(stage);
  std::vector<Session*> clients;
  while (clients.size() < count) clients.push_back(&stage.connect_to_node(kThere));
  publish_all(clients, destination);
  stage.kill_node(kThere);
  clients = turn_elsewhere(stage, clients, destination);
  // The last try begins when no bus may turn anybody away any more, even if the machine was slow.
  const history::Time over =
      history::now() + milliseconds(stage.claims().limit_or_default("recovery_ms")) + kSlack;
  for (milliseconds pause{50}; !clients.empty(); pause = std::min(2 * pause, kPauseMost)) {
    stage.let_pass(pause);
    const bool last = history::now() > over;
    clients = turn_elsewhere(stage, clients, destination);
    if (last) return;
  }
}

constexpr JudgedCase kBack[] = {{"NODE-5.back", checkers::judge_back_elsewhere}};

constexpr Scenario kScenarios[] = {
    Scenario{.name = "Nodes.NODE_5_a_thousand_clients_of_a_dead_node",
             .cases = kBack,
             .bus = Bus::own,
             .run = back},
};

}  // namespace

std::span<const Scenario> nodes_return() { return kScenarios; }

}  // namespace busproof::families
