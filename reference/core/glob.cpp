// Matching with one point to fall back to: the last star seen. Source: PUB-2.
#include "reference/core/glob.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace reference::core {
namespace {

struct Unit {
  bool fits = false;
  std::size_t next = 0;  // where the pattern goes on
};

// Whether `byte` is in the class that opens at `pattern[at]`.
Unit match_class(std::string_view pattern, std::size_t at, char byte) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool in = false;
  const auto value = static_cast<unsigned char>(byte);
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      in = in || pattern[i + 1] == byte;
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      const auto from = static_cast<unsigned char>(pattern[i]);
      const auto to = static_cast<unsigned char>(pattern[i + 2]);
      in = in || (value >= std::min(from, to) && value <= std::max(from, to));
      i += 3;
    } else {
      in = in || pattern[i] == byte;
      ++i;
    }
  }
  return {in != negated, std::min(i + 1, pattern.size())};
}

// Whether `byte` fits the one pattern unit at `at`, which is no star.
Unit match_one(std::string_view pattern, std::size_t at, char byte) {
  if (pattern[at] == '?') return {true, at + 1};
  if (pattern[at] == '[') return match_class(pattern, at, byte);
  if (pattern[at] == '\\' && at + 1 < pattern.size()) return {pattern[at + 1] == byte, at + 2};
  return {pattern[at] == byte, at + 1};
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::optional<std::size_t> after_star;
  std::size_t retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      retry = n;
      continue;
    }
    const Unit unit = p < pattern.size() ? match_one(pattern, p, name[n]) : Unit{};
    if (unit.fits) {
      p = unit.next;
      ++n;
    } else if (after_star) {
      p = *after_star;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace reference::core
