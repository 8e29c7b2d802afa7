#include "suites/contract/errors.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace busproof::contract {
namespace {

namespace json = boost::json;

constexpr auto kAlways = Definiteness::always;
constexpr auto kAsSaid = Definiteness::as_said;
constexpr auto kNever = Definiteness::never;

constexpr auto kErrors = std::to_array<ErrorKind>({
    {-32700, "parse_error", kAlways, false, "The text is no JSON."},
    {-32600, "invalid_request", kAlways, false, "The JSON is no request."},
    {-32601, "method_not_found", kAlways, false, "There is no such method here."},
    {-32602, "invalid_params", kAlways, false, "Params are missing or of the wrong JSON type."},
    {-32603, "internal_error", kNever, false, "The bus failed outside its own rules."},
    {1001, "unsupported_version", kAsSaid, false, "No version that the client offers is known."},
    {1002, "unauthenticated", kAsSaid, false, "The token is missing, wrong or has ended."},
    {1003, "forbidden", kAsSaid, false, "Who asks may not do this."},
    {1004, "not_found", kAsSaid, false, "What is named does not exist, or no longer."},
    {1005, "conflict", kAsSaid, false, "It contradicts what was done before."},
    {1006, "invalid_argument", kAsSaid, false, "A value of the right type makes no sense."},
    {1007, "hello_first", kAsSaid, false, "The connection has not said hello yet."},
    {1010, "payload_too_large", kAsSaid, false, "The payload is above the largest size."},
    {1011, "rate_limited", kAsSaid, true, "More was asked than the declared rate or number."},
    {1012, "backpressure", kAsSaid, true, "The queue is full, or a reader too slow."},
    {1021, "digest_mismatch", kAsSaid, false, "The bytes do not have their digest."},
    {1022, "upload_offset", kAsSaid, false, "The append is not at the upload's end."},
    {1030, "expired", kAsSaid, false, "Its time to live is over."},
    {1031, "lease_lost", kAsSaid, false, "The delivery is no longer the caller's to settle."},
    {1040, "breaker_open", kAsSaid, true, "The breaker keeps calls from a failing store."},
    {1041, "store_unavailable", kAsSaid, true, "The store can't be reached or refuses."},
    {1050, "not_supported", kAsSaid, false, "The bus does not claim this capability."},
    {1060, "closed", kAsSaid, true, "The bus is shutting down, or what is named has ended."},
    {1099, "internal", kAsSaid, false, "The bus failed in a way that it has no kind for."},
});

constexpr std::array<std::string_view, 6> kClosedKinds = {
    "backpressure", "timeout", "unauthenticated", "closed", "store_unavailable", "internal"};

const json::object* data_of(const json::object& error) {
  const json::value* data = error.if_contains("data");
  return data == nullptr ? nullptr : data->if_object();
}

bool says_definite(const json::object* data) {
  const json::value* definite = data == nullptr ? nullptr : data->if_contains("definite");
  return definite != nullptr && *definite == true;
}

const ErrorKind* by_code(const json::object& error) {
  const json::value* code = error.if_contains("code");
  if (code == nullptr || !code->is_int64()) return nullptr;
  if (code->get_int64() < -32768 || code->get_int64() > 32767) return nullptr;
  return find_error(static_cast<int>(code->get_int64()));
}

std::string text_member(const json::object* object, std::string_view name) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
  return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

std::optional<std::string> malformed_data(const ErrorKind& known, const json::object* data) {
  if (known.code < 0) return std::nullopt;
  if (data == nullptr) return fmt::format("error {} has no data object", known.code);
  const std::string kind = text_member(data, "kind");
  if (kind != known.kind)
    return fmt::format("error {} has the kind '{}', not '{}'", known.code, kind, known.kind);
  for (const std::string_view flag : {"definite", "retryable"}) {
    const json::value* value = data->if_contains(flag);
    if (value != nullptr && !value->is_bool())
      return fmt::format("data.{} of error {} is {}, not a boolean", flag, known.code,
                         json::serialize(*value));
  }
  return std::nullopt;
}

}  // namespace

std::span<const ErrorKind> error_kinds() { return kErrors; }
std::span<const std::string_view> closed_kinds() { return kClosedKinds; }

const ErrorKind* find_error(std::string_view kind) {
  const auto* found = std::ranges::find(kErrors, kind, &ErrorKind::kind);
  return found == kErrors.end() ? nullptr : found;
}

const ErrorKind* find_error(int code) {
  const auto* found = std::ranges::find(kErrors, code, &ErrorKind::code);
  return found == kErrors.end() ? nullptr : found;
}

Error error_from(const json::object& error) {
  const ErrorKind* known = by_code(error);
  const json::object* data = data_of(error);
  std::string detail = text_member(&error, "message");
  if (detail.empty()) detail = json::serialize(error);
  if (known == nullptr) {
    const std::string said = text_member(data, "kind");
    return Error::may_have_happened(said.empty() ? "unknown" : said, std::move(detail));
  }
  const bool definite =
      known->definite == kAlways || (known->definite == kAsSaid && says_definite(data));
  std::string kind(known->kind);
  return definite ? Error::did_not_happen(std::move(kind), std::move(detail))
                  : Error::may_have_happened(std::move(kind), std::move(detail));
}

std::optional<std::string> malformed(const json::object& error) {
  const ErrorKind* known = by_code(error);
  if (known == nullptr) {
    const json::value* code = error.if_contains("code");
    return fmt::format("code {} is none of the protocol's",
                       code == nullptr ? "(missing)" : json::serialize(*code));
  }
  const json::value* message = error.if_contains("message");
  if (message == nullptr || !message->is_string())
    return fmt::format("error {} has no message", known->code);
  return malformed_data(*known, data_of(error));
}

}  // namespace busproof::contract
