// What a bus says of itself in bus/hello: capabilities with their traits, limits, guarantees.
//
// Threads: immutable after parse().
// Errors:  parse() refuses what is not an object; a single ill-typed limit counts as not declared
//          and is named in problems().
// Source:  the protocol document, section "Capabilities, traits, limits, guarantees".
#pragma once

#include <cstdint>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "suites/contract/result.hpp"
#include "suites/contract/rule.hpp"

namespace busproof::contract {

/// How the hello came. Rules of the WebSocket endpoint bind no bus that is spoken to over lines.
enum class Transport : std::uint8_t { websocket, lines };

class Claims {
 public:
  /// Reads the result of bus/hello.
  static Result<Claims> parse(const boost::json::object& hello,
                              Transport over = Transport::websocket);

  /// The same of its JSON text.
  static Result<Claims> parse_text(std::string_view hello, Transport over);

  /// Whether the bus claims `capability`; "websocket" follows from the transport.
  [[nodiscard]] bool has(std::string_view capability) const;

  /// A trait's value ("queue", "lease"), or the protocol's default (its first value) when left out.
  /// Booleans read "true" and "false".
  [[nodiscard]] std::string trait(std::string_view capability, std::string_view name) const;

  /// Whether a claimed trait may have `value`; for "compression", "algorithms" whether it is
  /// listed.
  [[nodiscard]] bool trait_is(std::string_view capability, std::string_view name,
                              std::string_view value) const;

  /// A declared limit by dotted path ("lease_default_ms", "breaker.open_ms", "priority.max");
  /// nothing when left out or null. Numbers that the protocol keeps elsewhere read the same way:
  /// "loss_window_ms" (guarantees), "dedupe.window_ms", "breaker.closes_after",
  /// "queue.messages_max", "queue.bytes_max" (their capabilities).
  [[nodiscard]] std::optional<std::int64_t> limit(std::string_view path) const;

  /// The same for limits that need not be whole: "backoff.factor", "backoff.jitter" (true is 1).
  [[nodiscard]] std::optional<double> number(std::string_view path) const;

  /// Whether the limit is there at all; null ("unlimited") counts.
  [[nodiscard]] bool declares(std::string_view path) const;

  /// A limit that the protocol gives a documented default: answer_ms, recovery_ms,
  /// counts_settle_ms.
  [[nodiscard]] std::int64_t limit_or_default(std::string_view name) const;

  [[nodiscard]] Durability durability() const;
  [[nodiscard]] std::string ordering() const;  ///< "none", "per_publisher" or "per_destination"
  [[nodiscard]] std::string delivery() const;

  [[nodiscard]] const std::string& server_name() const { return server_name_; }
  [[nodiscard]] const std::string& server_version() const { return server_version_; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const boost::json::object& hello() const { return hello_; }

  /// Why a case does not bind this bus, in a few words; nothing when it does.
  [[nodiscard]] std::optional<std::string> not_claimed(const Rule& rule, const Case& part) const;

 private:
  boost::json::object hello_;
  std::string server_name_;
  std::string server_version_;
  std::vector<std::string> problems_;
  Transport over_ = Transport::websocket;
};

}  // namespace busproof::contract
