// CloudEvents 1.0 in JSON: checking one that a sender gave, and writing it out again.
//
// The payload is taken out when a message comes in and put back when it goes out; everything else
// travels as it came.
// Errors: anything wrong inside an event is invalid_argument.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference/core/fault.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/limits.hpp"
#include "reference/core/payload.hpp"

namespace reference::core {

struct Event {
  std::string text;  ///< the event without its payload, as JSON
  Body body;
  std::string identity;  ///< source and id, told apart
  std::optional<std::string> correlation;
  std::optional<std::string> session;   ///< the sender's sessionid
  std::optional<std::string> from;      ///< the sender's fromagent
  std::optional<std::string> type;      ///< the sender's messagetype
  std::optional<Instant> expires;       ///< the sender's expirytime
  std::optional<Digest> digest;         ///< the sender's own claim, not yet checked
  std::optional<std::uint64_t> size;    ///< its datasize; right where it brings its payload along
  std::optional<TransactionId> upload;  ///< whose payload it names instead of bringing one
  int priority = 0;
};

/// Checks `event` and takes its payload out of it.
std::variant<Event, Fault> read_event(boost::json::object& event, const Limits& limits);

/// The event with its payload: `text` plus the body as `kind` says.
std::string with_body(std::string_view text, const Body& body);

/// What names the payload of a transaction in an event.
std::string dataref_text(const TransactionId& id);
/// The id in such a text.
std::optional<TransactionId> dataref_id(std::string_view text);

/// The text of `event` with datasize and datadigest where the sender did not give them.
std::string with_measures(const Event& event, std::uint64_t size, const Digest& digest);

/// The text of `event` with a reference instead of its payload: dataref, and datasize and
/// datadigest where the sender did not give them.
std::string with_reference(const Event& event, const TransactionId& id, std::uint64_t size,
                           const Digest& digest);

}  // namespace reference::core
