// Times as events and records state them.
//
// Threads: no state. Errors: what is no RFC 3339 time is nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace busproof::checkers {

/// Microseconds since 1970 of an RFC 3339 time with its offset; digits beyond the sixth are
/// dropped.
std::optional<std::chrono::microseconds> instant_of(std::string_view text);

}  // namespace busproof::checkers
