// What a target file says of its backends: what they are, how to damage them and look into them,
// and data of older schemas to put there.
//
// Threads: no state. Errors: Wrong, thrown.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "suites/targets/target_file.hpp"

namespace busproof::targets {

/// Where files that a target file names are found.
struct Files {
  const std::filesystem::path& folder;
  const Environment& beside;  ///< Texts by name, instead of files.

  [[nodiscard]] std::string text_of(const YAML::Node& node, const std::string& where) const;
};

/// By the keys `backends`, `corrupt`, `rows` and `archive` of a whole target.
std::map<std::string, Backend> all_backends_of(const YAML::Node& root);

/// By the key `older`; empty where there is none.
std::vector<Older> older_of(const YAML::Node& node, const std::map<std::string, Backend>& backends,
                            const Files& files);

}  // namespace busproof::targets
