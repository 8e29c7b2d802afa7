// Values on their way to PostgreSQL and back: arrays as literals, bytes in one blob, and texts
// without the one character that PostgreSQL's text cannot hold.
//
// Threads: values only. Errors: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reference::stores::postgres {

/// NUL becomes \0 and a backslash two of them, so that every text is kept and none meets another.
std::string as_text(std::string_view value);
std::string from_text(std::string_view stored);

/// What as_text() made, as it stands in a statement.
std::string quoted(std::string_view text);

/// 16 bytes as a uuid is written.
std::string as_uuid(const unsigned char* bytes);
/// Half of a SHA-256: what an index holds in place of a long text.
std::string key_of(std::string_view value);

std::string as_hex(std::string_view bytes);
std::string from_hex(std::string_view hex);

/// An array's literal, element by element. Texts come as as_text() or ASCII made them.
class Array {
 public:
  void add(std::int64_t value);
  void add(const std::string& text);
  void add_null();
  template <typename T>
  void add(const std::optional<T>& value) {
    if (value)
      add(*value);
    else
      add_null();
  }
  [[nodiscard]] std::string literal() const { return "{" + text_ + "}"; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  void next();
  std::string text_;
};

/// The parameters of one statement: texts in order, then at most one blob.
class Args {
 public:
  Args& add(std::int64_t value);
  Args& add(int value) { return add(std::int64_t{value}); }
  Args& add(const std::string& text);
  Args& add(bool value) { return add(std::string(value ? "t" : "f")); }
  Args& add(const char* text) { return add(std::string(text)); }
  Args& add(const Array& array) { return add(array.literal()); }
  template <typename T>
  Args& add(const std::optional<T>& value) {
    if (value) return add(*value);
    texts_.emplace_back(std::nullopt);
    return *this;
  }
  /// Must live until the statement has run.
  Args& blob(std::string_view bytes);

  [[nodiscard]] const std::vector<std::optional<std::string>>& texts() const { return texts_; }
  [[nodiscard]] const std::optional<std::string_view>& bytes() const { return bytes_; }

 private:
  std::vector<std::optional<std::string>> texts_;
  std::optional<std::string_view> bytes_;
};

/// Arguments in one go.
template <typename... Values>
Args args(const Values&... values) {
  Args all;
  (all.add(values), ...);
  return all;
}

}  // namespace reference::stores::postgres
