// What the core holds one by one: connections, subscriptions, deliveries, publications under way.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reference/core/agents.hpp"
#include "reference/core/core.hpp"
#include "reference/core/event.hpp"
#include "reference/core/params.hpp"
#include "reference/core/rate.hpp"
#include "reference/core/settle_memory.hpp"

namespace reference::core {

/// A connection with this much unanswered is read no further until half of it is worked off.
constexpr std::uint64_t kOpenRequestsMax = 4'096;
constexpr std::uint64_t kOpenBytesMax = 64ULL * 1'048'576;

/// A connection with this many unsent bytes gets no further queue deliveries for now, nor one with
/// as many as its buffer may hold.
constexpr std::uint64_t kUnsentPause = 8ULL * 1'048'576;
inline std::uint64_t unsent_pause(const Limits& limits) {
  return std::min(kUnsentPause, limits.buffer_bytes_max);
}

/// Bodies above this are hashed by a worker.
constexpr std::size_t kHashHere = 32'768;

/// Stored events are read back with this; they were checked against the declared depth once.
inline constexpr boost::json::parse_options kDeep{.max_depth = 512};

/// Where an answer goes.
struct Reply {
  Conn conn{};
  boost::json::value id;
  bool silent = false;                   ///< the request was a notification
  std::size_t bytes = 0;                 ///< of the request's text
  bool append = false;                   ///< to an upload
  std::optional<Ticket> door{};          ///< at the side door, not on a connection
  std::optional<std::string> session{};  ///< who asks there
};

using SubscriptionId = std::uint64_t;

enum class Mode : std::uint8_t { queue, topic, both };

struct Subscription {
  Conn conn{};
  Mode mode = Mode::queue;
  std::string destination;  ///< or the pattern
  bool pattern = false;
  std::string group;
  int credit = 0;
  Ms term{0};           ///< the lease its deliveries were promised
  bool ending = false;  ///< unsubscribed; nothing is delivered any more
  std::unordered_set<Token> open;
};

enum class Settling : std::uint8_t { none, acking, rejecting };

/// A delivery that is neither settled nor lost.
struct Delivery {
  SubscriptionId subscription = 0;
  Conn conn{};
  Copy copy;
  int attempt = 1;
  Tick ends{};  ///< the lease's end at the latest
  Settling settling = Settling::none;
  struct Waiter {
    Reply reply;
    Settling wants = Settling::none;
  };
  std::vector<Waiter> waiters;  ///< settled it again while the first settling was under way
};

/// One message of a publish on its way to acceptance.
struct Publication {
  TransactionId id;
  std::string destination;
  Mode mode = Mode::queue;
  Event event;
  Route route = Route::inlined;
  std::uint64_t size = 0;
  Digest digest{};
  Ms ttl{0};
  Ms delay{0};
  bool put = false;          ///< its payload is in the payload store
  std::uint64_t stored = 0;  ///< bytes that it takes there
  Codec codec = Codec::none;
  std::optional<Identity> identity;
  bool repeated = false;  ///< the store knows it already; `id` is the first one's
  std::int64_t receivers = 0;
  std::optional<TransactionId> upload;  ///< whose payload it names
  std::uint64_t chunk = 0;
};

/// A publish or a batch: its messages are accepted all or none.
struct Submission {
  Reply reply;
  std::string who;
  std::optional<std::string> session;  ///< of the connection
  bool batch = false;
  std::vector<Publication> items;
  std::size_t waiting = 0;  ///< digests and payloads under way
  bool committing = false;
  std::optional<Fault> fault;

  [[nodiscard]] bool has_topic() const;
};

/// Submissions of one connection in the order they came, so that they are accepted in it.
using Line = std::list<std::shared_ptr<Submission>>;

struct Connection {
  Role role = Role::client;
  bool greeted = false;
  Instant since = 0;
  std::string who;  ///< as its hello said
  std::optional<std::string> session;
  Caller caller;
  std::string token;             ///< of its handshake, until hello
  std::optional<Bearer> bearer;  ///< whom its token names
  std::optional<Tick> ends;      ///< and when that ends
  std::set<SubscriptionId> subscriptions;
  SettleMemory settled;
  std::shared_ptr<Line> line = std::make_shared<Line>();
  std::uint64_t unsent = 0;  ///< bytes sent and not yet written
  bool starved = false;      ///< a pump passed it over for its unsent bytes
  std::uint64_t open_requests = 0;
  std::uint64_t open_bytes = 0;
  std::uint64_t open_appends = 0;  ///< bytes of appends among them
  bool throttled = false;
  bool closing = false;
};

/// An upload that this node has had from its first byte on: its commit need not read it again.
struct Followed {
  std::shared_ptr<RunningDigest> digest = std::make_shared<RunningDigest>();
  std::uint64_t to = 0;      ///< the bytes that the digest has
  std::uint64_t stored = 0;  ///< what its pieces take
  std::uint64_t last = 0;    ///< the short last one, of that
  Codec codec = Codec::none;
};

/// The members of one group on this node.
struct Group {
  std::vector<SubscriptionId> members;
  std::size_t turn = 0;  ///< who is asked first
  bool asking = false;   ///< a Lease is under way
  bool again = false;    ///< something changed meanwhile
  bool dry = false;      ///< nothing was ready when last asked, and no ring since
};

}  // namespace reference::core
