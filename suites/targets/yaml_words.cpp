#include "suites/targets/yaml_words.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace busproof::targets {

void wrong(const YAML::Node& node, std::string what) {
  throw Wrong{std::move(what), node.Mark().line};
}

void check_keys(const YAML::Node& node, const std::string& where,
                const std::vector<std::string>& allowed) {
  if (!node.IsMap())
    wrong(node, fmt::format("{} must be a map of {}", where, fmt::join(allowed, ", ")));
  for (const auto& member : node) {
    const auto key = member.first.as<std::string>();
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      wrong(member.first, fmt::format("{} has no key \"{}\"; allowed are {}", where, key,
                                      fmt::join(allowed, ", ")));
  }
}

std::string text_of(const YAML::Node& node, const std::string& where) {
  if (!node.IsScalar()) wrong(node, where + " must be a text");
  return node.as<std::string>();
}

std::vector<std::string> words_of(const YAML::Node& node, const std::string& where) {
  if (!node.IsSequence() || node.size() == 0)
    wrong(node, where + " must be a list of words, such as [python3, bus.py]");
  std::vector<std::string> words;
  for (const auto& word : node) words.push_back(text_of(word, where));
  return words;
}

Environment environment_of(const YAML::Node& node, const std::string& where) {
  Environment env;
  if (!node) return env;
  if (!node.IsMap()) wrong(node, where + " must be a map of variables");
  for (const auto& member : node)
    env[member.first.as<std::string>()] = text_of(member.second, where);
  return env;
}

std::chrono::milliseconds duration_of(const YAML::Node& node, const std::string& where) {
  static const std::regex kForm("([0-9]{1,7})(ms|s|m)");
  const std::string text = text_of(node, where);
  std::smatch parts;
  if (!std::regex_match(text, parts, kForm))
    wrong(node, fmt::format("{} is \"{}\"; write it as 500ms, 10s or 2m", where, text));
  const long long factor = parts[2] == "ms" ? 1 : parts[2] == "s" ? 1000 : 60'000;
  return std::chrono::milliseconds(std::stoll(parts[1]) * factor);
}

}  // namespace busproof::targets
