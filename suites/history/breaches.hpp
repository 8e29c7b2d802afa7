// The names of what a bus may send that the protocol does not allow: `what` of a breach's detail.
//
// Threads: constant data.
#pragma once

#include <string_view>

namespace busproof::history {

inline constexpr std::string_view kNoJson = "a line or frame that is no JSON object";
inline constexpr std::string_view kSecondAnswer = "a second answer to one request";
inline constexpr std::string_view kStrayAnswer = "an answer to no request of ours";

}  // namespace busproof::history
