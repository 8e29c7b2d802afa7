// The words of a YAML file that people write, each checked where it stands.
//
// Threads: no state. Errors: Wrong, thrown; `where` names the key in it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "suites/targets/target_file.hpp"

namespace busproof::targets {

/// What is wrong with a file, with its line; turned into a Result at the reader's edge.
struct Wrong {
  std::string what;
  int line = -1;
};

/// Throws Wrong at the line of the node.
[[noreturn]] void wrong(const YAML::Node& node, std::string what);

/// Nothing but a map with some of these keys.
void check_keys(const YAML::Node& node, const std::string& where,
                const std::vector<std::string>& allowed);

std::string text_of(const YAML::Node& node, const std::string& where);
std::vector<std::string> words_of(const YAML::Node& node, const std::string& where);
/// Empty where there is none.
Environment environment_of(const YAML::Node& node, const std::string& where);
/// "10s", "500ms" or "2m".
std::chrono::milliseconds duration_of(const YAML::Node& node, const std::string& where);

}  // namespace busproof::targets
