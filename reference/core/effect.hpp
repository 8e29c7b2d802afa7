// What the core wants done, as values. The executor carries them out in this order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reference/core/compression.hpp"
#include "reference/core/guard.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/payload.hpp"
#include "reference/core/step.hpp"

namespace reference::core {

/// One message to one connection.
struct Send {
  Conn conn;
  std::string text;
};

/// Cut off a connection: what is not yet on its way to it is dropped, `last` is said instead.
struct Close {
  Conn conn;
  std::string last;
};

/// Stop or go on reading a connection's requests.
struct Throttle {
  Conn conn;
  bool paused = false;
};

/// Compute a payload's digest on a worker; comes back as Core::encoded.
struct Encode {
  Ticket ticket;
  Body body;
};

/// Hash bodies against their digests on a worker; comes back as Core::checked.
struct Check {
  Ticket ticket;
  std::vector<std::pair<Body, Digest>> bodies;
};

/// Cut a payload into pieces and compress them on a worker; comes back as Core::packed.
struct Pack {
  Ticket ticket;
  std::string bytes;
};

/// Inflate and check stored pieces on a worker; comes back as Core::unpacked. `whole` is the digest
/// of all of them together, where they are all.
struct Unpack {
  Ticket ticket;
  std::vector<Piece> pieces;
  BodyKind kind = BodyKind::binary;
  std::optional<Digest> whole;
};

struct ToQueue {
  Ticket ticket;
  Step step;
  Shift shift;
};
struct AskQueue {
  Ticket ticket;
  Question question;
  Shift shift;
};
struct SweepQueue {
  Ticket ticket;
  int at_most = 0;
  int attempts_max = 0;
  Shift shift;
};

struct PutPayload {
  TransactionId id;
  std::vector<Piece> pieces;
  Ms ttl{0};
};
/// The pieces from `first` on, at most `count`.
struct ReadPayload {
  TransactionId id;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
struct DropPayloads {
  std::vector<TransactionId> ids;
};
struct SweepPayloads {};
struct ResetPayloads {};
using PayloadOp =
    std::variant<PutPayload, ReadPayload, DropPayloads, Corrupt, SweepPayloads, ResetPayloads>;
struct PayloadAnswer {
  bool found = true;
  std::vector<Piece> pieces;
};
struct ToPayload {
  Ticket ticket;
  PayloadOp op;
  Shift shift;
};

/// A destination may have something ready. Goes to every node, this one too, as Core::rung; a hint.
struct Ring {
  std::string destination;
};

/// What of these has not begun at its store is not to begin; comes back as Core::kept_away.
struct Withdraw {
  std::vector<Ticket> tickets;
};

/// The breaker let this not through to its store; comes back as Core::kept_away.
struct KeepAway {
  Ticket ticket;
};

/// A store's breaker is in another state now.
struct Turned {
  Store store = Store::payloads;
  BreakerState to = BreakerState::closed;
};

/// What ctl/backend makes a store suffer from. `readonly` refuses what would change it.
enum class Ill : std::uint8_t { none, down, slow, readonly, hanging };
struct Ail {
  Store store = Store::payloads;
  Ill ill = Ill::none;
  Ms delay{0};  ///< of each call, where it is slow
};

/// The metrics page that was asked for under that ticket; nothing where the store failed.
struct Page {
  Ticket ticket;
  std::optional<std::string> text;
};

using Effect = std::variant<Send, Close, Throttle, Encode, Check, Pack, Unpack, ToQueue, AskQueue,
                            SweepQueue, ToPayload, Ring, Withdraw, KeepAway, Turned, Ail, Page>;

}  // namespace reference::core
