// Reads members of a detail without making a tree of it: a history has millions of them.
//
// Only for what a recorder wrote: an object on one line that is known to be well formed.
//
// Threads: no state.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace busproof::checkers::stream {

/// Just behind the text that begins with the quotation mark at `at`.
inline std::size_t end_of_text(std::string_view detail, std::size_t at) {
  for (;;) {
    const std::size_t end = detail.find('"', at + 1);
    if (end == std::string_view::npos) return detail.size() + 1;
    // A quotation mark is escaped when an odd number of backslashes stands before it.
    std::size_t first = end;
    while (detail[first - 1] == '\\') --first;
    if ((end - first) % 2 == 0) return end + 1;
    at = end;
  }
}

/// Just behind the value that begins at `at`.
inline std::size_t end_of_value(std::string_view detail, std::size_t at) {
  for (int depth = 0; at < detail.size();) {
    const char c = detail[at];
    if (c == '"') {
      at = end_of_text(detail, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return detail.size();
}

/// Calls `each(key, value)` for every member of the outer object; both as they are written.
template <typename Each>
void for_each_member(std::string_view detail, Each each) {
  for (std::size_t at = 1; at < detail.size() && detail[at] == '"';) {
    const std::size_t key_end = end_of_text(detail, at);
    const std::size_t value_end = end_of_value(detail, key_end + 1);
    if (value_end > detail.size() || key_end + 1 > value_end) return;
    each(detail.substr(at + 1, key_end - at - 2),
         detail.substr(key_end + 1, value_end - key_end - 1));
    at = value_end + 1;
  }
}

inline std::int64_t number(std::string_view value) {
  std::int64_t read = 0;
  std::from_chars(value.data(), value.data() + value.size(), read);
  return read;
}

}  // namespace busproof::checkers::stream
