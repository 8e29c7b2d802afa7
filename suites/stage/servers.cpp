// What a stage does to the servers that hold its bus' data.
#include <algorithm>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "fixtures/backends/copy.hpp"
#include "suites/stage/links.hpp"
#include "suites/stage/refusing.hpp"
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

void Refusing::end() {
  if (recorder_ == nullptr) return;
  // One that cannot be ended goes on: nothing that comes then is behind this mark.
  const bool over = refused_.end().has_value();
  const boost::json::object detail{{"backend", backend_}, {"how", to_string(refused_.refusal())}};
  recorder_->add({.action = history::Action::mark},
                 {.error = over ? "refusing_over" : "refusing_stuck",
                  .detail = boost::json::serialize(detail)});
  recorder_ = nullptr;
}

bool Stage::can_refuse(const std::string& backend, backends::Refusal how) const {
  const targets::Lodging* lodging = setting_.target.lodging(backend);
  return lodging != nullptr && lodging->space->server().how() != backends::How::url &&
         backends::can_refuse(lodging->space->server().kind(), how);
}

Refusing Stage::refuse(const std::string& backend, backends::Refusal how) {
  mark("refusing", {{"backend", backend}, {"how", to_string(how)}});
  auto begun = backends::Refused::begin(*setting_.target.lodging(backend)->space, how);
  if (!begun) {
    const bool cannot = begun.error().kind() != "unavailable";
    throw Abandoned{cannot ? Verdict::unverified : Verdict::inconclusive, begun.error().detail()};
  }
  return {recorder(), backend, std::move(*begun)};
}

void Stage::keep_server_data(const std::string& backend) {
  const auto away = links().disturb({backend}, proxy::Refuse{});
  done(backends::keep_copy(*setting_.target.lodging(backend)->space), "copying " + backend);
  mark("data_kept", {{"backend", backend}});
}

void Stage::replace_server_data(const std::string& backend, Data data) {
  const auto away = links().disturb({backend}, proxy::Refuse{});
  const backends::Space& space = *setting_.target.lodging(backend)->space;
  const bool older = data == Data::older;
  done(older ? backends::put_copy(space) : backends::make_empty(space), "replacing " + backend);
  mark("data_replaced", {{"backend", backend}, {"is", older ? "older" : "empty"}});
}

std::vector<std::string> Stage::servers() const {
  std::vector<std::string> found;
  for (const auto& [name, backend] : setting_.target.backends())
    if (setting_.target.lodging(name) != nullptr) found.push_back(name);
  if (found.empty())
    throw Abandoned{Verdict::unverified, "what holds its data is no server that can be killed"};
  return found;
}

std::string Stage::holder_of(std::string_view what) const {
  for (const auto& [name, backend] : setting_.target.backends())
    if (std::find(backend.holds.begin(), backend.holds.end(), what) != backend.holds.end())
      return name;
  return {};
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
