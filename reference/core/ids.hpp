// The names and times the rules of the bus are written in.
//
// Threads: values only. Errors: none.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reference::core {

/// A client's connection, numbered by the server; never reused within a process.
enum class Conn : std::uint64_t {};

/// Names one effect whose answer comes back later.
enum class Ticket : std::uint64_t {};

using Ms = std::chrono::milliseconds;

/// Steady time of this process; never compared between processes.
using Tick = std::chrono::steady_clock::time_point;

/// Milliseconds since 1970-01-01T00:00:00Z by a store's clock, shift included.
using Instant = std::int64_t;

/// How far the control hook has moved the store's clock forward.
using Shift = Ms;

/// 35 characters of lower-case base 32: 48 bits of time, then 122 random bits. The time comes
/// first only because keys that grow keep a store's index dense.
using TransactionId = std::string;

/// What makes an event the same again: half of a SHA-256, so that nobody meets another's by chance.
using Identity = std::array<std::uint64_t, 2>;

struct IdentityHash {
  std::size_t operator()(const Identity& identity) const noexcept {
    return static_cast<std::size_t>(identity[0]);
  }
};

/// Makes a transaction id of `unix_ms` (its low 48 bits count) and two random words, of which
/// 122 bits are used.
TransactionId make_transaction_id(std::uint64_t unix_ms, std::uint64_t high, std::uint64_t low);

/// Whether `text` has the shape of an id made by make_transaction_id.
bool is_transaction_id(std::string_view text);

}  // namespace reference::core
