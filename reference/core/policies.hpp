// The core's pure decisions, each one virtual function, so that a faulty bus is one override away.
//
// Threads: const and without state; workers call them too. Errors: none.
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/core/agents.hpp"
#include "reference/core/breaker.hpp"
#include "reference/core/compression.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/limits.hpp"
#include "reference/core/payload.hpp"
#include "reference/core/token.hpp"

namespace reference::core {

class Policies {
 public:
  Policies() = default;
  Policies(const Policies&) = default;
  Policies& operator=(const Policies&) = default;
  virtual ~Policies() = default;

  /// Inline at or below the limit, by the payload's own bytes [ROUTE-1, ROUTE-3, ROUTE-4].
  virtual Route route(const Body& body, std::uint64_t inline_bytes_max) const;

  /// What becomes of a store's breaker, and whether a call may go [BRK-1, BRK-2, BRK-4, BRK-5].
  virtual BreakerStep breaker(const Breaker& before, const BreakerInput& input,
                              const BreakerLimits& limits) const;

  /// Whether a payload that can't be stored goes inline, by its message's bytes [ROUTE-8, ROUTE-9].
  virtual bool falls_back(std::uint64_t message_bytes, std::uint64_t message_bytes_max) const;

  /// How long a message lives from its acceptance [TTL-2].
  virtual Ms time_to_live(Ms asked) const;

  /// How long a delivery stays with its subscriber [QUE-4].
  virtual Ms lease(Ms asked) const;

  /// The wait before delivery `attempt + 1`: base x factor^(attempt - 1), capped [QUE-5].
  virtual Ms backoff(int attempt, const Backoff& backoff) const;

  /// Whether the failure of delivery number `attempt` is the last one allowed [QUE-6].
  virtual bool exhausted(int attempt, int attempts_max) const;

  /// How many more deliveries a subscription may have outstanding; 0 and less mean none [QUE-11].
  virtual int window(int credit, int outstanding) const;

  /// Where a priority sorts: lower ranks are delivered first [PRI-1].
  virtual std::int64_t rank(int priority) const;

  /// Whether `name` matches the glob `pattern` [PUB-2].
  virtual bool matches(std::string_view pattern, std::string_view name) const;

  /// Whether the caller may subscribe to that destination, and so learn anything of it [AGT-1,
  /// AGT-2, SEC-7].
  virtual bool may_subscribe(const Caller& caller, std::string_view destination) const;

  /// Which tenant a session names [SEC-1].
  virtual std::string tenant_of(std::string_view session) const;

  /// Whether the tenant of that mark is shown what is kept under that name [SEC-1].
  virtual bool sees(std::string_view mark, std::string_view kept) const;

  /// Whether the caller may call itself that in an event [AGT-6].
  virtual bool may_speak_for(const Caller& caller, std::string_view agent) const;

  /// Whether a message may be of that type [AGT-5].
  virtual bool takes_type(std::string_view type) const;

  /// Whether that makes a token a wrong one [SEC-3].
  virtual bool counts(Flaw flaw) const;

  /// How much longer a connection lives whose token ends then [SEC-3].
  virtual Ms token_holds(Ms left) const;

  /// Whether a handshake may come from `origin` because `listed` is on the list [SEC-4].
  virtual bool is_origin(std::string_view listed, std::string_view origin) const;

  /// How long a peer may say nothing until it is pinged, and until it is gone [END-4].
  virtual Ms ping_after(Ms declared) const;
  virtual Ms drop_after(Ms declared) const;

  /// The digest of a payload [SUM-1].
  virtual Digest digest(const Body& body) const;

  /// Whether a stored body is still the one that `expected` was taken of [SUM-2].
  virtual bool intact(const Body& stored, const Digest& expected) const;

  /// The same for a payload of `size` bytes that was read piece by piece.
  virtual bool whole(const Digest& computed, const Digest& expected, std::uint64_t size) const;

  /// What is stored of one piece of a payload under that setting; kept as it is where compression
  /// would not make it smaller [COMP-2, COMP-4].
  virtual Piece pack(Codec setting, std::string_view bytes) const;

  /// The bytes of a stored piece, or nothing where it is damaged; takes no more room than the
  /// piece's declared size [SUM-4, SUM-8].
  virtual std::optional<std::string> unpack(Piece piece) const;
};

}  // namespace reference::core
