// Reading a whole file that was named on the command line.
#pragma once

#include <string>

#include "suites/contract/result.hpp"

namespace busproof::cli {

/// Its bytes; "cannot be read" with the system's reason for what is missing, barred or a folder.
contract::Result<std::string> read_file(const std::string& path);

}  // namespace busproof::cli
