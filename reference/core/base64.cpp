// Base 64 by table. Errors: from_base64 answers nothing for what is not canonical.
#include "reference/core/base64.hpp"

#include <array>
#include <cstdint>

namespace reference::core {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kForeign = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kForeign;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr auto kValues = make_values();

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::uint32_t value_at(std::string_view text, std::size_t i) {
  return kValues[static_cast<unsigned char>(text[i])];
}

// The last group of four, which may carry padding.
bool decode_tail(std::string_view text, std::string& out) {
  const std::size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint32_t value = i < 4 - padding ? value_at(text, i) : 0;
    if (value == kForeign) return false;
    bits = bits << 6 | value;
  }
  const std::uint32_t unused = padding == 0 ? 0 : padding == 1 ? 0xFF : 0xFFFF;
  if ((bits & unused) != 0) return false;
  for (std::size_t i = 0; i < 3 - padding; ++i)
    out += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
  return true;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const auto bits = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) *to++ = kAlphabet[bits >> shift & 63];
  }
  if (i == bytes.size()) return;
  const bool two = i + 2 == bytes.size();
  const auto bits = byte_at(bytes, i) << 16 | (two ? byte_at(bytes, i + 1) << 8 : 0);
  *to++ = kAlphabet[bits >> 18 & 63];
  *to++ = kAlphabet[bits >> 12 & 63];
  *to++ = two ? kAlphabet[bits >> 6 & 63] : '=';
  *to++ = '=';
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  if (text.empty()) return bytes;
  if (text.size() % 4 != 0) return std::nullopt;
  bytes.resize(text.size() / 4 * 3 - 3);
  char* to = bytes.data();
  const std::size_t tail = text.size() - 4;
  for (std::size_t i = 0; i < tail; i += 4) {
    const auto a = value_at(text, i), b = value_at(text, i + 1);
    const auto c = value_at(text, i + 2), d = value_at(text, i + 3);
    if (((a | b | c | d) & 0x80U) != 0) return std::nullopt;
    const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8 & 0xFF);
    *to++ = static_cast<char>(bits & 0xFF);
  }
  if (!decode_tail(text.substr(tail), bytes)) return std::nullopt;
  return bytes;
}

}  // namespace reference::core
