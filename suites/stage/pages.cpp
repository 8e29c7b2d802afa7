// What a stage looks at beside the protocol: the metrics page, the archive.
#include <cmath>

#include <fmt/format.h>
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

}  // namespace

bool Stage::ask_metrics() {
  const targets::Http& http = setting_.target.file().http;
  if (http.metrics.empty())
    throw Abandoned{Verdict::unverified, "the target names no metrics page"};
  history::Event event{.phase = history::Phase::invoke, .action = history::Action::call};
  event.op = recorder().next_operation();
  recorder().add(event, {.detail = R"({"method":"GET metrics"})"});
  const auto page = targets::get_page(http.base + http.metrics, patience());
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
