// Waiting until a launched bus says that it is up.
#pragma once

#include <filesystem>

#include "fixtures/process/process.hpp"
#include "suites/targets/target_file.hpp"
#include "suites/targets/trust.hpp"

namespace busproof::targets {

/// True once `ready` holds (a page over https:// is asked for with `trust`); false when its time is
/// over or the process has ended.
bool wait_until_ready(const Ready& ready, process::Process& process,
                      const std::filesystem::path& log, const std::shared_ptr<const Trust>& trust);

/// "; URL: " and what is wrong there, where a page says that the bus is up; else nothing.
std::string why_unready(const Ready& ready, const std::shared_ptr<const Trust>& trust);

}  // namespace busproof::targets
