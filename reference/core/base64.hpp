// Base 64 with the standard alphabet and padding (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reference::core {

/// The text for `bytes`; 4 characters for every 3 bytes begun.
std::string to_base64(std::string_view bytes);

/// Appends the text for `bytes` to `out`.
void append_base64(std::string& out, std::string_view bytes);

/// The bytes that `text` stands for; nothing for a foreign character, missing or misplaced
/// padding, or bits left over in the last character.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace reference::core
