#include "reference/stores/postgres/values.hpp"

#include <array>

#include "reference/core/payload.hpp"

namespace reference::stores::postgres {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

void append_hex(std::string& text, unsigned char byte) {
  text += kDigits[byte >> 4U];
  text += kDigits[byte & 15U];
}

/// What each character is as a hexadecimal digit.
constexpr auto kValues = [] {
  std::array<unsigned char, 256> values{};
  for (unsigned char digit = 0; digit < 16; ++digit)
    values[static_cast<unsigned char>(kDigits[digit])] = digit;
  return values;
}();

unsigned value_of(char digit) { return kValues[static_cast<unsigned char>(digit)]; }

}  // namespace

std::string as_text(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (const char c : value) {
    if (c == '\0')
      text += "\\0";
    else if (c == '\\')
      text += "\\\\";
    else
      text += c;
  }
  return text;
}

std::string from_text(std::string_view stored) {
  std::string value;
  value.reserve(stored.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const bool escaped = stored[i] == '\\' && i + 1 < stored.size();
    if (escaped) ++i;
    value += escaped && stored[i] == '0' ? '\0' : stored[i];
  }
  return value;
}

std::string quoted(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal += c;
    literal += c;
  }
  return literal += '\'';
}

std::string as_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) append_hex(text, static_cast<unsigned char>(c));
  return text;
}

std::string from_hex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(value_of(hex[2 * i]) << 4U | value_of(hex[2 * i + 1]));
  return bytes;
}

std::string as_uuid(const unsigned char* bytes) {
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    append_hex(text, bytes[i]);
  }
  return text;
}

std::string key_of(std::string_view value) { return as_uuid(core::sha256(value).data()); }

void Array::next() {
  if (!text_.empty()) text_ += ',';
}

void Array::add(std::int64_t value) {
  next();
  text_ += std::to_string(value);
}

void Array::add(const std::string& text) {
  next();
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void Array::add_null() {
  next();
  text_ += "NULL";
}

Args& Args::add(std::int64_t value) { return add(std::to_string(value)); }

Args& Args::add(const std::string& text) {
  texts_.emplace_back(text);
  return *this;
}

Args& Args::blob(std::string_view bytes) {
  bytes_ = bytes;
  return *this;
}

}  // namespace reference::stores::postgres
