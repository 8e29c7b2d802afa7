// The relay over Redis: one channel of all nodes, which both rings and topic messages go through.
//
// Redis' channels know no databases: the prefix keeps buses apart. A message is its sender, what it
// is ('r' or 't'), and a destination or a topic message.
// Threads, errors: as the interface says. Two threads: one speaks, one listens.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "reference/stores/outbox.hpp"
#include "reference/stores/redis/connection.hpp"
#include "reference/stores/relay.hpp"
#include "reference/stores/waker.hpp"

namespace reference::stores::redis {

class RedisRelay : public Relay {
 public:
  /// `self` is no other node's.
  RedisRelay(const Address& address, const std::string& prefix, std::uint64_t self);
  ~RedisRelay() override;

  void start(Heard& heard) override;
  void ring(std::string_view destination) override { outbox_.ring(destination); }
  void tell(std::string text) override { outbox_.tell(std::move(text)); }
  void end() override;

 private:
  void speak();
  void listen();
  void hear(std::string_view message);

  Connection speaking_, listening_;
  std::string channel_;
  std::string self_;  ///< who speaks, of fixed length: what comes back is not heard
  Heard* heard_ = nullptr;
  Outbox outbox_;
  Waker waker_;
  std::thread speaker_, listener_;
};

}  // namespace reference::stores::redis
