// The protocol's methods and notifications as one table, and which params belong to a capability.
//
// Threads: constant data.
// Source:  suites/contract/protocol/PROTOCOL.md, sections "Methods" and "Control methods".
#pragma once

#include <cstdint>

#include <span>
#include <string_view>

namespace busproof::contract {

enum class Direction : std::uint8_t {
  request,       ///< From the client, answered.
  notification,  ///< From the bus, without an id.
};

struct Method {
  std::string_view name;        ///< "bus/publish"
  std::string_view capability;  ///< Empty: every bus has it; else refused where it is not claimed.
  Direction direction = Direction::request;
};

/// A param that only a bus with the capability takes.
struct Param {
  std::string_view method;
  std::string_view name;
  std::string_view capability;
};

std::span<const Method> methods();
std::span<const Param> capability_params();

/// Null when the protocol has no such method.
const Method* find_method(std::string_view name);

}  // namespace busproof::contract
