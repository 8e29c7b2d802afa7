#include "reference/stores/redis/test_cluster.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "reference/stores/waker.hpp"

namespace reference::stores::redis {
namespace {

constexpr std::chrono::seconds kReadyWithin{30};
constexpr core::Ms kPause{20};
constexpr int kSlots = 16'384;
constexpr int kTries = 5;
constexpr const char* kLoopback = "127.0.0.1";

/// A port that nobody listens at just now; 0 where there is none.
std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      ::bind(descriptor, raw, size) == 0 && ::getsockname(descriptor, raw, &size) == 0;
  ::close(descriptor);
  return bound ? ntohs(address.sin_port) : std::uint16_t{0};
}

}  // namespace

Address TestCluster::address(std::size_t node) const {
  Address address;
  address.host = kLoopback;
  address.port = nodes_.at(node).port;
  return address;
}

std::string TestCluster::url(std::size_t node) const {
  return "redis://" + std::string(kLoopback) + ':' + std::to_string(nodes_.at(node).port);
}

core::Result<Reply> TestCluster::ask(std::size_t node, const Command& command) {
  Connection connection(address(node));
  return connection.exchange(command);
}

TestCluster::Failed TestCluster::tell(std::size_t node, const Command& command) {
  const auto reply = ask(node, command);
  if (!reply) return reply.error().detail();
  if (reply->is_error()) return std::string(command.words().front()) + ": " + reply->text;
  return std::nullopt;
}

std::string TestCluster::id(std::size_t node) {
  const auto reply = ask(node, Command{"CLUSTER", "MYID"});
  return reply ? reply->text : std::string();
}

TestCluster::Failed TestCluster::start_node(Node& node) {
  return node.server.start({"--port", std::to_string(node.port), "--cluster-port",
                            std::to_string(node.bus_port), "--bind", kLoopback, "--cluster-enabled",
                            "yes", "--cluster-node-timeout", "2000"});
}

TestCluster::Failed TestCluster::start() {
  for (Node& node : nodes_) {
    Failed failed;
    // Another process may have taken a port in between.
    for (int i = 0; i < kTries && (failed || node.port == 0); ++i) {
      node.port = free_port();
      node.bus_port = free_port();
      failed = start_node(node);
    }
    if (failed) return failed;
  }
  for (std::size_t i = 0; i < kNodes; ++i) {
    const auto share = static_cast<int>(i);
    constexpr int kNodesHere = static_cast<int>(kNodes);
    const int first = kSlots * share / kNodesHere, last = kSlots * (share + 1) / kNodesHere - 1;
    if (auto failed = tell(i, Command{"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}))
      return failed;
    if (auto failed = tell(
            i, Command{"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)}))
      return failed;
    if (i == 0) continue;
    const Node& node = nodes_.at(i);
    if (auto failed = tell(0, Command{"CLUSTER", "MEET", kLoopback, std::to_string(node.port),
                                      std::to_string(node.bus_port)}))
      return failed;
  }
  return await_ready();
}

TestCluster::Failed TestCluster::restart(std::size_t node) { return start_node(nodes_.at(node)); }

TestCluster::Failed TestCluster::await_ready() {
  const Waker pause;
  const auto until = std::chrono::steady_clock::now() + kReadyWithin;
  for (std::size_t node = 0; node < kNodes;) {
    const auto reply = ask(node, Command{"CLUSTER", "INFO"});
    if (reply && reply->text.find("cluster_state:ok") != std::string::npos &&
        reply->text.find("cluster_slots_ok:16384") != std::string::npos) {
      ++node;
      continue;
    }
    if (std::chrono::steady_clock::now() > until)
      return "the cluster has not come up: " + (reply ? reply->text : reply.error().detail());
    std::ignore = pause.wait(-1, kPause);
  }
  return std::nullopt;
}

std::size_t TestCluster::owner(const std::string& key) {
  for (std::size_t node = 0; node < kNodes; ++node) {
    Connection connection(address(node));
    const auto reply = connection.exchange(Command{"EXISTS", key});
    if (reply && !reply->is_error() && connection.place() == address(node)) return node;
  }
  return kNodes;
}

TestCluster::Failed TestCluster::begin_move(const std::string& key, std::size_t to) {
  move_.from = owner(key);
  move_.to = to;
  if (move_.from == kNodes || move_.from == to) return "there is nothing to move";
  const auto slot = ask(to, Command{"CLUSTER", "KEYSLOT", key});
  if (!slot) return slot.error().detail();
  move_.slot = std::to_string(slot->integer);
  if (auto failed =
          tell(to, Command{"CLUSTER", "SETSLOT", move_.slot, "IMPORTING", id(move_.from)}))
    return failed;
  return tell(move_.from, Command{"CLUSTER", "SETSLOT", move_.slot, "MIGRATING", id(to)});
}

TestCluster::Failed TestCluster::move_keys() {
  const auto port = std::to_string(nodes_.at(move_.to).port);
  while (true) {
    const auto keys = ask(move_.from, Command{"CLUSTER", "GETKEYSINSLOT", move_.slot, "100"});
    if (!keys) return keys.error().detail();
    if (keys->items.empty()) return std::nullopt;
    Command migrate{"MIGRATE", kLoopback, port, "", "0", "10000", "KEYS"};
    for (const auto& key : keys->items) migrate.add(key.text);
    if (auto failed = tell(move_.from, migrate)) return failed;
  }
}

TestCluster::Failed TestCluster::end_move() {
  const auto owner = id(move_.to);
  // First the new one, so that there is always one that takes the slot for its own.
  for (const std::size_t node : {move_.to, move_.from, kNodes - move_.to - move_.from})
    if (auto failed = tell(node, Command{"CLUSTER", "SETSLOT", move_.slot, "NODE", owner}))
      return failed;
  return std::nullopt;
}

TestCluster::Failed TestCluster::move(const std::string& key, std::size_t to) {
  if (auto failed = begin_move(key, to)) return failed;
  if (auto failed = move_keys()) return failed;
  return end_move();
}

}  // namespace reference::stores::redis
