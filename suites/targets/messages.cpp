#include "suites/targets/messages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::targets {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 1024;

void canonical(const json::value& value, std::string& out) {
  if (value.is_number()) {
    out += json::serialize(json::value(value.to_number<double>()));
  } else if (value.is_array()) {
    out += '[';
    for (const json::value& item : value.get_array()) {
      canonical(item, out);
      out += ',';
    }
    out += ']';
  } else if (value.is_object()) {
    std::vector<std::pair<std::string, const json::value*>> members;
    for (const auto& member : value.get_object())
      members.emplace_back(member.key(), &member.value());
    std::sort(members.begin(), members.end());
    out += '{';
    for (const auto& [key, member] : members) {
      out += json::serialize(json::value(key)) + ":";
      canonical(*member, out);
      out += ',';
    }
    out += '}';
  } else {
    out += json::serialize(value);
  }
}

json::object bytes_detail(std::string_view bytes) {
  return {{"size", static_cast<std::int64_t>(bytes.size())},
          {"digest", contract::sha256_digest(bytes)}};
}

std::optional<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code failed;
  json::value value = json::parse(text, failed, {}, options);
  if (failed) return std::nullopt;
  return value;
}

/// "datasize" travels as the string of a decimal; some buses say a number.
std::int64_t declared_size(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_string()) return -1;
  const std::string_view text = value.get_string();
  std::int64_t size = -1;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

}  // namespace

std::string json_fingerprint(std::string_view text) {
  const auto value = parse(text);
  if (!value) return {};
  std::string plain;
  canonical(*value, plain);
  return contract::sha256_digest(plain);
}

void put_payload(json::object& event, const Payload& payload) {
  switch (payload.form) {
    case Payload::Form::none:
      return;
    case Payload::Form::text:
      event["data"] = payload.bytes;
      return;
    case Payload::Form::base64:
      event["data_base64"] = contract::to_base64(payload.bytes);
      return;
    case Payload::Form::json:
      event["data"] = parse(payload.bytes).value();
      event["datacontenttype"] = "application/json";
      return;
  }
}

json::object payload_detail(const Payload& payload) {
  json::object detail = bytes_detail(payload.bytes);
  if (payload.form == Payload::Form::json) {
    detail.erase("digest");  // The bytes of a JSON value are the bus' to choose.
    detail.erase("size");
    detail["json"] = json_fingerprint(payload.bytes);
  }
  return detail;
}

json::object event_detail(const json::object& event) {
  json::object detail;
  const json::value* data = event.if_contains("data");
  const json::value* encoded = event.if_contains("data_base64");
  if (encoded != nullptr && encoded->is_string()) {
    const auto bytes = contract::from_base64(encoded->get_string());
    detail = bytes ? bytes_detail(*bytes) : json::object{{"unreadable", "data_base64"}};
  } else if (data != nullptr && data->is_string()) {
    detail = bytes_detail(data->get_string());
  } else if (data != nullptr) {
    detail["json"] = json_fingerprint(json::serialize(*data));
  } else if (event.if_contains("dataref") == nullptr) {
    detail = bytes_detail("");
  }
  if (const json::value* said = event.if_contains("dataref")) detail["dataref"] = *said;
  if (const json::value* said = event.if_contains("datadigest")) detail["datadigest"] = *said;
  if (const json::value* said = event.if_contains("datasize"))
    detail["datasize"] = declared_size(*said);
  return detail;
}

json::object own_attributes(const json::object& event) {
  constexpr std::array<std::string_view, 12> kOthers = {
      "specversion", "id",      "source",   "type",       "datacontenttype", "data",
      "data_base64", "dataref", "datasize", "datadigest", "priority",        "dataschema"};
  json::object own;
  for (const auto& member : event)
    if (std::find(kOthers.begin(), kOthers.end(), member.key()) == kOthers.end())
      own[member.key()] = member.value();
  if (const json::value* type = event.if_contains("type");
      type != nullptr && *type != json::value(kOrdinaryType))
    own["type"] = *type;
  return own;
}

}  // namespace busproof::targets
