// The readable form of a history: a JSON object a line.
//
// Errors: read() names the line that it could not make sense of.
// Source: FORMAT.md
#pragma once

#include <string>
#include <string_view>

#include "suites/contract/result.hpp"
#include "suites/history/history.hpp"

namespace busproof::history {

std::string to_json_lines(const History& history);

contract::Result<History> from_json_lines(std::string_view text);

/// Either form, told apart by the first bytes.
contract::Result<History> from_file_text(std::string_view bytes);

/// The header alone, as one line without its end.
std::string header_json(const Header& header);
contract::Result<Header> parse_header(std::string_view line);

}  // namespace busproof::history
