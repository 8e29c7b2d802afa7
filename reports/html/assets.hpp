// The files that the page is made of, built in (assets.cpp is made from assets.cpp.in by CMake).
//
// Threads: constant data.
#pragma once

#include <string_view>

namespace busproof::reports {

std::string_view page_template();  ///< report.mustache
std::string_view page_style();     ///< report.css
std::string_view page_script();    ///< filter.js

}  // namespace busproof::reports
