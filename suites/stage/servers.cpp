// What a stage does to the servers that hold its bus' data.
#include <fmt/format.h>

#include "suites/stage/stage.hpp"
#include "suites/targets/stores.hpp"

namespace busproof::stage {
namespace {

using contract::Verdict;

backends::Backend& server_of(const targets::Target& target, const std::string& backend) {
  return target.lodging(backend)->space->server();
}

void done(const contract::Result<void>& result, std::string_view what) {
  if (result) return;
  const bool foreign = result.error().kind() == "not_held";
  throw Abandoned{foreign ? Verdict::unverified : Verdict::inconclusive,
                  fmt::format("{}: {}", what, result.error().detail())};
}

}  // namespace

std::vector<std::string> Stage::servers() const {
  std::vector<std::string> found;
  for (const auto& [name, backend] : setting_.target.backends())
    if (setting_.target.lodging(name) != nullptr) found.push_back(name);
  if (found.empty())
    throw Abandoned{Verdict::unverified, "what holds its data is no server that can be killed"};
  return found;
}

void Stage::kill_server(const std::string& backend) {
  // Before it falls, so that nothing it brought about is dated before it.
  mark("store_killed", {{"backend", backend}});
  done(server_of(setting_.target, backend).kill(), "killing " + backend);
}

void Stage::restart_server(const std::string& backend) {
  done(server_of(setting_.target, backend).restart(), "starting " + backend);
  mark("store_back", {{"backend", backend}});
}

}  // namespace busproof::stage
