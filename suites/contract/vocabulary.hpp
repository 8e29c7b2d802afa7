// The words of a hello as data: which capabilities, traits and limits the protocol knows.
//
// Threads: constant data.
// Source:  suites/contract/protocol/PROTOCOL.md, section "Capabilities, traits, limits,
// guarantees".
#pragma once

#include <cstdint>

#include <span>
#include <string_view>
#include <vector>

namespace busproof::contract {

/// A choice that the protocol leaves to a bus, declared in the capability's object.
struct Trait {
  std::string_view capability;
  std::string_view name;
  std::string_view values;  ///< Separated by '|'; the first is the default.
};

/// What kind of JSON value declares a limit.
enum class LimitKind : std::uint8_t {
  integer,   ///< A non-negative whole number; null means none or unlimited.
  number,    ///< A non-negative number.
  switched,  ///< A boolean or a number between 0 and 1 ("backoff.jitter").
};

struct Limit {
  std::string_view path;  ///< Dotted below `limits`, save for two: see Claims::limit.
  LimitKind kind = LimitKind::integer;
};

/// Capabilities that a bus may claim in its hello, `control.*` apart.
std::span<const std::string_view> capabilities();

/// The test hooks, each a capability too ("control.clock").
std::span<const std::string_view> control_capabilities();

/// What rules may name as a capability though no hello holds it: it follows from the connection.
inline constexpr std::string_view kWebSocket = "websocket";

std::span<const Trait> traits();
std::span<const Limit> limits();

/// Null when the protocol knows no such trait or limit.
const Trait* find_trait(std::string_view capability, std::string_view name);
const Limit* find_limit(std::string_view path);

bool is_capability(std::string_view name);  ///< kWebSocket and control hooks included.

/// The words of `text` between separators, in order; no empty ones.
std::vector<std::string_view> words(std::string_view text, char separator = ' ');

}  // namespace busproof::contract
