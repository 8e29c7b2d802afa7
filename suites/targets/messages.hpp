// What scenarios ask for and get: publishes, subscriptions, deliveries, as plain values.
//
// Threads: values only.
#pragma once

#include <cstdint>

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "suites/history/clock.hpp"

namespace busproof::targets {

/// The type of an event that was given none of its own.
inline constexpr std::string_view kOrdinaryType = "busproof.message";

/// A payload and the member of the event that carries it.
struct Payload {
  enum class Form : std::uint8_t { none, text, base64, json };
  Form form = Form::none;
  std::string bytes;  ///< For json: the JSON text.

  static Payload text(std::string utf8) { return {Form::text, std::move(utf8)}; }
  static Payload binary(std::string bytes) { return {Form::base64, std::move(bytes)}; }
  static Payload json(std::string text) { return {Form::json, std::move(text)}; }
};

/// Two JSON texts have the same fingerprint when they hold equal values: keys in any order, numbers
/// as doubles. Empty for what is no JSON.
std::string json_fingerprint(std::string_view text);

struct Publish {
  std::string destination;
  std::string mode = "queue";
  Payload payload = {};
  std::optional<std::int64_t> priority = {}, ttl_ms = {}, delay_ms = {};
  boost::json::object attributes = {};  ///< Further attributes of the event, as they are; "id" to
                                        ///< repeat one: event_id() of Session.
  boost::json::object params = {};      ///< Further params, as they are: also to break them.
};

struct Published {
  std::uint32_t message = 0;
  std::string transaction_id, route;
  bool is_json = false;
  std::optional<std::int64_t> receivers = {};
};

struct Subscribe {
  std::string destination;  ///< Or the pattern, where `pattern` says so.
  std::string mode = "queue";
  std::string group = {};  ///< Empty: left out.
  std::optional<std::int64_t> credit = {}, lease_ms = {};
  bool pattern = false;
};

struct Subscribed {
  std::uint32_t number = 0;
  std::string id;
};

struct Delivered {
  std::uint32_t number = 0;   ///< Of the delivery id; 0 for topics.
  std::uint32_t message = 0;  ///< 0: nobody here published it.
  std::uint32_t subscription = 0;
  std::string delivery_id, transaction_id, route, destination;
  std::int32_t attempt = 0;
  boost::json::object attributes = {};  ///< The event's own, as own_attributes() gives them.
  history::Time at{};
};

/// The event's payload members for a payload, put into `event`.
void put_payload(boost::json::object& event, const Payload& payload);

/// What a history keeps of a payload: {"size", "digest"} and, for JSON, {"json": fingerprint}.
boost::json::object payload_detail(const Payload& payload);

/// The same of an event that came; also {"datasize", "datadigest"} as the event says them.
boost::json::object event_detail(const boost::json::object& event);

/// The attributes of an event that are a scenario's own, as "attributes" of a detail: all but those
/// that every event here has and those that carry or describe the payload. Empty where it has none.
boost::json::object own_attributes(const boost::json::object& event);

}  // namespace busproof::targets
