// Base64 (RFC 4648, section 4) and the SHA-256 digest in the spelling of RFC 9530.
//
// Threads: no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace busproof::contract {

std::string to_base64(std::string_view bytes);

/// Nothing for what is not base64: other characters, missing or misplaced padding.
std::optional<std::string> from_base64(std::string_view text);

/// "sha-256=:BASE64:" over these bytes, as in `datadigest`.
std::string sha256_digest(std::string_view bytes);

}  // namespace busproof::contract
