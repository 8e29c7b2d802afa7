// Reads a request's params by name and type, and keeps the first fault.
//
// Missing, null or of the wrong JSON type: -32602. Right type, wrong value: invalid_argument.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/fault.hpp"
#include "reference/core/limits.hpp"

namespace reference::core {

class Params {
 public:
  Params(boost::json::object& object, const Limits& limits) : object_(object), limits_(limits) {}

  /// The member, or an empty string and a fault.
  std::string text(std::string_view name);
  /// The member; nothing where it is left out.
  std::optional<std::string> optional_text(std::string_view name);
  /// A destination, group or pattern name of 1..name_bytes_max bytes without NUL.
  std::string name(std::string_view name);
  std::optional<std::string> optional_name(std::string_view name);
  std::int64_t integer(std::string_view name);
  std::optional<std::int64_t> optional_integer(std::string_view name);
  bool boolean(std::string_view name);
  std::optional<bool> optional_boolean(std::string_view name);
  /// A duration of low..high milliseconds, else invalid_argument.
  std::optional<Ms> optional_ms(std::string_view name, Ms low, Ms high);
  boost::json::object* object(std::string_view name);
  boost::json::array* array(std::string_view name);
  std::optional<std::vector<std::string>> optional_texts(std::string_view name);
  /// `cursor` (decimal text from an earlier page) and `limit` (1..most, else `usual`).
  struct Page {
    std::int64_t after = 0;
    int limit = 0;
  };
  Page page(int usual, int most);

  [[nodiscard]] bool has(std::string_view name) const { return object_.contains(name); }
  [[nodiscard]] bool only(std::string_view name) const { return object_.size() == 1 && has(name); }
  /// Keeps `fault` unless there is one already.
  void fail(Fault fault);
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }

 private:
  boost::json::value* find(std::string_view name) { return object_.if_contains(name); }
  std::string checked_name(std::string_view name, std::string value);
  std::optional<std::int64_t> as_integer(std::string_view name, const boost::json::value& value);

  boost::json::object& object_;
  const Limits& limits_;
  std::optional<Fault> fault_;
};

}  // namespace reference::core
