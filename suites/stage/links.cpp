#include "suites/stage/links.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;

constexpr std::size_t kText = proxy::Proxy::kSoughtBytes;
constexpr std::size_t kHexBytes = kText / 2, kBase64Bytes = kText / 4 * 3;
constexpr std::size_t kPieces = 8;
// As it is, in small and in large hexadecimal digits, and in base64 from each of three beginnings.
constexpr std::size_t kWays = 6;

std::string hex(std::string_view bytes, bool large) {
  std::string text;
  for (const char byte : bytes)
    text += large ? fmt::format("{:02X}", static_cast<unsigned char>(byte))
                  : fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

json::object counted(const proxy::Counters& counters) {
  return {{"accepted", counters.accepted},
          {"contacted", counters.contacted},
          {"to_server", counters.to_server},
          {"to_client", counters.to_client}};
}

}  // namespace

Disturbed::Disturbed(history::Recorder& recorder, const proxy::Fault& fault)
    : recorder_(&recorder), fault_(fault) {}

Disturbed::~Disturbed() { heal(); }

void Disturbed::add(const std::string& link, proxy::Proxy& proxy) {
  mark("fault", link, 0);  // Before it: nothing that it brought about is dated before its mark.
  standing_.push_back({link, proxy.apply(fault_)});
}

void Disturbed::heal() {
  for (One& one : standing_) {
    one.applied.heal();
    mark("healed", one.link, one.applied.struck());
  }
  standing_.clear();
}

void Disturbed::mark(std::string_view name, const std::string& link, std::uint64_t struck) {
  const json::object detail{{"link", link}, {"fault", proxy::describe(fault_)}};
  recorder_->add({.action = history::Action::mark, .amount = static_cast<std::int64_t>(struck)},
                 {.error = name, .detail = json::serialize(detail)});
}

proxy::Proxy& Links::proxy(const std::string& link) const { return *target_.lodging(link)->proxy; }

std::vector<std::string> Links::all() const {
  std::vector<std::string> found;
  for (const auto& [name, backend] : target_.backends())
    if (target_.lodging(name) != nullptr) found.push_back(name);
  if (found.empty())
    throw Abandoned{Verdict::unverified,
                    "no proxy stands between the bus and its stores: the target names no server"};
  return found;
}

std::string Links::payloads() {
  for (const std::string& name : all()) {
    if (target_.backends().at(name).holds != std::vector<std::string>{"payloads"}) continue;
    recorder_.add(
        {.action = history::Action::mark},
        {.error = "payload_link", .detail = json::serialize(json::object{{"link", name}})});
    return name;
  }
  throw Abandoned{Verdict::unverified,
                  "one store: no server of the target's holds the payloads and nothing else"};
}

void Links::mark(std::string_view name, std::int64_t amount, std::string_view what) {
  json::object links;
  for (const std::string& link : all()) links[link] = counted(proxy(link).counters());
  json::object detail{{"links", std::move(links)}};
  if (!what.empty()) detail["what"] = what;
  recorder_.add({.action = history::Action::mark, .amount = amount},
                {.error = name, .detail = json::serialize(detail)});
}

Disturbed Links::disturb(const std::vector<std::string>& links, const proxy::Fault& fault) {
  Disturbed disturbed(recorder_, fault);
  for (const std::string& link : links) disturbed.add(link, proxy(link));
  return disturbed;
}

Sought Links::seek(const std::string& link, std::string_view payload) {
  proxy::Proxy& wire = proxy(link);
  Sought sought{.link = link, .first = 0, .pieces = 0};
  const std::size_t apart = payload.size() / kPieces;
  for (std::size_t piece = 0; piece < kPieces; ++piece) {
    const std::string_view bytes = payload.substr(piece * apart, apart);
    if (bytes.size() < kText) break;
    std::vector<std::string> texts{std::string(bytes.substr(0, kText)),
                                   hex(bytes.substr(0, kHexBytes), false),
                                   hex(bytes.substr(0, kHexBytes), true)};
    for (std::size_t begin = 0; begin < 3; ++begin)
      texts.push_back(contract::to_base64(bytes.substr(begin, kBase64Bytes)));
    for (const std::string& text : texts) {
      const std::size_t number = wire.seek(text);
      if (sought.pieces == 0 && &text == &texts.front()) sought.first = number;
    }
    ++sought.pieces;
  }
  return sought;
}

void Links::mark(const Sought& sought, std::uint32_t message) {
  std::int64_t raw = 0, in_hex = 0, in_base64 = 0, passed = 0;
  for (std::size_t piece = 0; piece < sought.pieces; ++piece) {
    const auto came = [&](std::size_t way) {
      return proxy(sought.link).found(sought.first + piece * kWays + way) > 0;
    };
    const bool as_it_is = came(0), hexadecimal = came(1) || came(2),
               base64 = came(3) || came(4) || came(5);
    raw += as_it_is ? 1 : 0;
    in_hex += hexadecimal ? 1 : 0;
    in_base64 += base64 ? 1 : 0;
    passed += as_it_is || hexadecimal || base64 ? 1 : 0;
  }
  const json::object detail{{"link", sought.link},
                            {"pieces", sought.pieces},
                            {"raw", raw},
                            {"hex", in_hex},
                            {"base64", in_base64}};
  recorder_.add({.action = history::Action::mark, .message = message, .amount = passed},
                {.error = "sought", .detail = json::serialize(detail)});
}

}  // namespace busproof::stage
