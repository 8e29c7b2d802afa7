// The compact form of a history: what runs write and what is judged again later.
//
// Errors: read() names the offset of the first byte that it could not make sense of.
// Source: FORMAT.md
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/contract/result.hpp"
#include "suites/history/history.hpp"

namespace busproof::history {

std::string to_binary(const History& history);

contract::Result<History> from_binary(std::string_view bytes);

/// One event after the other, with the texts that have come so far (0 is the empty one); nothing
/// else is kept. What was handed out before an error was read rightly.
using OnEvent = std::function<void(const Header&, const Event&, std::size_t index,
                                   const std::vector<std::string_view>& texts)>;
contract::Result<Header> scan(std::string_view bytes, const OnEvent& each);

}  // namespace busproof::history
