// UTF-8 by hand: a decoder that takes any bytes, and what is done with each character.
#include "reports/text.hpp"

#include <cmath>
#include <cstdint>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace busproof::reports {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// How many bytes a sequence has by its first byte, and the bits that byte brings; 0 where it is
// none.
std::size_t sequence_bytes(std::uint8_t lead, char32_t& bits) {
  if (lead < 0x80) return bits = lead, 1;
  if (lead >= 0xC2 && lead < 0xE0) return bits = lead & 0x1FU, 2;
  if (lead >= 0xE0 && lead < 0xF0) return bits = lead & 0x0FU, 3;
  if (lead >= 0xF0 && lead < 0xF5) return bits = lead & 0x07U, 4;
  return 0;
}

// The character that starts at `at`; one invalid byte where none does (overlong forms, surrogates
// and what lies past U+10FFFF are none).
Character character_at(std::string_view text, std::size_t at) {
  char32_t code = 0;
  const std::size_t bytes = sequence_bytes(byte_at(text, at), code);
  if (bytes == 0 || at + bytes > text.size()) return {};
  for (std::size_t i = 1; i < bytes; ++i) {
    const std::uint8_t next = byte_at(text, at + i);
    if ((next & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (next & 0x3FU);
  }
  const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF) return {};
  return {code, bytes, true};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](Range range) { return code >= range.first && code <= range.last; });
}

// C1 controls, soft hyphen, zero-width characters, line separators, direction marks, byte order
// mark, interlinear annotation, non-characters, tags: what a reader can't see but a viewer obeys.
constexpr std::array<Range, 13> kFaceless = {{{0x7F, 0x9F},
                                              {0xAD, 0xAD},
                                              {0x61C, 0x61C},
                                              {0x115F, 0x1160},
                                              {0x180E, 0x180E},
                                              {0x200B, 0x200F},
                                              {0x2028, 0x202E},
                                              {0x2060, 0x206F},
                                              {0x3164, 0x3164},
                                              {0xFDD0, 0xFDEF},
                                              {0xFEFF, 0xFEFF},
                                              {0xFFF9, 0xFFFB},
                                              {0xE0000, 0xE0FFF}}};

bool faceless(char32_t code) { return within(kFaceless, code) || (code & 0xFFFEU) == 0xFFFEU; }

constexpr std::array<Range, 5> kCombining = {
    {{0x300, 0x36F}, {0x483, 0x489}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115E},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF01, 0xFF60},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};

std::size_t columns_of(char32_t code) {
  if (within(kCombining, code)) return 0;
  return within(kWide, code) ? 2 : 1;
}

template <typename Append>
std::string rewritten(std::string_view text, Append&& append) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.valid) {
      append(out, character, text.substr(at, character.bytes));
    } else {
      out += fmt::format("\\x{:02x}", byte_at(text, at));
    }
    at += character.bytes;
  }
  return out;
}

// The end of the longest prefix of at most `columns_max` columns, one character at least.
std::size_t prefix_bytes(std::string_view text, std::size_t columns_max) {
  std::size_t at = 0;
  std::size_t used = 0;
  while (at < text.size()) {
    const Character character = character_at(text, at);
    used += columns_of(character.code);
    if (used > columns_max && at > 0) break;
    at += character.bytes;
  }
  return at;
}

// The next word of `rest` with its blanks before it dropped; `rest` moves behind it.
std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \n\t"), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(" \n\t"));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  return rewritten(text, [](std::string& out, Character, std::string_view bytes) { out += bytes; });
}

std::string visible(std::string_view text) {
  return rewritten(text, [](std::string& out, Character character, std::string_view bytes) {
    const char32_t code = character.code;
    if (code < 0x20 && code != '\n' && code != '\t') {
      out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(code));
    } else if (faceless(code)) {
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(code));
    } else {
      out += bytes;
    }
  });
}

std::string visible_line(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out;
}

std::string capped(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  constexpr std::size_t kNoteBytes = 36;  // " [18446744073709551615 bytes more]"
  std::size_t keep = bytes_max > kNoteBytes ? bytes_max - kNoteBytes : 0;
  while (keep > 0 && (static_cast<std::uint8_t>(text[keep]) & 0xC0U) == 0x80U) --keep;
  const std::size_t dropped = text.size() - keep;
  text.resize(keep);
  return text + fmt::format(" [{} bytes more]", dropped);
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    sum += columns_of(character.code);
    at += character.bytes;
  }
  return sum;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns_max) {
  columns_max = std::max<std::size_t>(columns_max, 8);
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const std::size_t wide = columns(word);
    if (used > 0 && used + 1 + wide > columns_max) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) {
      lines.back() += ' ';
      ++used;
    }
    for (std::size_t part = prefix_bytes(word, columns_max - used); !word.empty();
         part = prefix_bytes(word, columns_max)) {
      lines.back() += word.substr(0, part);
      used += columns(word.substr(0, part));
      word.remove_prefix(part);
      if (word.empty()) break;
      lines.emplace_back();
      used = 0;
    }
  }
  return lines;
}

std::string grouped(unsigned long long number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ' ';
    out += digits[i];
  }
  return out;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds <= 0) return "0 s";
  if (seconds < 0.001) return "under 1 ms";
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 59.5) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<unsigned long long>(std::round(std::min(seconds, 1e9)));
  const auto two = [](unsigned long long large, const char* of_large, unsigned long long small,
                      const char* of_small) {
    const std::string first = fmt::format("{} {}", large, of_large);
    return small == 0 ? first : fmt::format("{} {} {}", first, small, of_small);
  };
  if (whole < 3600) return two(whole / 60, "min", whole % 60, "s");
  return two(whole / 3600, "h", whole % 3600 / 60, "min");
}

}  // namespace busproof::reports
