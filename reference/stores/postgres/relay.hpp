// The relay over PostgreSQL: NOTIFY as the doorbell, a table for topic messages.
//
// A notification says who speaks and where to look; what it says is looked up, never believed. It
// is sent on a connection of its own, after what it is about was committed: a NOTIFY makes commits
// wait for each other. Topic messages are rows, each sender's in their order; they are deleted
// after a while, read or not.
// Threads, errors: as the interface says. Two threads: one speaks, one listens.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "reference/stores/outbox.hpp"
#include "reference/stores/postgres/connection.hpp"
#include "reference/stores/postgres/listener.hpp"
#include "reference/stores/relay.hpp"
#include "reference/stores/waker.hpp"

namespace reference::stores::postgres {

class PostgresRelay : public Relay {
 public:
  /// `dsn` as complete_dsn() makes it; `self` is no other node's.
  PostgresRelay(const std::string& dsn, std::uint64_t self);
  ~PostgresRelay() override;

  void start(Heard& heard) override;
  void ring(std::string_view destination) override { outbox_.ring(destination); }
  void tell(std::string text) override { outbox_.tell(std::move(text)); }
  void end() override;

 private:
  void speak();
  core::Result<void> say(const Outbox::Batch& batch);
  void listen();
  bool begin();
  void hear(std::string_view notification);
  bool fetch();

  Connection speaking_, reading_;
  std::int64_t self_;
  Heard* heard_ = nullptr;
  // The speaking thread's. Numbers are this node's own: what a crash empties begins no count anew.
  std::int64_t said_ = 0;
  core::Tick next_trim_{};
  // The listening thread's: the last message heard of each sender, and who may have said more.
  std::map<std::int64_t, std::int64_t> heard_to_;
  std::set<std::int64_t> speakers_;
  bool begun_ = false;
  Outbox outbox_;
  Waker waker_;
  Listener listener_;
  std::thread speaker_thread_, listener_thread_;
};

}  // namespace reference::stores::postgres
