#include "reference/server/http_fields.hpp"

#include <algorithm>
#include <charconv>

namespace reference::server {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Digits alone. A number too large for 64 bits is the largest: beyond any payload either way.
std::optional<std::uint64_t> number(std::string_view text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() ? value : UINT64_MAX;
}

/// What comes behind `unit` and an equals sign or a blank.
std::optional<std::string_view> in_bytes(std::string_view field, char separator) {
  const auto at = field.find(separator);
  if (at == std::string_view::npos || !same_word(trimmed(field.substr(0, at)), "bytes"))
    return std::nullopt;
  return trimmed(field.substr(at + 1));
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::variant<std::monostate, Slice, Unsatisfiable> read_range(std::string_view field,
                                                              std::uint64_t size) {
  const auto range = in_bytes(field, '=');
  if (!range || range->find(',') != std::string_view::npos) return std::monostate();
  const auto dash = range->find('-');
  if (dash == std::string_view::npos) return std::monostate();
  const auto first = trimmed(range->substr(0, dash)), last = trimmed(range->substr(dash + 1));
  if (first.empty()) {
    const auto count = number(last);
    if (!count) return std::monostate();
    if (*count == 0 || size == 0) return Unsatisfiable{};
    const auto length = std::min(*count, size);
    return Slice{size - length, length};
  }
  const auto from = number(first);
  const auto to = last.empty() ? std::optional(UINT64_MAX) : number(last);
  if (!from || !to || *to < *from) return std::monostate();
  if (*from >= size) return Unsatisfiable{};
  return Slice{*from, std::min(*to, size - 1) - *from + 1};
}

std::optional<std::uint64_t> read_content_range(std::string_view field) {
  if (field.empty()) return 0;
  const auto range = in_bytes(field, ' ');
  if (!range) return std::nullopt;
  const auto dash = range->find('-'), slash = range->find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash)
    return std::nullopt;
  const auto from = number(range->substr(0, dash));
  const auto to = number(range->substr(dash + 1, slash - dash - 1));
  if (!from || !to || *to < *from) return std::nullopt;
  return from;
}

std::optional<std::optional<core::Digest>> read_repr_digest(std::string_view field) {
  std::optional<core::Digest> found;
  while (!field.empty()) {
    const auto comma = field.find(',');
    const auto one = trimmed(field.substr(0, comma));
    field = comma == std::string_view::npos ? "" : field.substr(comma + 1);
    const auto equals = one.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    if (one.substr(0, equals) != "sha-256") continue;
    found = core::parse_digest(one);
    if (!found) return std::nullopt;
  }
  return found;
}

std::string etag_of(const core::Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string tag = "\"";
  for (const auto byte : digest) {
    tag += kDigits[byte >> 4U];
    tag += kDigits[byte & 15U];
  }
  return tag += '"';
}

bool names_etag(std::string_view field, std::string_view etag, bool weak) {
  if (trimmed(field) == "*") return true;
  while (!field.empty()) {
    const auto comma = field.find(',');
    auto one = trimmed(field.substr(0, comma));
    field = comma == std::string_view::npos ? "" : field.substr(comma + 1);
    if (weak && one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace reference::server
