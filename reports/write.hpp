// The reports of a run as files.
//
// Threads: no state; two runs that write to one folder at once leave whole files of either.
// Errors:  kind "cannot_write"; each names the path, the cause and the way out.
#pragma once

#include <filesystem>
#include <string_view>

#include "suites/contract/record.hpp"
#include "suites/contract/result.hpp"

namespace busproof::reports {

/// Writes result.json, junit.xml, report.html and summary.md to `folder`, which is created where it
/// is missing. A file appears whole or not at all: it is written under another name, flushed to the
/// disk and renamed. One that fails does not keep the others from being written; the error names
/// all that are missing, and a report of an earlier run under that name stays as it was.
contract::Result<void> write_all(const contract::RunRecord& record,
                                 const std::filesystem::path& folder);

/// One file in that way.
contract::Result<void> write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace busproof::reports
