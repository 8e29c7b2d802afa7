// What the core wants done, as values. The executor carries them out in this order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reference/core/compression.hpp"
#include "reference/core/door.hpp"
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

/// Cut a payload into pieces and compress them on a worker; comes back as Core::packed. A short
/// last piece is left as it is where more will follow it.
struct Pack {
  Ticket ticket{};
  std::string bytes;
  std::uint64_t piece_bytes = 0;
  bool unfinished = false;
  std::shared_ptr<RunningDigest> digest{};  ///< gets the bytes behind the first `hashed`, if there
  std::uint64_t hashed = 0;
};

/// Inflate and check one stored piece on a worker, and add its bytes to the digest of those before
/// it; comes back as Core::unpacked.
struct Unpack {
  Ticket ticket;
  Piece piece;
  std::shared_ptr<RunningDigest> digest;  ///< null: nobody asks for one
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
/// Begins an upload. Not found where `most` are open already.
struct OpenUpload {
  TransactionId id;
  Upload upload;
  Ms ttl{0};
  std::optional<std::int64_t> most;
};
/// Puts pieces in the place of those from number `first` on; the upload then has `to` bytes. Done
/// only where it has `from` bytes until then. Not found where there is no such open upload.
struct AppendUpload {
  TransactionId id;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint32_t first = 0;
  std::vector<Piece> pieces;
  Ms ttl{0};
};
struct LookUpload {
  TransactionId id;
};
/// Keeps a payload for `ttl` from now at least; an upload takes no more bytes from then on.
struct KeepPayload {
  TransactionId id;
  Ms ttl{0};
};
struct DropPayloads {
  std::vector<TransactionId> ids;
};
struct SweepPayloads {};
struct ResetPayloads {};
using PayloadOp = std::variant<PutPayload, ReadPayload, OpenUpload, AppendUpload, LookUpload,
                               KeepPayload, DropPayloads, Corrupt, SweepPayloads, ResetPayloads>;
struct PayloadAnswer {
  bool found = true;
  std::vector<Piece> pieces{};
  std::optional<Upload> upload{};  ///< as it is now
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

/// Goes to every other node, as Core::told; at most once, those of one node in their order.
struct Tell {
  std::string text;
};

/// The metrics page that was asked for under that ticket; shorter where the queue store failed.
struct Page {
  Ticket ticket;
  std::string text;
};

/// What was asked at the side door under that ticket.
struct Served {
  Ticket ticket;
  DoorAnswer answer;
};

using Effect =
    std::variant<Send, Close, Throttle, Encode, Check, Pack, Unpack, ToQueue, AskQueue, SweepQueue,
                 ToPayload, Ring, Withdraw, KeepAway, Turned, Ail, Tell, Page, Served>;

}  // namespace reference::core
