// The protocol's errors as one table, and what an error on the wire says about its effect.
//
// Threads: constant data and pure functions.
// Source:  suites/contract/protocol/PROTOCOL.md, section "Errors".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "suites/contract/result.hpp"

namespace busproof::contract {

/// What an error of a kind says about whether the operation happened.
enum class Definiteness : std::uint8_t {
  always,   ///< It did not happen, whatever else is said.
  as_said,  ///< It did not happen if data.definite is true; else it may have.
  never,    ///< It may have happened, whatever else is said.
};

struct ErrorKind {
  int code;
  std::string_view kind;
  Definiteness definite;
  bool retryable;  ///< Whether trying again later can help, where data does not say.
  std::string_view says;
};

/// JSON-RPC's own first, then the protocol's by code.
std::span<const ErrorKind> error_kinds();

/// Null when the protocol has no such kind or code.
const ErrorKind* find_error(std::string_view kind);
const ErrorKind* find_error(int code);

/// Why bus/closed may end a subscription or a connection.
std::span<const std::string_view> closed_kinds();

/// The "error" member of a JSON-RPC answer as an Error; anything unreadable may have happened.
Error error_from(const boost::json::object& error);

/// What is wrong with the form of an "error" member, one sentence; nothing when it is right:
/// an integer code of the protocol's, a message, and for codes above 0 a data object whose kind is
/// the code's and whose definite and retryable are booleans.
std::optional<std::string> malformed(const boost::json::object& error);

}  // namespace busproof::contract
