// What the core asks of a queue store, and what it hears back: values, so that an executor can
// gather, delay and batch them.
//
// Durations go in and instants come out: the store's clock decides about leases, delays and expiry,
// never a node's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "reference/core/compression.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/limits.hpp"
#include "reference/core/payload.hpp"

namespace reference::core {

/// Accepts one message. Every group of the destination is owed it; where there is none, `default`
/// is made first. Refused with `invalid` where `not_after` has passed or lies beyond `ttl_max`,
/// with `full` where a group is owed `messages_max` already, dead letters aside, and `overflow`
/// does not say which message is dropped then (it counts as deleted, and what is leased is never
/// dropped), and with `conflict` where its identity was accepted with another digest and is still
/// known. With the same digest it is a repeat: nothing happens but that the Answer tells. Refused
/// with `no_upload` where it names the payload of an upload that is not there or has expired.
struct Enqueue {
  TransactionId id;
  std::string destination;
  std::string event;  ///< JSON object text without the payload's members
  Body body;          ///< bytes are empty where the route is a reference
  Route route = Route::inlined;
  std::uint64_t size = 0;
  std::uint64_t stored = 0;  ///< bytes that the payload takes
  Codec codec = Codec::none;
  Digest digest{};
  std::optional<std::string> correlation;
  std::int64_t rank = 0;             ///< lower is delivered first
  Ms ttl{0};                         ///< from acceptance
  std::optional<Instant> not_after;  ///< the sender's own expiry; the earlier one counts
  Ms ttl_max{0};
  Ms delay{0};
  std::optional<std::int64_t> messages_max{};
  std::optional<Identity> identity{};  ///< nothing: always new
  Ms window{0};                        ///< how long it is known by that from now
  std::string who{};                   ///< its sender, for the audit
  std::optional<std::string> session{};
  Overflow overflow = Overflow::refuse;
  bool fan_out = true;  ///< false: kept to be retrieved, owed to nobody (a topic's reference)
  bool upload = false;  ///< the record of an upload: pending until a message first names it
  std::optional<TransactionId> payload{};  ///< the upload whose payload it names; nothing: its own
  std::uint64_t chunk = 0;                 ///< bytes of each stored piece but the last
};

/// Makes a group where it is missing.
struct Join {
  std::string destination;
  std::string group;
};

/// How many one member wants, and the tokens its deliveries get: first_token, first_token + 1, ...
struct Want {
  std::uint64_t first_token = 0;
  int count = 0;
  Ms term{0};
};

/// Leases ready messages in rank order, to the wants in turn, stopping once `bytes_max` is passed.
struct Lease {
  std::string destination;
  std::string group;
  std::vector<Want> wants;
  std::uint64_t bytes_max = 0;
};

/// One leased copy. The token tells this lease from later ones of the same copy.
struct Copy {
  std::int64_t message = 0;
  std::int64_t group = 0;
  std::uint64_t token = 0;
};

/// Settles a copy for good. Refused with `lease_lost` or `not_found`.
struct Ack {
  Copy copy;
};

/// Ends a lease without success: retry after `delay`, or set aside as a dead letter. An expired
/// message does neither. `unsent` takes the attempt back. Refused like Ack.
struct Fail {
  Copy copy;
  bool dead = false;
  bool unsent = false;
  bool rejected = false;  ///< counted as a reject
  Ms delay{0};
  std::string reason{};  ///< of the dead letter
};

/// The lease now ends `term` from now. Refused like Ack.
struct Extend {
  Copy copy;
  Ms term{0};
};

/// Dead letters become ready again, behind their equals. Without ids: all of the group.
struct Redrive {
  std::string destination;
  std::string group;
  std::optional<std::vector<TransactionId>> ids;
};

/// Removes dead letters. Without ids: all of the group.
struct Purge {
  std::string destination;
  std::string group;
  std::optional<std::vector<TransactionId>> ids;
};

/// Ends a group and what it was owed.
struct Forget {
  std::string destination;
  std::string group;
};

/// Removes a message from its queues and from the store. Refused with `not_found`.
struct Delete {
  TransactionId id;
};

/// Notes that a message's payload failed its digest.
struct Spoil {
  TransactionId id;
  std::string error;
};

/// Adds to the totals what no store step shows.
struct Count {
  std::string tenant{};  ///< its mark
  std::int64_t topic_published = 0;
  std::int64_t topic_delivered = 0;
};

/// What ctl/corrupt does to stored bytes.
enum class Damage : std::uint8_t { flip, truncate, extend, zero, erase, swap, repeat, bomb };
enum class Part : std::uint8_t { payload, digest, chunk };

/// Damages the stored body or digest of one message, on purpose. Refused with `not_found`, or
/// `invalid` where `at` lies beyond the body.
struct Corrupt {
  TransactionId id;
  Part part = Part::payload;
  Damage damage = Damage::flip;
  std::uint64_t at = 0;
  std::uint32_t chunk = 0;              ///< with Part::chunk
  std::uint32_t with_chunk = 0;         ///< what Damage::swap exchanges it with
  std::optional<TransactionId> with{};  ///< of another payload; where absent, of this one
};

/// Empties everything.
struct Reset {};

using QueueOp = std::variant<Enqueue, Join, Lease, Ack, Fail, Extend, Redrive, Purge, Forget,
                             Delete, Spoil, Count, Corrupt, Reset>;

/// The copy that an Ack, Fail or Extend settles; null for every other op.
const Copy* settled_copy(const QueueOp& op);

/// Ops that happen all or none. A Delete or Corrupt is alone in its step.
struct Step {
  std::vector<QueueOp> ops;
};

/// The first Enqueue of a step whose destination has no room for it, behind those before it;
/// `waiting` tells what the fullest group of a destination is owed, dead letters aside.
std::optional<std::size_t> first_without_room(
    const Step& step, const std::function<std::int64_t(const std::string&)>& waiting);

enum class Refusal : std::uint8_t { not_found, lease_lost, invalid, full, conflict, no_upload };

/// An Enqueue that was a repeat, and the message that it repeats.
struct Repeat {
  TransactionId repeat;
  TransactionId first;
  Route route = Route::inlined;
};

/// A delivery made by a Lease.
struct Taken {
  Copy copy;
  int attempt = 1;
  TransactionId id;
  std::string event;
  Body body;
  Route route = Route::inlined;
  std::uint64_t size = 0;
  Digest digest{};
};

/// The answer to one step.
struct Answer {
  std::optional<Refusal> refused;
  std::size_t refused_at = 0;  ///< which op
  std::vector<Repeat> repeats;
  std::vector<Taken> taken;
  bool dry = false;                         ///< the last Lease found fewer than were wanted
  std::int64_t count = 0;                   ///< redriven or purged
  std::vector<std::uint64_t> ended;         ///< tokens of leases that ended without being settled
  std::vector<TransactionId> unreferenced;  ///< stored payloads that nothing names any more
  std::vector<std::string> woken;           ///< destinations with messages newly ready
  std::optional<Ms> due;                    ///< when the store next wants a sweep because of it
};

/// What becomes of a message whose time is over.
struct Expiry {
  bool dead_letters = false;  ///< A waiting copy becomes a dead letter; else it is dropped.
  bool archive = false;       ///< The record is kept in the archive, where the store has one.
};

struct Swept {
  std::vector<std::uint64_t> ended;
  std::vector<std::string> woken;
  std::vector<TransactionId> unreferenced;
  std::int64_t expired = 0;
  bool more = false;           ///< at_most was reached
  std::optional<Ms> next_due;  ///< from now; nothing where nothing will ever fall due
};

struct AskMessage {
  TransactionId id;
  bool with_body = false;
};
struct AskCounts {
  std::string destination;
  std::string group;
};
struct AskDead {
  std::string destination;
  std::string group;
  std::int64_t after = 0;  ///< cursor; 0 begins
  int limit = 0;
};
/// Which destinations an answer may tell of: all, where there is none. Pure; a store calls it on
/// its own thread.
using Shown = std::function<bool(std::string_view destination)>;
struct AskCorrelated {
  std::string correlation;
  std::int64_t after = 0;
  int limit = 0;
  Shown shown{};
};
/// Records of one message, or of all that were sent under a session.
struct AskAudit {
  std::optional<TransactionId> id;
  std::string session;  ///< where no id is given
  std::int64_t after = 0;
  int limit = 0;
};
struct AskStats {
  std::optional<std::string> destination;  ///< this one only
  std::string after;                       ///< cursor: names above this one
  int limit = 0;
  Shown shown{};
  std::optional<std::string> tenant{};  ///< whose totals, by its mark; nothing: everybody's
};
using Question = std::variant<AskMessage, AskCounts, AskDead, AskCorrelated, AskAudit, AskStats>;

enum class Status : std::uint8_t { pending, complete, error, expired };

struct MessageView {
  TransactionId id;
  std::string destination;
  std::string event;
  Body body;  ///< bytes only where they were asked for
  Route route = Route::inlined;
  std::uint64_t size = 0;
  std::uint64_t stored = 0;
  Codec codec = Codec::none;
  Digest digest{};
  Status status = Status::pending;
  Instant created = 0;
  Instant expires = 0;
  std::optional<std::string> error;
  bool upload = false;                   ///< it is the record of an upload
  std::optional<TransactionId> payload;  ///< whose payload it names; nothing: its own
  std::uint64_t chunk = 0;               ///< bytes of each stored piece but the last
};
struct Counts {
  std::int64_t accepted = 0, acked = 0, ready = 0, leased = 0, delayed = 0, dead = 0, expired = 0,
               deleted = 0;
};
struct DeadLetter {
  MessageView message;
  int attempts = 0;
  std::string reason;
};
struct DeadPage {
  std::vector<DeadLetter> letters;
  std::optional<std::int64_t> next;
};
struct CorrelatedPage {
  std::vector<MessageView> messages;
  std::optional<std::int64_t> next;
};
/// What became of an accepted message.
enum class Outcome : std::uint8_t { pending, complete, error, expired, deleted };
Outcome outcome_of(Status status);
/// What the audit tells of one message, gone or not.
struct AuditRecord {
  TransactionId id;
  std::string who;
  Instant at = 0;
  std::uint64_t size = 0;
  Route route = Route::inlined;
  Outcome outcome = Outcome::pending;
  bool upload = false;
};
struct AuditPage {
  std::vector<AuditRecord> records;  ///< in order of acceptance
  std::optional<std::int64_t> next;
};
struct Totals {
  std::int64_t published = 0, delivered = 0, acked = 0, rejected = 0, redelivered = 0,
               dead_lettered = 0, expired = 0, deleted = 0, topic_published = 0,
               topic_delivered = 0;
  std::int64_t payload_count = 0, payload_bytes = 0, payload_corrupt = 0;
};
Totals& operator+=(Totals& sum, const Totals& more);
struct StatsPage {
  Totals totals;
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, Counts>>>> destinations;
  std::optional<std::string> next;
};
/// monostate: the store knows no such message.
using View = std::variant<std::monostate, MessageView, Counts, DeadPage, CorrelatedPage, AuditPage,
                          StatsPage>;

}  // namespace reference::core
