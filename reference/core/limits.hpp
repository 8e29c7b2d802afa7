// The limits the bus declares in hello and holds to.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reference/core/ids.hpp"

namespace reference::core {

/// A payload outlives the row of its message or upload by this, so that no reader finds the row
/// without it.
constexpr Ms kPayloadSlack{60'000};

struct Backoff {
  Ms base{100};
  int factor = 2;
  Ms cap{10'000};
};

/// When a store's breaker opens, and how it closes again.
struct BreakerLimits {
  bool enabled = true;
  int failures = 5;      ///< in a row
  Ms open{60'000};       ///< how long it stays open at least
  int probes = 1;        ///< at once, while it is half open
  int closes_after = 1;  ///< that many successes of probes
  Ms call_timeout{8'000};
};

/// What a queue does that is full: refuse the new message, or let go of a waiting one.
enum class Overflow : std::uint8_t { refuse, drop_oldest, drop_newest };

std::string_view overflow_text(Overflow overflow);
std::optional<Overflow> parse_overflow(std::string_view text);

struct Limits {
  std::uint64_t inline_bytes_max = 1'048'576;
  std::uint64_t payload_bytes_max = 100ULL * 1'048'576;
  std::uint64_t message_bytes_max = 32ULL * 1'048'576;
  std::uint64_t retrieve_bytes_max = 1'048'576;
  std::uint64_t buffer_bytes_max = 32ULL * 1'048'576;  ///< unsent bytes of one connection
  std::uint64_t chunk_bytes = 1'048'576;               ///< of every payload above the inline limit
  std::uint64_t chunk_threshold_bytes = 50ULL * 1'048'576;  ///< above it there are several, surely
  Ms upload_ttl{3'600'000};                                 ///< from an upload's last append on
  std::int64_t uploads_max = 1'000;                         ///< open at once
  Ms ttl_default{48LL * 3'600'000};
  Ms ttl_max{365LL * 24 * 3'600'000};
  Ms lease_default{30'000};
  Ms lease_max{3'600'000};
  Ms delay_max{7LL * 24 * 3'600'000};
  Ms dedupe_window{120'000};  ///< how long an event is known again
  int attempts_max = 5;
  Backoff backoff;
  int priority_min = 0;
  int priority_max = 10;
  int priority_default = 0;
  std::optional<std::int64_t> publish_per_s;    ///< of the whole bus
  std::optional<std::int64_t> connections_max;  ///< that have said hello
  int credit_default = 16;
  int credit_max = 1'000;
  std::size_t batch_max = 256;
  Ms health_interval{1'000};  ///< between two looks at a store
  Ms ping{30'000};            ///< a peer silent for so long is pinged
  Ms idle{60'000};            ///< one silent for so long is gone
  std::size_t name_bytes_max = 255;
  int json_depth_max = 64;
  /// What a group of a destination may be owed, dead letters aside; nothing: any number.
  std::optional<std::int64_t> messages_max;
  Overflow overflow = Overflow::refuse;
  BreakerLimits breaker;
};

}  // namespace reference::core
