// What a stage looks at beside the protocol: the pages, the archive.
#include <cctype>
#include <cmath>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/stage/stage.hpp"
#include "suites/targets/http_page.hpp"
#include "suites/targets/outside.hpp"
#include "suites/targets/samples.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;

/// What a history keeps of the page: whole numbers as such, none that JSON has no number for.
json::object shown(const targets::HttpPage& page) {
  constexpr double kExactMost = 9e15;
  const targets::Samples samples = targets::read_samples(page.body);
  json::object values;
  for (const auto& [name, value] : samples.values) {
    if (std::nearbyint(value) == value && std::fabs(value) < kExactMost)
      values[name] = static_cast<std::int64_t>(value);
    else if (std::isfinite(value))
      values[name] = value;
  }
  json::object detail{{"status", page.status}, {"samples", std::move(values)}};
  if (!samples.unreadable.empty()) detail["unreadable"] = samples.unreadable;
  return detail;
}

/// An id as the end of an address.
std::string escaped(const std::string& id) {
  std::string text;
  for (const unsigned char c : id) {
    const bool plain =
        (c < 128 && std::isalnum(c) != 0) || c == '-' || c == '.' || c == '_' || c == '~';
    text += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return text;
}

struct Address {
  std::string_view name;
  std::string path;
};

Address address_of(const targets::Http& http, Page page, const std::string& id) {
  switch (page) {
    case Page::live:
      return {"GET live", http.live};
    case Page::ready:
      return {"GET ready", http.ready};
    case Page::connections:
      return {"GET connections", http.connections};
    case Page::connection:
      return {"GET connection",
              http.connections.empty() ? "" : http.connections + "/" + escaped(id)};
    case Page::connection_stats:
      return {"GET connection stats", http.connection_stats};
  }
  return {};
}

}  // namespace

bool Stage::has_page(Page page) const {
  return !address_of(setting_.target.file().http, page, "").path.empty();
}

std::optional<json::object> Stage::ask_page(Page page, const std::string& id) {
  const targets::Http& http = setting_.target.file().http;
  const Address address = address_of(http, page, id);
  if (address.path.empty())
    throw Abandoned{Verdict::unverified,
                    fmt::format("the target names no page for \"{}\"", address.name)};
  history::Event event{.phase = history::Phase::invoke, .action = history::Action::call};
  event.op = recorder().next_operation();
  json::object asked{{"method", address.name}};
  if (!id.empty()) asked["id"] = id;
  recorder().add(event, {.detail = json::serialize(asked)});
  const auto got = targets::get_page(http.base + address.path, patience(), setting_.target.trust());
  event.phase = got ? history::Phase::ok : history::Phase::info;
  if (!got) {
    recorder().add(event, {.error = got.error().kind()});
    return std::nullopt;
  }
  json::object told{{"status", got->status}};
  boost::system::error_code failed;
  json::value body = json::parse(got->body, failed);
  if (!failed && body.is_object()) told["body"] = std::move(body);
  recorder().add(event, {.detail = json::serialize(told)});
  return told;
}

bool Stage::ask_metrics() {
  const targets::Http& http = setting_.target.file().http;
  if (http.metrics.empty())
    throw Abandoned{Verdict::unverified, "the target names no metrics page"};
  history::Event event{.phase = history::Phase::invoke, .action = history::Action::call};
  event.op = recorder().next_operation();
  recorder().add(event, {.detail = R"({"method":"GET metrics"})"});
  const auto page =
      targets::get_page(http.base + http.metrics, patience(), setting_.target.trust());
  event.phase = page ? history::Phase::ok : history::Phase::info;
  const std::string detail = page ? json::serialize(shown(*page)) : "";
  recorder().add(event, {.error = page ? "" : page.error().kind(), .detail = detail});
  return page.has_value();
}

void Stage::look_in_archive(const targets::Published& message) {
  const std::string backend = setting_.target.archive();
  if (backend.empty())
    throw Abandoned{Verdict::unverified, "the target does not say how to look into the archive"};
  const auto rows = targets::archived(setting_.target, backend, {.id = message.transaction_id});
  if (!rows) give_up("looking into the archive", rows.error());
  recorder().add({.action = history::Action::mark, .message = message.message, .amount = *rows},
                 {.error = "archive"});
}

}  // namespace busproof::stage
