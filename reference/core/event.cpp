// Source: STORE-3 (attributes come back exactly), SUM-1, the protocol's section on the event.
#include "reference/core/event.hpp"

#include <array>
#include <charconv>

#include "reference/core/base64.hpp"
#include "reference/core/json_rpc.hpp"
#include "reference/core/timestamp.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

// The strings every event may carry, and whether it must.
struct Text {
  std::string_view name;
  bool required;
};
constexpr std::string_view kDataref = "urn:busproof:payload:";

constexpr std::array<Text, 14> kTexts{{{"specversion", true},
                                       {"id", true},
                                       {"source", true},
                                       {"type", true},
                                       {"datacontenttype", false},
                                       {"correlationid", false},
                                       {"sessionid", false},
                                       {"toolname", false},
                                       {"providername", false},
                                       {"fromagent", false},
                                       {"toagent", false},
                                       {"workspace", false},
                                       {"messagetype", false},
                                       {"traceparent", false}}};

std::optional<Fault> check_texts(const json::object& event) {
  for (const auto& [name, required] : kTexts) {
    const auto* value = event.if_contains(name);
    if (value == nullptr) {
      if (required) return invalid_argument("event." + std::string(name) + " is missing");
      continue;
    }
    if (!value->is_string() || (required && value->get_string().empty()))
      return invalid_argument("event." + std::string(name) + " must be a string" +
                              (required ? " and not empty" : ""));
  }
  if (event.at("specversion").get_string() != "1.0")
    return invalid_argument("event.specversion must be \"1.0\"");
  return std::nullopt;
}

// The member as a string; a fault where it is something else.
std::variant<std::optional<std::string>, Fault> text_of(const json::object& event,
                                                        std::string_view name) {
  const auto* value = event.if_contains(name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string())
    return invalid_argument("event." + std::string(name) + " must be a string");
  return std::optional<std::string>(std::string(value->get_string()));
}

// The same of a member that is known to be a string where it is there.
std::optional<std::string> checked_text(const json::object& event, std::string_view name) {
  const auto* value = event.if_contains(name);
  if (value == nullptr) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<Fault> read_times(const json::object& event, Event& into) {
  for (const std::string_view name : {std::string_view("time"), std::string_view("expirytime")}) {
    const auto text = text_of(event, name);
    if (const auto* fault = std::get_if<Fault>(&text)) return *fault;
    const auto& given = std::get<0>(text);
    if (!given) continue;
    const auto instant = from_rfc3339(*given);
    if (!instant) return invalid_argument("event." + std::string(name) + " must be RFC 3339");
    if (name == "expirytime") into.expires = instant;
  }
  return std::nullopt;
}

std::optional<Fault> read_priority(const json::object& event, const Limits& limits, Event& into) {
  into.priority = limits.priority_default;
  const auto* value = event.if_contains("priority");
  if (value == nullptr) return std::nullopt;
  json::error_code error;
  const auto priority = value->is_number() ? value->to_number<std::int64_t>(error) : 0;
  if (!value->is_number() || error || priority < limits.priority_min ||
      priority > limits.priority_max)
    return invalid_argument("event.priority must be " + std::to_string(limits.priority_min) + ".." +
                            std::to_string(limits.priority_max));
  into.priority = static_cast<int>(priority);
  return std::nullopt;
}

std::optional<Fault> take_body(json::object& event, Event& into) {
  auto* data = event.if_contains("data");
  const auto* base64 = event.if_contains("data_base64");
  if (data != nullptr && base64 != nullptr)
    return invalid_argument("event carries both data and data_base64");
  if (const auto* dataref = event.if_contains("dataref")) {
    if (data != nullptr || base64 != nullptr)
      return invalid_argument("event carries both a payload and dataref");
    if (dataref->is_string()) into.upload = dataref_id(dataref->get_string());
    if (!into.upload) return invalid_argument("event.dataref names nothing this bus has made");
    return std::nullopt;
  }
  if (base64 != nullptr) {
    if (!base64->is_string()) return invalid_argument("event.data_base64 must be a string");
    auto bytes = from_base64(base64->get_string());
    if (!bytes) return invalid_argument("event.data_base64 is not base 64");
    into.body = {BodyKind::binary, std::move(*bytes)};
    event.erase("data_base64");
  } else if (data != nullptr) {
    if (data->is_string())
      into.body = {BodyKind::text, std::string(data->get_string())};
    else
      into.body = {BodyKind::json, json::serialize(*data)};
    event.erase("data");
  }
  return std::nullopt;
}

// A number as std::to_string writes it.
std::optional<std::uint64_t> decimal(const std::string& text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || std::to_string(value) != text) return std::nullopt;
  return value;
}

// A sender's own size and digest must be right; the digest is compared once it is computed, both
// of them once an upload that is named is found.
std::optional<Fault> read_claims(const json::object& event, Event& into) {
  const auto size = text_of(event, "datasize");
  if (const auto* fault = std::get_if<Fault>(&size)) return *fault;
  if (const auto& given = std::get<0>(size)) {
    into.size = decimal(*given);
    const bool wrong = !into.upload && into.size != into.body.bytes.size();
    if (!into.size || wrong) return invalid_argument("event.datasize is not the payload's size");
  }
  const auto digest = text_of(event, "datadigest");
  if (const auto* fault = std::get_if<Fault>(&digest)) return *fault;
  if (const auto& given = std::get<0>(digest); given) {
    into.digest = parse_digest(*given);
    if (!into.digest) return invalid_argument("event.datadigest is no sha-256 digest");
  }
  return std::nullopt;
}

}  // namespace

std::variant<Event, Fault> read_event(json::object& event, const Limits& limits) {
  Event into;
  if (auto fault = check_texts(event)) return *fault;
  const auto& source = event.at("source").get_string();
  into.identity = std::to_string(source.size()) + ':';
  into.identity.append(source).append(event.at("id").get_string());
  if (auto fault = read_times(event, into)) return *fault;
  if (auto fault = read_priority(event, limits, into)) return *fault;
  if (auto fault = take_body(event, into)) return *fault;
  if (auto fault = read_claims(event, into)) return *fault;
  into.correlation = checked_text(event, "correlationid");
  into.session = checked_text(event, "sessionid");
  into.from = checked_text(event, "fromagent");
  into.type = checked_text(event, "messagetype");
  into.text = json::serialize(event);
  return into;
}

std::string with_body(std::string_view text, const Body& body) {
  std::string out;
  out.reserve(text.size() + body.bytes.size() + body.bytes.size() / 3 + 32);
  out.append(text.substr(0, text.size() - 1));
  switch (body.kind) {
    case BodyKind::none:
      break;
    case BodyKind::json:
      out += R"(,"data":)";
      out += body.bytes;
      break;
    case BodyKind::text:
      out += R"(,"data":)";
      append_json_string(out, body.bytes);
      break;
    case BodyKind::binary:
      out += R"(,"data_base64":")";
      append_base64(out, body.bytes);
      out += '"';
      break;
  }
  return out += '}';
}

std::string dataref_text(const TransactionId& id) { return std::string(kDataref) + id; }

std::optional<TransactionId> dataref_id(std::string_view text) {
  if (!text.starts_with(kDataref)) return std::nullopt;
  return TransactionId(text.substr(kDataref.size()));
}

std::string with_measures(const Event& event, std::uint64_t size, const Digest& digest) {
  std::string out = event.text.substr(0, event.text.size() - 1);
  if (!event.size) out += R"(,"datasize":")" + std::to_string(size) + '"';
  if (!event.digest) out += R"(,"datadigest":")" + digest_text(digest) + '"';
  return out += '}';
}

std::string with_reference(const Event& event, const TransactionId& id, std::uint64_t size,
                           const Digest& digest) {
  std::string out = with_measures(event, size, digest);
  out.back() = ',';
  return out += R"("dataref":")" + dataref_text(id) + "\"}";
}

}  // namespace reference::core
