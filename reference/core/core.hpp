// The rules of the bus: inputs in, effects out. No sockets, no clock, no threads, no store calls.
//
// Each input may leave effects behind; take() hands them over in the order in which they must be
// carried out. Answers to effects with a ticket come back as inputs, in any order between tickets.
//
// Threads: one at a time; the executor holds a lock around each input and its take().
// Errors: a store's failure is an input like any other; nothing here throws for what a client or a
// store may do.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/effect.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/json_rpc.hpp"
#include "reference/core/limits.hpp"
#include "reference/core/policies.hpp"
#include "reference/core/result.hpp"
#include "reference/core/step.hpp"
#include "reference/core/token.hpp"

namespace reference::core {

/// Randomness, handed in so that one seed reproduces a run.
class Random {
 public:
  Random() = default;
  Random(const Random&) = default;
  Random& operator=(const Random&) = default;
  virtual ~Random() = default;
  /// 64 random bits, unguessable in a shipped bus.
  virtual std::uint64_t next() = 0;
};

struct Settings {
  Limits limits;
  Expiry expiry;                    ///< what the queue store does, for hello to say
  Codec compression = Codec::gzip;  ///< of payloads stored from now on
  bool has_zstd = true;             ///< else gzip stands in for it
  bool enabled = true;              ///< else the payload store is left alone
  bool uploads = true;              ///< whether the payload store knows them
  bool fallback = true;             ///< what can't be stored there goes inline while it fits
  bool tenancy = false;             ///< a hello's session is the tenant, else a label
  bool shared = false;              ///< other nodes may serve the same stores
  std::string version;
  std::string durability = "process_crash";  ///< what the store behind gives
  std::optional<Ms> loss_window;             ///< and what a power cut may take; nothing: no bound
  std::shared_ptr<const Authority> authority{};  ///< tokens are demanded where there is one
  std::optional<std::string> control_token;      ///< control hooks are off where there is none
  Shift shift{0};                                ///< the clock hook's sum from before a restart
  std::uint64_t unix_ms = 0;                     ///< at `started`; only the prefix of ids uses it
  Tick started{};
};

enum class Role : std::uint8_t { client, control };

/// What a worker found about bodies it was asked to check; they come back with it.
struct Checked {
  std::vector<std::pair<Body, Digest>> bodies;
  std::vector<bool> intact;
};

/// What workers make of a Pack and an Unpack; the piece is used up.
std::vector<Piece> pack(const Policies& policies, Codec codec, const Pack& work);
std::optional<std::string> unpack(const Policies& policies, Unpack& work);

struct State;

class Core {
 public:
  /// `policies` and `random` must outlive the core.
  Core(Settings settings, const Policies& policies, Random& random);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  /// `token` is what its handshake carried.
  void opened(Conn conn, Role role, Tick now, std::string token = {});
  /// The connection is gone: its leases are given back, its subscriptions end.
  void closed(Conn conn, Tick now);
  void request(Conn conn, Reading reading, Tick now);
  /// `bytes` of what was sent have left for the client.
  void written(Conn conn, std::uint64_t bytes, Tick now);

  void encoded(Ticket ticket, Body body, const Digest& digest, Tick now);
  void checked(Ticket ticket, Checked checked, Tick now);
  void packed(Ticket ticket, std::vector<Piece> pieces, Tick now);
  /// The piece's bytes; nothing where it is damaged.
  void unpacked(Ticket ticket, std::optional<std::string> bytes, Tick now);
  void stored(Ticket ticket, Result<Answer> answer, Tick now);
  void looked(Ticket ticket, Result<View> view, Tick now);
  void swept(Ticket ticket, Result<Swept> swept, Tick now);
  void fetched(Ticket ticket, Result<PayloadAnswer> answer, Tick now);

  /// Its store was not asked for that and will not be.
  void kept_away(Ticket ticket, Tick now);

  /// A hint: `destination` may have something ready.
  void rung(std::string_view destination, Tick now);
  /// Another node's Tell.
  void told(std::string_view text, Tick now);
  /// Rings may have been missed: anything may be ready.
  void roused(Tick now);
  void tick(Tick now);
  /// Somebody asks for the metrics: the ticket is theirs, and comes back in a Page.
  void scrape(Ticket ticket, Tick now);
  /// Likewise at the side door, for that session's tenant; comes back in a Served.
  void knock(Ticket ticket, DoorRequest request, std::optional<std::string> session, Tick now);
  /// Refuses new work from here on and tells every client.
  void stop(Tick now);

  /// What hello says of the stores' durability from here on.
  void promise(std::string durability, std::optional<Ms> loss_window);

  [[nodiscard]] Tick next_deadline() const;
  /// Whether a sweep is under way.
  [[nodiscard]] bool sweeping() const;
  /// Who is connected, as JSON: all, one, and numbers. Where tenants are told apart, of that
  /// session's.
  using Session = std::optional<std::string>;
  [[nodiscard]] boost::json::object connections(const Session& asks = {}) const;
  [[nodiscard]] std::optional<boost::json::object> connection(Conn conn,
                                                              const Session& asks = {}) const;
  [[nodiscard]] boost::json::object connection_stats(const Session& asks = {}) const;
  /// Whether the queue store is asked, so that a publish may be accepted.
  [[nodiscard]] bool asks_queues() const;
  /// Whether anything accepted for storing is still unanswered.
  [[nodiscard]] bool busy() const;
  std::vector<Effect> take();

 private:
  std::unique_ptr<State> state_;
};

}  // namespace reference::core
