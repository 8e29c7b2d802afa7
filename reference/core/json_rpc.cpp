// Reading and writing JSON-RPC with Boost.JSON.
#include "reference/core/json_rpc.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

std::optional<unsigned> escape_at(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<unsigned>(digit);
  }
  return value;
}

bool is_high(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The text with each half of a surrogate pair replaced, so that the request around it (its id
// above all) can still be read and refused by name.
std::string without_lone_surrogates(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto unit = escape_at(text, i);
    if (!unit) {
      const std::size_t step = text[i] == '\\' && i + 1 < text.size() ? 2 : 1;
      out.append(text.substr(i, step));
      i += step;
      continue;
    }
    const auto next = is_high(*unit) ? escape_at(text, i + 6) : std::nullopt;
    const bool pair = next && is_low(*next);
    if (pair || (!is_high(*unit) && !is_low(*unit)))
      out.append(text.substr(i, pair ? 12 : 6));
    else
      out.append("\\uFFFD");
    i += pair ? 12 : 6;
  }
  return out;
}

json::value parse(std::string_view text, std::size_t depth_max, json::error_code& error) {
  json::parse_options options;
  options.max_depth = depth_max;
  return json::parse(text, error, json::make_shared_resource<json::monotonic_resource>(), options);
}

bool is_id(const json::value& id) { return id.is_string() || id.is_int64() || id.is_uint64(); }

Reading refused(json::value id, Kind kind, std::string message) {
  Reading reading;
  reading.id = std::move(id);
  reading.fault = Fault{kind, std::move(message)};
  return reading;
}

}  // namespace

Reading read_request(std::string_view text, std::size_t depth_max) {
  json::error_code error;
  json::value parsed = parse(text, depth_max, error);
  bool surrogate = false;
  if (error) {
    const std::string whole = without_lone_surrogates(text);
    surrogate = whole != text;
    if (surrogate) parsed = parse(whole, depth_max, error);
  }
  if (error) return refused(nullptr, Kind::parse_error, "not a JSON text");
  auto* object = parsed.if_object();
  if (object == nullptr) return refused(nullptr, Kind::invalid_request, "not a JSON object");

  const auto* given_id = object->if_contains("id");
  if (given_id != nullptr && !is_id(*given_id))
    return refused(nullptr, Kind::invalid_request, "id must be a string or an integer");
  const bool notification = given_id == nullptr;
  json::value id = given_id != nullptr ? json::value(*given_id, json::storage_ptr()) : nullptr;

  const auto* version = object->if_contains("jsonrpc");
  if (version == nullptr || !version->is_string() || version->get_string() != "2.0")
    return refused(id, Kind::invalid_request, "jsonrpc must be \"2.0\"");
  const auto* method = object->if_contains("method");
  if (method == nullptr || !method->is_string())
    return refused(id, Kind::invalid_request, "method must be a string");

  std::string name(method->get_string());
  if (auto* params = object->if_contains("params"); params == nullptr)
    object->emplace("params", json::object_kind);
  else if (!params->is_object())
    return refused(id, Kind::invalid_params, "params must be an object");
  Reading reading;
  reading.id = id;
  reading.request.emplace(Request{.document = std::move(parsed),
                                  .id = std::move(id),
                                  .notification = notification,
                                  .method = std::move(name),
                                  .lone_surrogate = surrogate,
                                  .bytes = text.size()});
  return reading;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

std::string result_text(const json::value& id, const json::object& result) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text += json::serialize(id);
  text += R"(,"result":)";
  text += json::serialize(result);
  return text += '}';
}

std::string error_text(const json::value& id, const Fault& fault) {
  return json::serialize(
      json::object{{"jsonrpc", "2.0"}, {"id", id}, {"error", error_object(fault)}});
}

std::string notification_text(std::string_view method, const json::object& params) {
  return json::serialize(json::object{{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
}

}  // namespace reference::core
