#include "suites/models/patterns.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace busproof::models {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return (static_cast<unsigned char>(byte) & 0x80U) == 0; });
}

// ---- Redis' glob

/// One sign of a glob: what it takes. A star takes any run.
struct Sign {
  enum class Kind : std::uint8_t { byte, any, star, one_of } kind = Kind::byte;
  char byte = 0;
  bool negated = false;
  std::vector<std::pair<char, char>> ranges = {};

  [[nodiscard]] bool takes(char other) const {
    if (kind == Kind::any) return true;
    if (kind == Kind::byte) return byte == other;
    const bool in = std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
      return range.first <= other && other <= range.second;
    });
    return in != negated;
  }
};

/// Reads the class that opens at `at`, which then stands behind it. Nothing for one that is empty,
/// unclosed, runs backwards or begins with `!`: there implementations differ.
std::optional<Sign> read_class(std::string_view glob, std::size_t& at) {
  Sign sign{.kind = Sign::Kind::one_of};
  ++at;
  if (at < glob.size() && glob[at] == '^') {
    sign.negated = true;
    ++at;
  }
  if (at < glob.size() && glob[at] == '!') return std::nullopt;
  while (at < glob.size() && glob[at] != ']') {
    const bool escaped = glob[at] == '\\';
    if (escaped && ++at == glob.size()) return std::nullopt;
    const char first = glob[at++];
    char last = first;
    if (at < glob.size() && glob[at] == '-') {
      ++at;
      if (escaped || at >= glob.size() || glob[at] == ']' || glob[at] == '\\') return std::nullopt;
      last = glob[at++];
    }
    if (last < first) return std::nullopt;
    sign.ranges.emplace_back(first, last);
  }
  if (at >= glob.size() || sign.ranges.empty()) return std::nullopt;
  ++at;
  return sign;
}

std::optional<std::vector<Sign>> read_glob(std::string_view glob) {
  std::vector<Sign> signs;
  for (std::size_t at = 0; at < glob.size();) {
    const char c = glob[at];
    if (c == '[') {
      auto sign = read_class(glob, at);
      if (!sign) return std::nullopt;
      signs.push_back(std::move(*sign));
      continue;
    }
    if (c == '\\' && ++at == glob.size()) return std::nullopt;
    const auto kind = c == '*' ? Sign::Kind::star : c == '?' ? Sign::Kind::any : Sign::Kind::byte;
    signs.push_back({.kind = kind, .byte = glob[at]});
    ++at;
  }
  return signs;
}

/// By rows: whether the first so many signs take the first so many bytes.
std::optional<bool> glob_matches(std::string_view glob, std::string_view name) {
  const auto signs = read_glob(glob);
  if (!signs) return std::nullopt;
  const bool by_characters = std::any_of(signs->begin(), signs->end(), [](const Sign& sign) {
    return sign.kind == Sign::Kind::any || sign.kind == Sign::Kind::one_of;
  });
  // A sign may stand for a byte or for a character.
  if (by_characters && !(is_ascii(glob) && is_ascii(name))) return std::nullopt;
  std::vector<bool> taken(name.size() + 1, false);
  taken[0] = true;
  for (const Sign& sign : *signs) {
    std::vector<bool> next(name.size() + 1, false);
    const bool star = sign.kind == Sign::Kind::star;
    next[0] = star && taken[0];
    for (std::size_t i = 1; i <= name.size(); ++i)
      next[i] = star ? taken[i] || next[i - 1] : taken[i - 1] && sign.takes(name[i - 1]);
    taken = std::move(next);
  }
  return taken[name.size()];
}

// ---- Levels: NATS, MQTT, AMQP

struct Levels {
  char separator;
  std::string_view one, many;
  bool many_last;     ///< "Many" may only stand at the end
  bool many_none;     ///< and may stand for no level at all.
  bool empty_levels;  ///< Levels may be empty.
};

std::optional<Levels> levels_of(std::string_view grammar) {
  if (grammar == "nats") return Levels{'.', "*", ">", true, false, false};
  if (grammar == "mqtt") return Levels{'/', "+", "#", true, true, true};
  if (grammar == "amqp") return Levels{'.', "*", "#", false, true, true};
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool levels_match(const Levels& by, std::span<const std::string_view> pattern,
                  std::span<const std::string_view> name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == by.many) {
    for (std::size_t skip = by.many_none ? 0 : 1; skip <= name.size(); ++skip)
      if (levels_match(by, pattern.subspan(1), name.subspan(skip))) return true;
    return false;
  }
  if (name.empty() || (pattern.front() != by.one && pattern.front() != name.front())) return false;
  return levels_match(by, pattern.subspan(1), name.subspan(1));
}

std::optional<bool> levels_valid(const Levels& by, std::string_view pattern) {
  if (pattern.empty() || pattern.find('\0') != std::string_view::npos) return false;
  const auto parts = split(pattern, by.separator);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() && !by.empty_levels) return false;
    const bool wild = parts[i] == by.one || parts[i] == by.many;
    const bool has = parts[i].find(by.one) != std::string_view::npos ||
                     parts[i].find(by.many) != std::string_view::npos;
    // MQTT forbids a sign within a level; elsewhere it may be taken for itself.
    if (has && !wild) return by.separator == '/' ? std::optional<bool>(false) : std::nullopt;
    if (parts[i] == by.many && by.many_last && i + 1 < parts.size()) return false;
  }
  return true;
}

std::optional<bool> level_pattern_matches(std::string_view grammar, const Levels& by,
                                          std::string_view pattern, std::string_view name) {
  if (levels_valid(by, pattern) != true) return std::nullopt;
  const auto levels = split(name, by.separator);
  const bool has_empty = std::any_of(levels.begin(), levels.end(),
                                     [](std::string_view level) { return level.empty(); });
  if (has_empty && !by.empty_levels) return std::nullopt;
  // What begins with $ is the broker's own: a wildcard in the first place does not match it.
  if (grammar == "mqtt" && name.starts_with("$")) return std::nullopt;
  return levels_match(by, split(pattern, by.separator), levels);
}

}  // namespace

std::optional<bool> pattern_matches(std::string_view grammar, std::string_view pattern,
                                    std::string_view name) {
  if (pattern_valid(grammar, pattern) == false) return std::nullopt;
  if (grammar == "redis_glob") return glob_matches(pattern, name);
  if (const auto by = levels_of(grammar)) return level_pattern_matches(grammar, *by, pattern, name);
  return std::nullopt;
}

std::optional<bool> pattern_valid(std::string_view grammar, std::string_view pattern) {
  if (grammar == "redis_glob")
    return !pattern.empty() && pattern.find('\0') == std::string_view::npos;
  if (const auto by = levels_of(grammar)) {
    // The empty binding key is one like any other to AMQP, and no name to this protocol.
    if (pattern.empty() && grammar == "amqp") return std::nullopt;
    return levels_valid(*by, pattern);
  }
  return std::nullopt;
}

std::string_view pattern_signs(std::string_view grammar) {
  if (grammar == "redis_glob") return "*?[";
  if (grammar == "nats") return "*>";
  if (grammar == "mqtt") return "+#";
  return grammar == "amqp" ? "*#" : "";
}

bool pattern_escapes(std::string_view grammar, std::string_view pattern) {
  return grammar == "redis_glob" && pattern.find('\\') != std::string_view::npos;
}

std::optional<std::string> pattern_of_name(std::string_view grammar, std::string_view name) {
  if (grammar != "redis_glob") return std::nullopt;
  std::string pattern;
  for (const char c : name) {
    if (std::string_view("*?[]\\^-").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace busproof::models
