#include "cli/target_words.hpp"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace busproof::cli {
namespace {

using contract::refused;
using targets::Connect;
using targets::TargetFile;

TargetFile at_address(Connect::How how, const std::string& address, const TargetWords& words) {
  TargetFile target;
  target.name = address;
  target.folder = std::filesystem::current_path();
  target.connect.how = how;
  target.connect.address = address;
  target.control = words.control;
  target.tls.ca = words.ca;
  target.tls.insecure = words.insecure;
  return target;
}

TargetFile launched(const std::vector<std::string>& command) {
  TargetFile target;
  target.name = fmt::format("{}", fmt::join(command, " "));
  target.folder = std::filesystem::current_path();
  target.connect.how = Connect::How::stdio_launch;
  target.launch = targets::Launch{command, {}, {}};
  return target;
}

contract::Result<TargetFile> named_target(const TargetWords& words) {
  const int ways = static_cast<int>(!words.url.empty()) + static_cast<int>(!words.tcp.empty()) +
                   static_cast<int>(!words.unix_path.empty()) +
                   static_cast<int>(!words.file.empty()) + static_cast<int>(!words.command.empty());
  if ((!words.ca.empty() || words.insecure) && !targets::is_secure(words.url))
    return refused("bad_target",
                   "--ca and --insecure are for --url wss://...; a target file has tls");
  if (ways > 1)
    return refused("bad_target", "name one target: --url, --tcp, --unix, --target or -- COMMAND");
  if (!words.url.empty()) return at_address(Connect::How::websocket, words.url, words);
  if (!words.tcp.empty()) return at_address(Connect::How::tcp, words.tcp, words);
  if (!words.unix_path.empty())
    return at_address(Connect::How::unix_socket, words.unix_path, words);
  if (!words.file.empty()) return targets::read_target(words.file);
  if (!words.command.empty()) return launched(words.command);
  return targets::parse_target(kDefaultTarget, "refbus-sqlite.yaml",
                               std::filesystem::current_path());
}

contract::Result<TargetFile> with_servers(contract::Result<TargetFile> target,
                                          const TargetWords& words) {
  if (!target) return target;
  for (const auto how : {backends::How::automatic, backends::How::url, backends::How::container,
                         backends::How::local, backends::How::none})
    if (backends::to_string(how) == words.backend)
      target->stores->choose({how, words.postgres_url, words.redis_url});
  return target;
}

}  // namespace

contract::Result<TargetFile> target_of(const TargetWords& words) {
  return with_servers(named_target(words), words);
}

bool is_embedded(const TargetWords& words) {
  return words.url.empty() && words.tcp.empty() && words.unix_path.empty() && words.file.empty() &&
         words.command.empty();
}

contract::Result<TargetFile> pair_of(const TargetWords& words) {
  return with_servers(
      targets::parse_target(kPairTarget, "refbus-postgres-redis.yaml",
                            std::filesystem::current_path(),
                            {{"../../reference/schema/postgres/0001.sql", kPairSchema}}),
      words);
}

std::string quoted(const std::string& word) {
  const bool plain =
      !word.empty() &&
      word.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%") ==
          std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string quoted(const TargetWords& words) {
  std::string out;
  // The servers' URLs are left out: they hold passwords.
  const std::string backend = words.backend == "auto" ? "" : words.backend;
  const std::pair<const char*, const std::string*> options[] = {
      {"--url", &words.url},     {"--tcp", &words.tcp},         {"--unix", &words.unix_path},
      {"--target", &words.file}, {"--control", &words.control}, {"--ca", &words.ca},
      {"--backend", &backend}};
  for (const auto& [name, value] : options)
    if (!value->empty())
      out += fmt::format("{}{} {}", out.empty() ? "" : " ", name, quoted(*value));
  if (words.insecure) out += " --insecure";
  if (!words.command.empty()) {
    out += out.empty() ? "--" : " --";
    for (const std::string& word : words.command) out += " " + quoted(word);
  }
  return out;
}

void own_folder_first_in_path() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return;
  const char* before = std::getenv("PATH");
  const std::string path =
      self.parent_path().string() + (before == nullptr ? "" : ":" + std::string(before));
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace busproof::cli
