// The expectations file: known failures and waived cases, as YAML.
//
// Errors: names the file, the line and what is wrong there.
#pragma once

#include <filesystem>
#include <vector>

#include "suites/contract/expectations.hpp"
#include "suites/contract/result.hpp"

namespace busproof::cli {

/// A list of maps with id, kind, reason, link, expires and, where it is for one target, match.
contract::Result<std::vector<contract::Expectation>> read_expectations(
    const std::filesystem::path& path);

}  // namespace busproof::cli
