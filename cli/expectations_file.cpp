#include "cli/expectations_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace busproof::cli {
namespace {

using contract::Expectation;
using contract::refused;

/// Where the value of that key goes, or null.
std::string* field(Expectation& entry, const std::string& key) {
  if (key == "id") return &entry.id;
  if (key == "kind") return &entry.kind;
  if (key == "match") return &entry.match;
  if (key == "reason") return &entry.reason;
  if (key == "link") return &entry.link;
  if (key == "expires") return &entry.expires;
  return nullptr;
}

contract::Result<Expectation> entry_of(const YAML::Node& node, const std::string& origin) {
  const auto wrong = [&](const YAML::Node& at, const std::string& what) {
    return refused("bad_expectations",
                   fmt::format("{}, line {}: {}", origin, at.Mark().line + 1, what));
  };
  if (!node.IsMap()) return wrong(node, "an entry is a map with id, kind, reason, link, expires");
  Expectation entry;
  for (const auto& member : node) {
    const auto key = member.first.as<std::string>();
    std::string* into = field(entry, key);
    if (into == nullptr) return wrong(member.first, fmt::format("no key is called \"{}\"", key));
    *into = member.second.as<std::string>();
  }
  return entry;
}

}  // namespace

contract::Result<std::vector<Expectation>> read_expectations(const std::filesystem::path& path) {
  try {
    const YAML::Node root = YAML::LoadFile(path.string());
    if (!root.IsSequence()) return refused("bad_expectations", path.string() + ": must be a list");
    std::vector<Expectation> entries;
    for (const auto& node : root) {
      auto entry = entry_of(node, path.string());
      if (!entry) return tl::make_unexpected(entry.error());
      entries.push_back(*entry);
    }
    auto parsed = contract::parse(std::move(entries));
    if (!parsed) return refused("bad_expectations", path.string() + ": " + parsed.error().detail());
    return parsed;
  } catch (const YAML::Exception& found) {  // yaml-cpp reports by exception alone.
    return refused("bad_expectations",
                   fmt::format("{}, line {}: {}", path.string(), found.mark.line + 1, found.msg));
  }
}

}  // namespace busproof::cli
