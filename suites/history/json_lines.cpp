#include "suites/history/json_lines.hpp"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/history/binary.hpp"

namespace busproof::history {
namespace {

namespace json = boost::json;
using contract::refused;
using contract::Result;

constexpr double kNanosPerMilli = 1e6;

void put_number(json::object& out, std::string_view key, std::int64_t value) {
  if (value != 0) out[key] = value;
}

json::object to_object(const History& history, const Event& event) {
  json::object out;
  out["at_ms"] = static_cast<double>(event.at.count()) / kNanosPerMilli;
  out["phase"] = to_string(event.phase);
  out["action"] = to_string(event.action);
  put_number(out, "session", event.session);
  put_number(out, "op", event.op);
  put_number(out, "message", event.message);
  put_number(out, "subscription", event.subscription);
  put_number(out, "delivery", event.delivery);
  put_number(out, "attempt", event.attempt);
  put_number(out, "amount", event.amount);
  if (event.destination != 0) out["destination"] = history.text(event.destination);
  if (event.error != 0) out["error"] = history.text(event.error);
  if (event.detail != 0) {
    boost::system::error_code failed;
    json::value detail = json::parse(history.text(event.detail), failed);
    out["detail"] = failed ? json::value(history.text(event.detail)) : std::move(detail);
  }
  return out;
}

std::int64_t number_in(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string text_in(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::uint32_t count_in(const json::object& in, std::string_view key) {
  return static_cast<std::uint32_t>(number_in(in, key));
}

Result<Event> to_event(const json::object& in, History& history) {
  const auto phase = phase_from(text_in(in, "phase"));
  const auto action = action_from(text_in(in, "action"));
  const json::value* at = in.if_contains("at_ms");
  if (!phase || !action || at == nullptr || !at->is_number())
    return refused("not_a_history", "an event needs at_ms, phase and action");
  Event event;
  event.at = Time(std::llround(at->to_number<double>() * kNanosPerMilli));
  event.phase = *phase;
  event.action = *action;
  event.session = count_in(in, "session");
  event.op = count_in(in, "op");
  event.message = count_in(in, "message");
  event.subscription = count_in(in, "subscription");
  event.delivery = count_in(in, "delivery");
  event.attempt = static_cast<std::int32_t>(number_in(in, "attempt"));
  event.amount = number_in(in, "amount");
  event.destination = history.intern(text_in(in, "destination"));
  event.error = history.intern(text_in(in, "error"));
  event.detail = history.intern(text_in(in, "detail"));
  return event;
}

Result<json::object> parse_line(std::string_view line) {
  boost::system::error_code failed;
  json::value value = json::parse(line, failed);
  if (failed || !value.is_object()) return refused("not_a_history", "not a JSON object");
  return value.get_object();
}

}  // namespace

std::string header_json(const Header& header) {
  json::object out;
  out["busproof_history"] = 1;
  out["scenario"] = header.scenario;
  out["seed"] = std::to_string(header.seed);
  boost::system::error_code failed;
  json::value claims = json::parse(header.claims, failed);
  out["claims"] = failed ? json::value(json::object{}) : std::move(claims);
  if (header.over_lines) out["over"] = "lines";
  if (!header.note.empty()) out["note"] = header.note;
  return json::serialize(out);
}

Result<Header> parse_header(std::string_view line) {
  auto in = parse_line(line);
  if (!in || number_in(*in, "busproof_history") != 1)
    return refused("not_a_history", "the first line must hold \"busproof_history\": 1");
  Header header;
  header.scenario = text_in(*in, "scenario");
  header.seed = std::strtoull(text_in(*in, "seed").c_str(), nullptr, 10);
  header.claims = text_in(*in, "claims");
  header.note = text_in(*in, "note");
  header.over_lines = text_in(*in, "over") == "lines";
  return header;
}

std::string to_json_lines(const History& history) {
  std::string out = header_json(history.header) + "\n";
  for (const Event& event : history.events)
    out += json::serialize(to_object(history, event)) + "\n";
  return out;
}

Result<History> from_json_lines(std::string_view text) {
  History history;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    if (number == 1) {
      auto header = parse_header(line);
      if (!header) return tl::make_unexpected(header.error());
      history.header = *header;
      continue;
    }
    auto object = parse_line(line);
    auto event =
        object ? to_event(*object, history) : Result<Event>(tl::make_unexpected(object.error()));
    if (!event)
      return refused("not_a_history", fmt::format("line {}: {}", number, event.error().detail()));
    history.events.push_back(*event);
  }
  if (number == 0) return refused("not_a_history", "the file is empty");
  return history;
}

Result<History> from_file_text(std::string_view bytes) {
  return bytes.starts_with("BPH1") ? from_binary(bytes) : from_json_lines(bytes);
}

}  // namespace busproof::history
