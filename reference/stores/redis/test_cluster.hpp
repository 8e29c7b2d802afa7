// A Redis Cluster of its own for tests: three masters on loopback, each with a third of the slots,
// without replicas, and gone with their owner.
//
// Made by the cluster's own commands, so that nothing but redis-server is needed. A node that comes
// up takes writes only two seconds later: where many tests need a cluster they share one, each
// under a prefix of its own.
// Threads: one at a time.
// Errors: what did not work is returned as a sentence; nothing where all did.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "reference/stores/redis/connection.hpp"
#include "reference/stores/redis/test_server.hpp"

namespace reference::stores::redis {

class TestCluster {
 public:
  static constexpr std::size_t kNodes = 3;
  using Failed = std::optional<std::string>;

  /// Starts the nodes, and returns once each of them serves all slots.
  Failed start();

  /// SIGKILL, and a start of the same node with what it had.
  void kill(std::size_t node) { nodes_.at(node).server.kill(); }
  Failed restart(std::size_t node);
  /// Returns once each node serves all slots.
  Failed await_ready();

  [[nodiscard]] Address address(std::size_t node) const;
  [[nodiscard]] std::string url(std::size_t node) const;

  /// The node that the key is on; kNodes where none says so.
  std::size_t owner(const std::string& key);

  /// Moves the slot of `key`, with all that is in it, step by step: from begin_move() until
  /// end_move() it is on its way.
  Failed begin_move(const std::string& key, std::size_t to);
  Failed move_keys();
  Failed end_move();
  Failed move(const std::string& key, std::size_t to);

 private:
  struct Node {
    TestServer server;
    std::uint16_t port = 0, bus_port = 0;
  };
  struct Move {
    std::string slot;
    std::size_t from = 0, to = 0;
  };
  Failed start_node(Node& node);
  core::Result<Reply> ask(std::size_t node, const Command& command);
  Failed tell(std::size_t node, const Command& command);
  std::string id(std::size_t node);

  std::array<Node, kNodes> nodes_;
  Move move_;
};

}  // namespace reference::stores::redis
