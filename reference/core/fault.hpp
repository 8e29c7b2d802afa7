// The protocol's errors: a code, and for the bus' own kinds whether anything happened and whether
// trying again makes sense.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "reference/core/result.hpp"

namespace reference::core {

enum class Kind : std::uint8_t {
  parse_error,
  invalid_request,
  method_not_found,
  invalid_params,
  unsupported_version,
  unauthenticated,
  forbidden,
  not_found,
  conflict,
  invalid_argument,
  hello_first,
  payload_too_large,
  rate_limited,
  backpressure,
  digest_mismatch,
  upload_offset,
  expired,
  lease_lost,
  breaker_open,
  store_unavailable,
  not_supported,
  closed,
  internal,
};

/// Why a request failed. Definite unless said otherwise: the operation did not happen.
struct Fault {
  Kind kind;
  std::string message;  ///< for people; never holds a payload, a token or another's data
  bool definite = true;
  boost::json::object more{};  ///< further members of `data`
};

int code_of(Kind kind);
std::string_view name_of(Kind kind);

/// The JSON-RPC error object. Protocol faults (negative codes) carry no `data`.
boost::json::object error_object(const Fault& fault);

/// A store's failure as the client hears it: store_unavailable, as definite as the store was, or
/// breaker_open where it was not asked.
Fault store_fault(const StoreError& error);

Fault invalid_params(std::string message);
Fault invalid_argument(std::string message);

}  // namespace reference::core
