// RFC 3339 times, as events and answers write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reference/core/ids.hpp"

namespace reference::core {

/// `2026-01-31T12:00:00.250Z`.
std::string to_rfc3339(Instant instant);

/// The instant that `text` names, cut to milliseconds; nothing where it is no RFC 3339 time.
/// A leap second counts as the second after it.
std::optional<Instant> from_rfc3339(std::string_view text);

}  // namespace reference::core
