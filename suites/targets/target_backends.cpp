#include "suites/targets/target_backends.hpp"

#include <fstream>
#include <iterator>
#include <regex>

#include <fmt/format.h>

#include "suites/targets/yaml_words.hpp"

namespace busproof::targets {
namespace {

Backend::Kind server_kind_of(const YAML::Node& node, const std::string& where) {
  const std::string kind = text_of(node, where);
  if (kind == "postgres") return Backend::Kind::postgres;
  if (kind == "redis") return Backend::Kind::redis;
  wrong(node, fmt::format("{} is \"{}\"; it is postgres or redis", where, kind));
}

std::map<std::string, Backend> backends_of(const YAML::Node& node) {
  std::map<std::string, Backend> backends;
  if (!node) return backends;
  if (!node.IsMap()) wrong(node, "backends must be a map of names to backends");
  for (const auto& member : node) {
    const auto name = member.first.as<std::string>();
    const std::string where = "backends." + name;
    check_keys(member.second, where, {"sqlite", "server", "settings", "image", "holds"});
    if (static_cast<bool>(member.second["sqlite"]) == static_cast<bool>(member.second["server"]))
      wrong(member.second, where + " must name its sqlite file, or the server: postgres or redis");
    Backend backend;
    if (member.second["sqlite"])
      backend.where = text_of(member.second["sqlite"], where + ".sqlite");
    else
      backend.kind = server_kind_of(member.second["server"], where + ".server");
    if (member.second["sqlite"] && (member.second["settings"] || member.second["image"]))
      wrong(member.second, where + " is a file: only a server has settings and an image");
    backend.settings = environment_of(member.second["settings"], where + ".settings");
    if (member.second["image"]) backend.image = text_of(member.second["image"], where + ".image");
    if (member.second["holds"]) backend.holds = words_of(member.second["holds"], where + ".holds");
    backends[name] = std::move(backend);
  }
  return backends;
}

void read_corrupt(const YAML::Node& node, std::map<std::string, Backend>& backends) {
  if (!node) return;
  static const std::regex kForm(
      "(payload|digest|chunk)\\."
      "(flip|truncate|extend|zero|delete|swap|double|bomb)");
  if (!node.IsMap()) wrong(node, "corrupt must be a map of backends");
  for (const auto& member : node) {
    const auto name = member.first.as<std::string>();
    const auto backend = backends.find(name);
    if (backend == backends.end())
      wrong(member.first, fmt::format("corrupt names \"{}\", which is none of backends", name));
    backend->second.corrupt = environment_of(member.second, "corrupt." + name);
    for (const auto& [damage, statements] : backend->second.corrupt)
      if (!std::regex_match(damage, kForm))
        wrong(
            member.second,
            fmt::format("corrupt.{} has no damage \"{}\"; write it as payload.flip", name, damage));
  }
}

/// What is told of backends by name: `rows: {store: ...}`, `archive: {store: ...}`.
void read_told(const YAML::Node& node, const char* key, std::string Backend::*told,
               std::map<std::string, Backend>& backends) {
  for (const auto& [name, statement] : environment_of(node, key)) {
    const auto backend = backends.find(name);
    if (backend == backends.end())
      wrong(node, fmt::format("{} names \"{}\", which is none of backends", key, name));
    backend->second.*told = statement;
  }
}

/// What is put into one backend: a text, or a list of texts and of files.
std::vector<std::string> put_of(const YAML::Node& node, const std::string& where,
                                const Files& files) {
  if (node.IsScalar()) return {text_of(node, where)};
  if (!node.IsSequence() || node.size() == 0)
    wrong(node, where + " must be a text, or a list of texts and of {file: NAME}");
  std::vector<std::string> put;
  for (const auto& part : node) {
    if (part.IsMap()) check_keys(part, where, {"file"});
    put.push_back(part.IsMap() ? files.text_of(part["file"], where) : text_of(part, where));
  }
  return put;
}

}  // namespace

std::string Files::text_of(const YAML::Node& node, const std::string& where) const {
  const std::string name = targets::text_of(node, where);
  if (const auto found = beside.find(name); found != beside.end()) return found->second;
  std::ifstream file(folder / name);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) wrong(node, fmt::format("{}: {} cannot be read", where, (folder / name).string()));
  return text;
}

std::map<std::string, Backend> all_backends_of(const YAML::Node& root) {
  std::map<std::string, Backend> backends = backends_of(root["backends"]);
  read_corrupt(root["corrupt"], backends);
  read_told(root["rows"], "rows", &Backend::rows, backends);
  read_told(root["archive"], "archive", &Backend::archive, backends);
  return backends;
}

std::vector<Older> older_of(const YAML::Node& node, const std::map<std::string, Backend>& backends,
                            const Files& files) {
  if (!node) return {};
  if (!node.IsSequence()) wrong(node, "older must be a list of data of older schemas");
  std::vector<Older> all;
  for (const auto& member : node) {
    check_keys(member, "older", {"name", "destination", "waiting", "dead", "acked", "put"});
    for (const char* key : {"name", "destination", "put"})
      if (!member[key]) wrong(member, fmt::format("older needs a {}", key));
    Older older;
    older.name = text_of(member["name"], "older.name");
    older.destination = text_of(member["destination"], "older.destination");
    if (!member["put"].IsMap()) wrong(member["put"], "older.put must be a map of backends");
    for (const auto& part : member["put"]) {
      const auto backend = part.first.as<std::string>();
      if (!backends.contains(backend))
        wrong(part.first,
              fmt::format("older.put names \"{}\", which is none of backends", backend));
      older.put[backend] = put_of(part.second, "older.put." + backend, files);
    }
    older.waiting = environment_of(member["waiting"], "older.waiting");
    older.dead = environment_of(member["dead"], "older.dead");
    if (member["acked"]) older.acked = words_of(member["acked"], "older.acked");
    if (older.waiting.empty()) wrong(member, "older needs something that is waiting");
    all.push_back(std::move(older));
  }
  return all;
}

}  // namespace busproof::targets
