// The compact form of a history: what runs write and what is judged again later.
//
// Errors: read() names the offset of the first byte that it could not make sense of.
// Source: FORMAT.md
#pragma once

#include <string>
#include <string_view>

#include "suites/contract/result.hpp"
#include "suites/history/history.hpp"

namespace busproof::history {

std::string to_binary(const History& history);

contract::Result<History> from_binary(std::string_view bytes);

}  // namespace busproof::history
