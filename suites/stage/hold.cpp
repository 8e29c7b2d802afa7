// What a stage does to a bus' processes, data folder and disk, beyond stopping and starting it.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "suites/stage/hello.hpp"
#include "suites/stage/stage.hpp"

namespace busproof::stage {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using contract::Result;
using contract::Verdict;

constexpr std::size_t kHeaderBytes = 512;
constexpr std::size_t kMiddleBytes = 16'384;

[[noreturn]] void unverified(std::string why) {
  throw Abandoned{Verdict::unverified, std::move(why)};
}

[[noreturn]] void blocked(std::string why) { throw Abandoned{Verdict::blocked, std::move(why)}; }

/// Replaces what is in `to` by what is in `from`.
void replace_contents(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::create_directories(to, failed);
  for (const auto& entry : fs::directory_iterator(to, failed)) fs::remove_all(entry.path(), failed);
  if (!failed) fs::copy(from, to, fs::copy_options::recursive, failed);
  if (failed) blocked(fmt::format("{} cannot be copied: {}", from.string(), failed.message()));
}

std::string_view word(Stage::FileDamage how) {
  switch (how) {
    case Stage::FileDamage::header:
      return "its first 512 bytes zeroed";
    case Stage::FileDamage::middle:
      return "16 KiB in its middle overwritten";
    case Stage::FileDamage::truncated:
      return "cut to half its size";
  }
  return "";
}

}  // namespace

void Stage::mark(std::string_view name, const json::object& detail) {
  recorder().add({.action = history::Action::mark},
                 {.error = name, .detail = json::serialize(detail)});
}

Result<void> Stage::start_and_greet(targets::Target& target, std::string_view variant) {
  if (auto started = target.start(variant); !started) return started;
  const milliseconds limit(claims_.limit_or_default("recovery_ms"));
  if (auto up = await_hello(target, recorder(), limit); !up) return tl::make_unexpected(up.error());
  return {};
}

bool Stage::try_start_bus(std::string_view variant) {
  need_hold();
  gone();
  const auto up = start_and_greet(setting_.target, variant);
  json::object detail{{"wrote", setting_.target.written_since_start()}};
  if (!variant.empty()) {
    json::object sets;
    for (const auto& [name, value] : setting_.target.file().variants.at(std::string(variant)))
      sets[name] = value;
    detail["variant"] = variant;
    detail["sets"] = std::move(sets);
  }
  if (!up) {
    detail["why"] = up.error().detail();
    detail["ended"] = !setting_.target.obituary().empty();
    if (const auto code = setting_.target.exit_code()) detail["code"] = *code;
    setting_.target.kill();
  }
  mark(up ? "started" : "not_started", detail);
  return up.has_value();
}

void Stage::need_data() const {
  need_hold();
  if (!setting_.target.keeps_data())
    unverified("no hold on its data: the target's launch names no ${data}");
}

fs::path Stage::saved() const { return setting_.target.data() + ".saved"; }

void Stage::save_data() { replace_contents(setting_.target.data(), saved()); }

void Stage::restore_data() { replace_contents(saved(), setting_.target.data()); }

void Stage::damage_file(FileDamage how) {
  need_data();
  const fs::path path = setting_.target.main_file();
  if (path.empty()) unverified("the target names no backend's file in ${data}");
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) blocked(fmt::format("{}: {}", path.string(), failed.message()));
  if (how == FileDamage::truncated) {
    fs::resize_file(path, size / 2, failed);
  } else {
    const bool header = how == FileDamage::header;
    std::string bytes(header ? kHeaderBytes : std::min<std::size_t>(kMiddleBytes, size / 3), '\0');
    if (!header)
      for (char& byte : bytes) byte = static_cast<char>(any(0, 255));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    // A whole page of any usual size, so that it is not just the slack of one.
    file.seekp(header ? 0 : static_cast<std::streamoff>(size / 2 / 4096 * 4096));
    if (!file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())))
      failed = std::make_error_code(std::errc::io_error);
  }
  if (failed) blocked(fmt::format("{} cannot be damaged: {}", path.string(), failed.message()));
  mark("damaged", {{"how", word(how)}});
}

bool Stage::start_second() {
  need_data();
  auto made = setting_.target.twin();
  if (!made) give_up("preparing a second bus", made.error());
  second_ = std::move(*made);
  const auto up = start_and_greet(*second_);
  json::object detail;
  if (!up) {
    detail["why"] = up.error().detail();
    second_.reset();
  }
  mark(up ? "second_serves" : "second_refused", detail);
  return up.has_value();
}

targets::Session& Stage::connect_to_second() {
  targets::Session& session = connect_to(*second_);
  if (auto claims = session.hello(); !claims) give_up("bus/hello of a second bus", claims.error());
  return session;
}

void Stage::stop_second() {
  recorder().mark("second_stopped");
  second_->stop();
}

void Stage::put_on(Result<std::unique_ptr<disk::Disk>> disk) {
  if (!disk) unverified("no disk of its own for the bus: " + disk.error().detail());
  setting_.target.put_on(std::move(*disk));
  if (const auto up = start_and_greet(setting_.target); !up)
    unverified("the bus does not start on a small disk: " + up.error().detail());
  recorder().mark("started");
}

void Stage::put_on_small_disk(std::uint64_t bytes) {
  need_data();
  stop_bus();
  gone();
  put_on(disk::Disk::in_memory(setting_.target.data(), bytes));
}

void Stage::put_on_disk_with_power(std::uint64_t bytes) {
  need_data();
  stop_bus();
  gone();
  put_on(disk::Disk::on_image(setting_.target.data(), bytes));
}

disk::Disk& Stage::disk() {
  if (setting_.target.disk() == nullptr) blocked("the bus has no disk of its own");
  return *setting_.target.disk();
}

void Stage::fill_disk() {
  if (auto filled = disk().fill(); !filled) give_up("filling the disk", filled.error());
  recorder().mark("full");
}

void Stage::make_room() {
  // Before there is any: what is refused from now on may have found none.
  recorder().mark("room");
  disk().make_room();
}

void Stage::cut_power() {
  need_hold();
  // Before it falls, so that nothing it brought about is dated before it.
  recorder().mark("power_cut");
  recorder().mark("kill");
  setting_.target.freeze();
  const auto cut = disk().cut_power();
  setting_.target.kill();
  if (!cut) unverified(cut.error().detail());
  if (auto back = disk().restore_power(); !back) give_up("restoring the power", back.error());
}

}  // namespace busproof::stage
