// Waiting until a launched bus says that it is up.
#pragma once

#include <filesystem>

#include "fixtures/process/process.hpp"
#include "suites/targets/target_file.hpp"

namespace busproof::targets {

/// True once `ready` holds; false when its time is over or the process has ended.
bool wait_until_ready(const Ready& ready, process::Process& process,
                      const std::filesystem::path& log);

}  // namespace busproof::targets
