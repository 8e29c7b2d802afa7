// Carries out the core's effects with threads, and brings the answers back as inputs.
//
// Threads: the methods may be called from any; one lock is held around each input to the core.
// Errors: none of its own; what a store or client does is the core's business.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "reference/core/core.hpp"
#include "reference/executor/ailing.hpp"
#include "reference/executor/edge.hpp"
#include "reference/executor/lane.hpp"
#include "reference/executor/workers.hpp"
#include "reference/stores/relay.hpp"

namespace reference::executor {

/// The executor's way to the clients. Called with the executor's lock held: must not block and
/// must not call back.
class Outlet {
 public:
  Outlet() = default;
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  virtual ~Outlet() = default;

  virtual void send(core::Conn conn, std::string text) = 0;
  /// Drops what is not yet on its way, says `last` and closes.
  virtual void cut_off(core::Conn conn, std::string last) = 0;
  virtual void throttle(core::Conn conn, bool paused) = 0;
};

class Executor : private stores::Relay::Heard {
 public:
  /// Everything referred to must outlive the executor. `edge` may be null, and `relay` is where
  /// there are no other nodes.
  Executor(core::Settings settings, stores::QueueStore& queues, stores::PayloadStore& payloads,
           const core::Policies& policies, core::Random& random, Edge* edge, stores::Relay* relay);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor() override;

  /// From here on effects may reach `outlet`; returns once what time has done while the bus was
  /// down is done in the store, too.
  void start(Outlet& outlet);

  /// `token` is what its handshake carried.
  void opened(core::Conn conn, core::Role role, std::string token = {});
  void closed(core::Conn conn);
  /// One text message from a client; parsed before the lock is taken.
  void received(core::Conn conn, std::string_view text);
  void written(core::Conn conn, std::uint64_t bytes);

  /// Refuses new work; returns once nothing accepted is unanswered or `within` has passed.
  void stop(core::Ms within);

  /// Ends all threads; nothing reaches the outlet afterwards.
  void end();

  /// Asks for the metrics page; `then` gets it. Called with the executor's lock held: it must not
  /// block and must not call back.
  void scrape(std::function<void(std::string)> then);

  /// Who is connected, as JSON; nothing where `one` is asked for and is not.
  std::optional<boost::json::object> connected(Asked asked,
                                               const std::optional<std::string>& session = {},
                                               core::Conn one = {});

  /// What the stores give, from now on.
  void promise(std::string durability, std::optional<core::Ms> loss_window);

  /// Asks at the side door; `then` gets the answer, as above.
  void knock(core::DoorRequest request, std::optional<std::string> session,
             std::function<void(core::DoorAnswer)> then);

  /// Whether a publish would be accepted now.
  [[nodiscard]] bool ready();
  /// Whether the process lives, which is all that its asking tells.
  [[nodiscard]] bool alive();

 private:
  using Lock = std::unique_lock<std::mutex>;
  [[nodiscard]] bool is_ready();
  void request(core::Conn conn, core::Reading reading);
  void carry_out();
  void carry_out(core::Effect& effect);
  void report(Answers answers);
  void encode(core::Encode effect);
  void check(core::Check effect);
  void pack(core::Pack effect);
  void unpack(core::Unpack effect);
  void send(core::Send effect);
  void withdraw(const core::Withdraw& effect);
  void keep_time();

  // What other nodes say.
  void rung(std::string_view destination) override;
  void told(std::string_view text) override;
  void roused() override;

  const core::Policies& policies_;
  Edge* edge_;
  stores::Relay* relay_;
  std::size_t parse_depth_;
  core::Codec codec_;
  Outlet* outlet_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  core::Core core_;
  core::Tick armed_{};  ///< the deadline that the timer waits for
  bool stopping_ = false;
  bool ending_ = false;
  bool swept_once_ = false;
  bool store_failing_ = false;     ///< the queue store
  bool payloads_failing_ = false;  ///< only for the log
  std::map<core::Ticket, std::function<void(std::string)>> scrapes_;
  std::map<core::Ticket, std::function<void(core::DoorAnswer)>> knocks_;
  std::uint64_t next_asked_ = 1;

  Illness queues_illness_;
  Illness payloads_illness_;
  AilingQueues ailing_queues_;
  AilingPayloads ailing_payloads_;

  Workers workers_;
  std::unique_ptr<Lane> lane_;  ///< the queue store's
  std::unique_ptr<Lane> payload_lane_;
  std::thread timer_;
};

}  // namespace reference::executor
