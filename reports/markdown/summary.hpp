// summary.md: the run for GitHub's step summary and for merge requests, failures first.
//
// Threads: no state.
// Errors:  none. Text of the bus can neither link, mention, embed nor end a block.
// Source:  GitHub drops a step summary above 1024 KiB whole, so this stays under 900 KiB.
#pragma once

#include <cstddef>

#include <string>
#include <string_view>

#include "suites/contract/record.hpp"

namespace busproof::reports {

inline constexpr std::size_t kSummaryBytesMax = 900 * 1024;

/// The record as GitHub-flavoured Markdown of at most kSummaryBytesMax bytes; what does not fit is
/// counted and report.html named.
std::string markdown_summary(const contract::RunRecord& record);

/// `text` as plain words inside a line of Markdown.
std::string markdown_text(std::string_view text);

/// `text` as a code block whose fence is longer than any in it. Ends with a newline.
std::string markdown_block(std::string_view text);

}  // namespace busproof::reports
