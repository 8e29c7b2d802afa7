// Values as the scripts return them.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "reference/core/payload.hpp"

namespace reference::stores::redis {

/// Tokens cross as hex digits: Lua's numbers would round them.
inline std::string token_text(std::uint64_t token) {
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, token >>= 4)
    *digit = "0123456789abcdef"[token & 15];
  return text;
}

inline std::uint64_t token_of(const std::string& text) {
  std::uint64_t token = 0;
  std::from_chars(text.data(), text.data() + text.size(), token, 16);
  return token;
}

inline core::Digest digest_of(const std::string& bytes) {
  core::Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

}  // namespace reference::stores::redis
