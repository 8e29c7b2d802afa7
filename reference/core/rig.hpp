// A core with its effects carried out in place: for tests.
//
// Stores are memory stores on a clock that the test moves. hold(true) keeps store work back until
// release(), so that a test can look at what would be done, or answer for the store itself.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reference/core/core.hpp"
#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"

namespace reference::core {

class ManualClock : public stores::Clock {
 public:
  [[nodiscard]] Instant now() const override { return ms; }
  Instant ms = 1'700'000'000'000;
};

class CountingRandom : public Random {
 public:
  std::uint64_t next() override { return state_ = state_ * 6'364'136'223'846'793'005U + 1; }

 private:
  std::uint64_t state_ = 42;
};

class Rig {
 public:
  Codec compression = Codec::none;  ///< of payloads stored from now on
  bool shared = false;              ///< whether there may be other nodes, from a restart on
  bool tenancy = false;             ///< whether a session is a tenant, from a restart on
  bool uploads = true;              ///< whether the payload store knows them, from a restart on

  std::shared_ptr<const Authority> authority;  ///< of tokens, from a restart on

  explicit Rig(Limits limits = {}, const Policies* policies = nullptr);

  /// Opens a connection and, unless told otherwise, says hello on it.
  Conn connect(bool hello = true, Role role = Role::client);
  /// The same under a name; `more` is added to hello's params, with a leading comma.
  Conn connect_as(const std::string& agent, const std::string& more = "");
  void disconnect(Conn conn);
  /// Sends a request; the id it got.
  int request(Conn conn, const std::string& method, const std::string& params);
  void raw(Conn conn, const std::string& text);
  /// Sends a request and returns its answer: result or error.
  boost::json::object call(Conn conn, const std::string& method, const std::string& params);
  /// The result, with the test failing where there is none.
  boost::json::object ok(Conn conn, const std::string& method, const std::string& params);
  /// The `kind` of the error, or its code where it has none; "none" for a result.
  std::string error(Conn conn, const std::string& method, const std::string& params);
  /// The answer to an earlier request, if it has come.
  std::optional<boost::json::object> answer(Conn conn, int id);

  /// The next delivery's params, if there is one.
  std::optional<boost::json::object> delivery(Conn conn);
  std::size_t waiting(Conn conn) { return deliveries_[conn].size(); }
  std::vector<boost::json::object> notices(Conn conn) { return notices_[conn]; }

  /// Moves both clocks, ticking the core at each of its deadlines on the way.
  void advance(Ms by);
  void hold(bool on) { held_ = on; }
  /// Carries out the store work held so far.
  void release();
  std::vector<Effect>& pending() { return pending_; }
  void restart();
  /// What another node said.
  void told(const std::string& text);

  ManualClock clock;
  Tick now{};
  stores::memory::MemoryQueueStore queues;
  stores::memory::MemoryPayloadStore payloads;
  std::unique_ptr<Core> core;

  /// Whether clients read what they are sent.
  bool reads = true;
  /// Connections the core has closed.
  std::vector<Conn> closed;
  /// The Throttle effects so far: true pauses.
  std::vector<bool> throttles;
  /// The metrics pages that were asked for.
  std::vector<std::string> pages;
  /// What the breakers have changed to.
  std::vector<std::pair<Store, BreakerState>> turns;
  /// Stores whose every call fails.
  std::set<Store> down;
  /// What was said to other nodes.
  std::vector<std::string> tells;
  /// What was answered at the side door, by ticket.
  std::map<Ticket, DoorAnswer> door;
  /// What Send effects said, raw, in order over all connections.
  std::vector<std::pair<Conn, std::string>> sent;

 private:
  void settle();
  void carry_out(Effect& effect);
  void carry_out_store(Effect& effect);
  bool fail_store(Effect& effect);
  void deliver(const Send& send);
  void take_back(const Withdraw& withdraw);

  Limits limits_;
  Policies honest_;
  const Policies& policies_;
  CountingRandom random_;
  std::uint64_t next_conn_ = 1;
  int next_id_ = 1;
  bool held_ = false;
  std::vector<Effect> pending_;
  std::map<Conn, std::map<int, boost::json::object>> answers_;
  std::map<Conn, std::deque<boost::json::object>> deliveries_;
  std::map<Conn, std::vector<boost::json::object>> notices_;
};

/// Params of a publish of `data` (JSON text) to `destination`, under an event id of its own;
/// `extra` is added to the params, `attributes` to the event, both as JSON members with a leading
/// comma.
std::string message(const std::string& destination, const std::string& data,
                    const std::string& mode = "queue", const std::string& extra = "",
                    const std::string& attributes = "");

}  // namespace reference::core
