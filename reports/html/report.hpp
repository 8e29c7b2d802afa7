// report.html: the run as one page that needs nothing else, no network and no JavaScript.
//
// The page is a mustache template (report.mustache, report.css and filter.js beside this file are
// built in) over a view: JSON that holds the words to show. The script only filters and opens what
// a link points into. A content policy in the page forbids everything but this style and this
// script, so that text of the bus that got through the escaping could still do nothing.
//
// Threads: no state.
// Errors:  none.
#pragma once

#include <cstddef>

#include <string>

#include "suites/contract/record.hpp"

namespace busproof::reports {

inline constexpr std::size_t kHtmlBytesMax = 8 * 1024 * 1024;

/// The record as an HTML page of at most kHtmlBytesMax bytes: where it would be longer, evidence
/// and sentences are shortened first, then sections, and what is left out is counted.
std::string html_report(const contract::RunRecord& record);

}  // namespace busproof::reports
