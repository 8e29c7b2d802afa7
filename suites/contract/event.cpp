#include "suites/contract/event.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::contract {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> kOwnMembers = {"specversion", "id",   "source",
                                                         "type",        "data", "data_base64"};

bool is_own_member(std::string_view name) { return std::ranges::count(kOwnMembers, name) > 0; }

Result<std::string> required(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().empty())
    return refused("invalid_argument",
                   fmt::format("an event needs a {} that is no empty string", name));
  return std::string(value->get_string());
}

Result<Payload> parse_payload(const json::object& object) {
  const json::value* data = object.if_contains("data");
  const json::value* base64 = object.if_contains("data_base64");
  if (data != nullptr && base64 != nullptr)
    return refused("invalid_argument", "an event has data or data_base64, not both");
  if (data != nullptr && data->is_string()) return Payload(Text{std::string(data->get_string())});
  if (data != nullptr) return Payload(Value{*data});
  if (base64 == nullptr) return Payload();
  auto raw = base64->is_string() ? from_base64(base64->get_string()) : std::nullopt;
  if (!raw) return refused("invalid_argument", "data_base64 is not base64");
  return Payload(Bytes{*std::move(raw)});
}

// Nothing when an attribute may stand as it is.
std::optional<std::string> wrong_with(std::string_view name, const json::value& value) {
  const bool good_name = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  if (!good_name)
    return fmt::format("attribute '{}' must be named in lower-case letters and digits", name);
  if (value.is_string() || value.is_bool() || value.is_int64()) return std::nullopt;
  return fmt::format("attribute {} must be a string, a boolean or an integer", name);
}

bool same_array(const json::array& a, const json::array& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_value);
}

bool same_object(const json::object& a, const json::object& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const auto& member) {
           const json::value* other = b.if_contains(member.key());
           return other != nullptr && same_value(member.value(), *other);
         });
}

}  // namespace

bool Value::operator==(const Value& other) const { return same_value(json, other.json); }

std::optional<std::string> Event::text(std::string_view name) const {
  const json::value* value = attributes.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> Event::integer(std::string_view name) const {
  const json::value* value = attributes.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (!value->is_string()) return std::nullopt;
  const json::string& text = value->get_string();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end()) return std::nullopt;
  return number;
}

Result<Event> parse_event(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return refused("invalid_argument", "an event is a JSON object");
  const json::value* version = object->if_contains("specversion");
  if (version == nullptr || *version != "1.0")
    return refused("invalid_argument", "an event needs the specversion \"1.0\"");
  Event event;
  for (auto [name, member] : {std::pair{"id", &event.id}, std::pair{"source", &event.source},
                              std::pair{"type", &event.type}}) {
    auto text = required(*object, name);
    if (!text) return tl::make_unexpected(text.error());
    *member = *std::move(text);
  }
  auto payload = parse_payload(*object);
  if (!payload) return tl::make_unexpected(payload.error());
  event.payload = *std::move(payload);
  for (const auto& member : *object) {
    if (is_own_member(member.key()) || member.value().is_null()) continue;
    if (auto wrong = wrong_with(member.key(), member.value()))
      return refused("invalid_argument", *std::move(wrong));
    event.attributes[member.key()] = member.value();
  }
  return event;
}

json::object to_json(const Event& event) {
  json::object object = {
      {"specversion", "1.0"}, {"id", event.id}, {"source", event.source}, {"type", event.type}};
  for (const auto& member : event.attributes) object[member.key()] = member.value();
  if (const Text* text = std::get_if<Text>(&event.payload)) object["data"] = text->utf8;
  if (const Bytes* bytes = std::get_if<Bytes>(&event.payload))
    object["data_base64"] = to_base64(bytes->raw);
  if (const Value* kept = std::get_if<Value>(&event.payload)) object["data"] = kept->json;
  return object;
}

std::optional<std::string> payload_bytes(const Payload& payload) {
  if (const Text* text = std::get_if<Text>(&payload)) return text->utf8;
  if (const Bytes* bytes = std::get_if<Bytes>(&payload)) return bytes->raw;
  if (std::holds_alternative<Value>(payload)) return std::nullopt;
  return std::string();
}

bool same_payload(const Payload& sent, std::string_view retrieved) {
  if (const auto bytes = payload_bytes(sent)) return *bytes == retrieved;
  json::error_code error;
  json::parse_options options;
  options.max_depth = 1'024;  // Deeper than any json_depth_max worth testing.
  const json::value back = json::parse(retrieved, error, {}, options);
  return !error && same_value(std::get<Value>(sent).json, back);
}

bool same_value(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) return same_array(a.get_array(), b.get_array());
  if (a.is_object()) return same_object(a.get_object(), b.get_object());
  return a == b;
}

}  // namespace busproof::contract
