// The CloudEvents 1.0 event in its JSON format, and the bytes of its payload.
//
// Threads: values only.
// Errors:  parse refuses what is no event, with kind invalid_argument and the member's name.
// Source:  CloudEvents 1.0.2, its JSON format and its dataref extension; PROTOCOL.md, "The event".
#pragma once

#include <cstdint>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "suites/contract/result.hpp"

namespace busproof::contract {

/// A `data` that is a JSON string; its payload bytes are its UTF-8.
struct Text {
  std::string utf8;
  bool operator==(const Text&) const = default;
};

/// A `data_base64`, decoded.
struct Bytes {
  std::string raw;
  bool operator==(const Bytes&) const = default;
};

/// A `data` that is any other JSON value; kept by value, its bytes are the bus' choice.
struct Value {
  boost::json::value json;
  bool operator==(const Value& other) const;  ///< By same_value.
};

/// What an event carries; monostate when it has no data member at all.
using Payload = std::variant<std::monostate, Text, Bytes, Value>;

struct Event {
  std::string id;      ///< Not empty.
  std::string source;  ///< Not empty.
  std::string type;    ///< Not empty.
  /// Every other attribute by its name, as it stands: time, subject, dataref, priority, a sender's
  /// own. Values are strings, integers or booleans.
  boost::json::object attributes;
  Payload payload;

  /// An attribute that is a string; nothing when it is absent or anything else.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;

  /// An attribute that is an integer, or a string that spells one ("datasize").
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;

  bool operator==(const Event&) const = default;
};

/// Reads an event. Attributes that are null count as absent; `data` that is null is a JSON value.
Result<Event> parse_event(const boost::json::value& json);

/// The inverse: parse_event(to_json(event)) equals event.
boost::json::object to_json(const Event& event);

/// The payload's bytes where the event settles them: text, decoded base64, none ("").
/// Nothing for a JSON value, whose bytes are what bus/retrieve returns.
std::optional<std::string> payload_bytes(const Payload& payload);

/// Whether `retrieved` are bytes of `sent`: byte for byte, or for a JSON value by its value.
bool same_payload(const Payload& sent, std::string_view retrieved);

/// Equal as JSON values: numbers as doubles, members in any order.
bool same_value(const boost::json::value& a, const boost::json::value& b);

}  // namespace busproof::contract
