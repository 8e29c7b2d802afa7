#include "suites/targets/samples.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace busproof::targets {
namespace {

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

bool in_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// The length of "{...}" at the start of `text`, quoted values and their escapes heeded; 0: none.
std::optional<std::size_t> labels_length(std::string_view text) {
  if (!text.starts_with('{')) return 0;
  bool quoted = false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (quoted && text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      quoted = !quoted;
    else if (!quoted && text[at] == '}')
      return at + 1;
  }
  return std::nullopt;
}

std::optional<double> value_of(std::string_view text) {
  if (text == "NaN") return std::nan("");
  if (text == "+Inf" || text == "Inf") return HUGE_VAL;
  if (text == "-Inf") return -HUGE_VAL;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_sample(std::string_view line, std::map<std::string, double>& values) {
  std::size_t named = 0;
  while (named < line.size() && in_name(line[named])) ++named;
  if (named == 0 || !begins_name(line.front())) return false;
  std::string_view rest = trimmed(line.substr(named));
  const auto labels = labels_length(rest);
  if (!labels) return false;
  rest = trimmed(rest.substr(*labels));
  const std::size_t ends = rest.find_first_of(" \t");
  const auto value = value_of(rest.substr(0, ends));
  if (!value) return false;
  if (ends != std::string_view::npos && !value_of(trimmed(rest.substr(ends)))) return false;
  values[std::string(line.substr(0, named))] += *value;
  return true;
}

}  // namespace

Samples read_samples(std::string_view page) {
  Samples samples;
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    const std::string_view line = trimmed(page.substr(0, end));
    page = end == std::string_view::npos ? std::string_view() : page.substr(end + 1);
    if (line.empty() || line.starts_with('#') || read_sample(line, samples.values)) continue;
    if (samples.unreadable.empty()) samples.unreadable = line.substr(0, 200);
  }
  return samples;
}

}  // namespace busproof::targets
