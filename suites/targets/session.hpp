// Session: what scenarios talk to a bus through. Speaks JSON-RPC over a transport, records all of
// it.
//
// It never retries, never deduplicates, and gives out what came as it came.
//
// Threads: one thread uses a session; answers and deliveries arrive on the reactor's.
// Errors:  a refusal of the bus comes back with its kind and effect; "no_answer" (may have
// happened)
//          after the bus' answer_ms; "disconnected" (may have happened) when the connection ended.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "suites/contract/claims.hpp"
#include "suites/contract/result.hpp"
#include "suites/history/recorder.hpp"
#include "suites/targets/messages.hpp"
#include "suites/targets/transport.hpp"

namespace busproof::targets {

using contract::Result;
using history::Time;

/// Everything a session shares with the others of its scenario.
struct Shared {
  history::Recorder& recorder;
  std::string token;                ///< Part of every event id, so that strangers are recognised.
  std::int64_t answer_ms = 10'000;  ///< A later answer counts as none.
  Handshake handshake = {};         ///< Of every connection.
  /// The token that hello carries, for who it says it is; null or empty: none.
  std::function<std::string(const boost::json::object& who)> bearer = {};
};

class Session : private Listener {
 public:
  /// Connects; says nothing yet.
  static Result<std::unique_ptr<Session>> open(Connector& connector, Shared shared);

  /// The same; `status` as Connector::connect_as gives it.
  static Result<std::unique_ptr<Session>> open(Connector& connector, Shared shared,
                                               unsigned& status);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] std::uint32_t number() const { return number_; }

  Result<contract::Claims> hello(const boost::json::object& extra = {});

  /// The same in two halves, so that many may be under way.
  std::uint32_t start_hello(const boost::json::object& extra = {});
  Result<contract::Claims> await_hello(std::uint32_t operation);

  /// The same with no token but that one; `shown` is what the history calls it.
  Result<contract::Claims> hello_showing(std::string_view shown,
                                         const std::optional<std::string>& token);

  Result<Published> publish(const Publish& wanted);
  Result<Subscribed> subscribe(const Subscribe& wanted);
  Result<void> unsubscribe(const Subscribed& subscription, bool forget = false);
  Result<void> credit(const Subscribed& subscription, std::int64_t credit);
  Result<void> ack(const Delivered& delivery);
  Result<void> reject(const Delivered& delivery, bool requeue,
                      std::optional<std::int64_t> delay_ms = {}, std::string_view reason = {});
  Result<void> extend(const Delivered& delivery, std::int64_t lease_ms);

  /// The whole payload, in as many requests as it takes; recorded as one operation, with the "tx"
  /// of a message without a number.
  Result<std::string> retrieve(const Published& message);

  /// The id of the event that the message was published as. A publish that is given it as an
  /// attribute repeats that event, and is recorded as "repeats" the message.
  [[nodiscard]] std::string event_id(std::uint32_t message) const;

  /// The number of the message that a publish under way was given.
  std::uint32_t message_under_way(std::uint32_t operation);

  /// All or none; recorded as one publish each, with the "batch" that they are of.
  Result<std::vector<Published>> publish_batch(const std::vector<Publish>& wanted);
  struct Batch {
    std::uint32_t operation = 0;
    std::vector<std::uint32_t> parts, messages;  ///< Operation and message of each item.
  };
  Batch start_batch(const std::vector<Publish>& wanted);
  Result<std::vector<Published>> await_batch(const Batch& batch);

  Result<boost::json::object> inspect(const Published& message);
  Result<void> remove(const Published& message);  ///< bus/delete
  Result<boost::json::object> pending(const std::string& destination,
                                      const std::string& group = {});

  /// Any other request; recorded as a call, with its params and its result without payloads.
  Result<boost::json::object> call(std::string_view method, boost::json::object params);

  /// A request whose answer is awaited later, so that several may be under way.
  std::uint32_t start_publish(const Publish& wanted);
  Result<Published> await_publish(std::uint32_t operation);
  std::uint32_t start_ack(const Delivered& delivery);
  Result<void> await_ack(std::uint32_t operation);
  std::uint32_t start_reject(const Delivered& delivery, bool requeue,
                             std::optional<std::int64_t> delay_ms = {},
                             std::string_view reason = {});
  Result<void> await_reject(std::uint32_t operation);
  std::uint32_t start_call(std::string_view method, boost::json::object params);
  Result<boost::json::object> await_call(std::uint32_t operation);

  /// Sends a text as it is and waits for the answer of that id ("null" or a number as JSON).
  /// Recorded as a call.
  Result<boost::json::object> raw(std::string text, const std::string& answer_id,
                                  const std::string& what);
  std::uint32_t start_raw(std::string text, const std::string& answer_id, const std::string& what);

  /// A copy of all deliveries so far on that subscription, in order of receipt, the first `skip`
  /// left out.
  std::vector<Delivered> deliveries(const Subscribed& subscription, std::size_t skip = 0);

  /// Waits until `enough` says so of that subscription's deliveries, or `limit` is over.
  using Enough = std::function<bool(const std::vector<Delivered>&)>;
  bool wait(const Subscribed& subscription, std::chrono::milliseconds limit, const Enough& enough);

  /// Waits for the connection's end.
  bool wait_closed(std::chrono::milliseconds limit);
  [[nodiscard]] bool closed();

  /// Whether the bus ended the connection.
  [[nodiscard]] bool lost();

  /// Whether a request went unanswered and nothing at all has come for half as long. From then on
  /// nothing is waited for longer than a second: a bus that hangs is not waited for over and over.
  [[nodiscard]] bool silent();

  /// Says nothing until the bus pings, or for that long: the mark "listened".
  void wait_for_ping(std::chrono::milliseconds limit);

  /// Leaves what the bus sends from now on unread, answers too. Closing reads it.
  void stop_reading();
  void read_again();

  /// From here on the bus may take it for gone: its leases may end before our side sees the end.
  void leaving();

  void close();  ///< The polite end; waits for it.
  void cut();    ///< The rude end.

 private:
  struct Pending {
    history::Event event;  ///< As invoked; the answer's event is made from it.
    bool recorded = true;
    std::chrono::milliseconds within{0};  ///< a later answer counts as none
    std::optional<Result<boost::json::object>> answer;
    boost::json::object said;  ///< What a history keeps of the answer.
  };

  explicit Session(Shared shared);

  // Listener
  void on_text(std::string_view text, Time at) override;
  void on_closed(const Ending& ending, Time at) override;
  void on_ping(Time at) override;

  /// One request: what to record of it, and what to send.
  struct Request {
    history::Event event;
    std::string method;
    boost::json::object params;
    std::string destination = {};
    boost::json::object detail = {};
    bool recorded = true;
  };

  std::uint32_t start(Request request);
  std::uint32_t expect(Request request, const std::string& id);
  Result<boost::json::object> await(std::uint32_t operation, boost::json::object* said = nullptr);
  Result<boost::json::object> ask(Request request);
  Result<void> ask_nothing(Request request);
  void finish(Pending& pending, Result<boost::json::object> answer, const boost::json::object& said,
              Time at);
  void answered(const std::string& id, const boost::json::object& message, Time at);
  void delivered(const boost::json::object& params, Time at);
  bool hear(std::string_view text, Time at);
  void breach(std::string_view what, std::string_view text, Time at);
  void note(history::Event event, const boost::json::object& detail);
  void mark(std::string_view name);
  [[nodiscard]] std::uint32_t message_of(std::string_view event_id) const;
  [[nodiscard]] std::chrono::milliseconds patient(std::chrono::milliseconds limit) const;
  Request publish_request(const Publish& wanted);
  std::uint32_t greet(boost::json::object params, boost::json::object detail);

  Shared shared_;
  std::uint32_t number_;
  contract::Transport over_ = contract::Transport::lines;
  std::unique_ptr<Transport> transport_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint32_t, Pending> pending_;              // by operation
  std::map<std::string, std::uint32_t> operation_of_id_;  // JSON-RPC id, as JSON, to operation
  std::set<std::string> answered_ids_;
  std::map<std::string, std::uint32_t> subscriptions_;  // the bus' name to our number
  std::map<std::string, std::uint32_t> delivery_numbers_;
  std::map<std::uint32_t, std::vector<Delivered>> inbox_;
  std::optional<Ending> ending_;
  std::optional<std::int64_t> message_bytes_max_;  // as hello declared it
  Time heard_{};                                   // when something last came
  bool silent_ = false;
  std::uint64_t pings_ = 0;
};

}  // namespace busproof::targets
