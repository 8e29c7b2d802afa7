// What a stage does to see how a bus starts, what it writes, and what it says it shows.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/stage/hello.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

namespace json = boost::json;
using contract::Verdict;

}  // namespace

std::vector<std::string> Stage::variants(std::string_view beginning) const {
  std::vector<std::string> found;
  for (const auto& [name, sets] : setting_.target.file().variants)
    if (name.starts_with(beginning)) found.push_back(name);
  return found;
}

void Stage::mark_documented() {
  json::object limits;
  for (const auto& [name, value] : setting_.target.file().defaults)
    limits[name] = value ? json::value(*value) : json::value(nullptr);
  if (limits.empty())
    throw Abandoned{Verdict::unverified, "the target does not say what its documentation declares"};
  mark("documented", {{"limits", std::move(limits)}});
}

void Stage::mark_signs() {
  const targets::Signs& signs = setting_.target.file().signs;
  json::object told;
  for (const auto& [what, name] :
       {std::pair{"fallbacks", &signs.fallbacks}, std::pair{"breaker", &signs.breaker},
        std::pair{"latency", &signs.latency}})
    if (!name->empty()) told[what] = *name;
  mark("signs", told);
}

void Stage::mark_log() {
  need_hold();
  mark("log", {{"wrote", setting_.target.written_anew()}});
}

bool Stage::launch_bus() {
  need_hold();
  gone();
  mark("launched", {});
  auto& target = setting_.target;
  auto begun = target.start_unready();
  if (!begun) throw Abandoned{Verdict::blocked, begun.error().detail()};
  const milliseconds limit(claims_.limit_or_default("recovery_ms"));
  auto up = await_hello(target, recorder(), limit);
  if (up) {
    claims_ = std::move(*up);
    mark("serves", {});
    return true;
  }
  const bool ended = !target.running();
  json::object detail{{"why", up.error().detail()}, {"wrote", target.written_since_start()}};
  if (const auto code = target.exit_code(); ended && code) detail["code"] = *code;
  mark(ended ? "ended" : "silent", detail);
  return false;
}

}  // namespace busproof::stage
