// One table of codes and names. Source: the protocol's section on errors.
#include "reference/core/fault.hpp"

#include <array>

namespace reference::core {
namespace {

struct Row {
  int code;
  std::string_view name;
  bool retryable;
};

constexpr std::array<Row, 23> kRows{{{-32700, "parse_error", false},
                                     {-32600, "invalid_request", false},
                                     {-32601, "method_not_found", false},
                                     {-32602, "invalid_params", false},
                                     {1001, "unsupported_version", false},
                                     {1002, "unauthenticated", false},
                                     {1003, "forbidden", false},
                                     {1004, "not_found", false},
                                     {1005, "conflict", false},
                                     {1006, "invalid_argument", false},
                                     {1007, "hello_first", false},
                                     {1010, "payload_too_large", false},
                                     {1011, "rate_limited", true},
                                     {1012, "backpressure", true},
                                     {1021, "digest_mismatch", false},
                                     {1022, "upload_offset", true},
                                     {1030, "expired", false},
                                     {1031, "lease_lost", false},
                                     {1040, "breaker_open", true},
                                     {1041, "store_unavailable", true},
                                     {1050, "not_supported", false},
                                     {1060, "closed", true},
                                     {1099, "internal", false}}};

const Row& row(Kind kind) { return kRows.at(static_cast<std::size_t>(kind)); }

}  // namespace

int code_of(Kind kind) { return row(kind).code; }
std::string_view name_of(Kind kind) { return row(kind).name; }

boost::json::object error_object(const Fault& fault) {
  boost::json::object error{{"code", code_of(fault.kind)}, {"message", fault.message}};
  if (code_of(fault.kind) > 0) {
    boost::json::object data = fault.more;
    data["kind"] = name_of(fault.kind);
    data["definite"] = fault.definite;
    data["retryable"] = row(fault.kind).retryable;
    error["data"] = std::move(data);
  }
  return error;
}

Fault store_fault(const StoreError& error) {
  if (const auto& wait = error.retry_after())
    return {Kind::breaker_open,
            "the store has failed too often to be asked",
            true,
            {{"retry_after_ms", wait->count()}}};
  return {Kind::store_unavailable,
          error.definite() ? "the store refused; nothing happened"
                           : "the store failed; it may have happened",
          error.definite()};
}

Fault invalid_params(std::string message) { return {Kind::invalid_params, std::move(message)}; }
Fault invalid_argument(std::string message) { return {Kind::invalid_argument, std::move(message)}; }

}  // namespace reference::core
