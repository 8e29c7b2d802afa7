// JSON-RPC 2.0 over one text message: reading a request, writing answers and notifications.
//
// Threads: pure; the server reads requests outside the core's lock.
// Errors: a Reading without a request carries the fault to answer with.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "reference/core/fault.hpp"

namespace reference::core {

struct Request {
  boost::json::value document;  ///< the whole message; its storage outlives the request's parts
  boost::json::value id;        ///< string or integer; null for a notification
  bool notification = false;
  std::string method;
  bool lone_surrogate = false;  ///< the text held half of a surrogate pair, now U+FFFD
  std::size_t bytes = 0;        ///< of the text

  /// Always there: an empty object where the message had none.
  [[nodiscard]] boost::json::object& params() {
    return document.get_object().at("params").get_object();
  }
};

/// What one text message turned out to be.
struct Reading {
  std::optional<Request> request;
  boost::json::value id;  ///< to answer a fault with; null where none was found
  std::optional<Fault> fault;
};

/// Reads one message. Nesting deeper than `depth_max` is a parse error.
Reading read_request(std::string_view text, std::size_t depth_max);

std::string result_text(const boost::json::value& id, const boost::json::object& result);
std::string error_text(const boost::json::value& id, const Fault& fault);
std::string notification_text(std::string_view method, const boost::json::object& params);

/// Appends `text` as a JSON string, quotes included. `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace reference::core
