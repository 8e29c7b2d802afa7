// What a stage does with data of older schemas.
#include <filesystem>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "fixtures/backends/copy.hpp"
#include "suites/stage/stage.hpp"
#include "suites/targets/outside.hpp"

namespace busproof::stage {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using contract::Verdict;

[[noreturn]] void blocked(std::string why) { throw Abandoned{Verdict::blocked, std::move(why)}; }

/// Empties what of the bus' own is about to be filled.
void make_room_for(const targets::Older& older, const targets::Target& target) {
  for (const auto& [name, texts] : older.put) {
    if (const targets::Lodging* lodging = target.lodging(name)) {
      const auto emptied = backends::make_empty(*lodging->space);
      if (!emptied && emptied.error().kind() == "not_held")
        throw Abandoned{Verdict::unverified, emptied.error().detail()};
      if (!emptied) blocked(fmt::format("emptying {}: {}", name, emptied.error().detail()));
      continue;
    }
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(target.data(), failed))
      fs::remove_all(entry.path(), failed);
    if (failed) blocked(fmt::format("{}: {}", target.data(), failed.message()));
  }
}

}  // namespace

const std::vector<targets::Older>& Stage::older() const {
  const auto& all = setting_.target.file().older;
  if (all.empty())
    throw Abandoned{Verdict::unverified, "older: the target provides no data of an older schema"};
  return all;
}

void Stage::put_older(const targets::Older& older) {
  need_hold();
  for (const auto& [name, texts] : older.put)
    if (setting_.target.lodging(name) == nullptr) need_data();
  stop_bus();
  gone();
  make_room_for(older, setting_.target);
  put_into(setting_.target, older);
}

void Stage::put_into(targets::Target& target, const targets::Older& older) {
  if (auto done = targets::put(target, older); !done) blocked(done.error().detail());
  mark("older", {{"name", older.name}, {"destination", older.destination}});
  const auto note = [&](const std::string& id, std::string_view is, json::object detail) {
    detail["tx"] = id;
    detail["is"] = is;
    recorder().add({.action = history::Action::mark},
                   {.error = "older_message", .detail = json::serialize(detail)});
  };
  for (const auto& [id, text] : older.waiting)
    note(id, "waiting", targets::payload_detail(targets::Payload::text(text)));
  for (const auto& [id, text] : older.dead)
    note(id, "dead", targets::payload_detail(targets::Payload::text(text)));
  for (const std::string& id : older.acked) note(id, "acked", {});
}

}  // namespace busproof::stage
