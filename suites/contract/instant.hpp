// RFC 3339 times, as events and answers write them.
//
// Threads: pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace busproof::contract {

/// Since 1970, UTC, without leap seconds.
using Instant = std::chrono::microseconds;

/// What `text` says, cut to microseconds; nothing where it is no RFC 3339 time.
std::optional<Instant> instant_from(std::string_view text);

/// "2026-01-31T12:00:00.250Z": in milliseconds.
std::string to_rfc3339(Instant instant);

}  // namespace busproof::contract
