// Profiles as data: what a bus must claim, which rules it is then held to, and the worst limits and
// traits that still count. A promise with a day of grace is no promise.
//
// Threads: constant data.
// Errors:  find_profile gives null for an unknown name; nothing else fails.
#pragma once

#include <cstdint>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "suites/contract/claims.hpp"
#include "suites/contract/rule.hpp"

namespace busproof::contract {

/// What a limit must be so that the rules which lean on it still mean something.
struct LimitBound {
  std::string_view profile;     ///< The profile that sets it.
  std::string_view capability;  ///< It binds a bus that claims this; empty: every bus.
  std::string_view path;        ///< As in Claims::limit.
  bool required = false;        ///< Must be declared (null, for unlimited, is declared).
  std::optional<std::int64_t> least = {};
  std::optional<std::int64_t> most = {};  ///< Null ("unlimited") breaks it.
  std::string_view why;                   ///< One sentence.
};

/// What a trait must be so that the profile still means what it says.
struct TraitBound {
  std::string_view profile;
  std::string_view capability;  ///< "guarantees" for delivery and ordering.
  std::string_view trait;
  std::string_view accepted;  ///< Values separated by '|'.
  std::string_view why;
};

struct Profile {
  std::string_view name;
  std::string_view says;          ///< One sentence for `busproof list` and the readable contract.
  std::string_view builds_on;     ///< Profiles whose demands it shares, separated by spaces.
  std::string_view requires_all;  ///< Capabilities, beyond those of what it builds on.
  std::string_view requires_any;  ///< At least one of these.
  Durability durability = Durability::memory;  ///< Claimed at least.
  std::string_view rules;     ///< Families and rules it holds ("QUE END-1"); "*" is every one.
  bool only_claimed = false;  ///< Of those, what belongs to no claimed capability is left out.
  bool hooks_count = false;   ///< A missing hook makes it incomplete even without --strict.
};

/// In the order in which they are listed.
std::span<const Profile> profiles();

/// The profile of that name, or null.
const Profile* find_profile(std::string_view name);

std::span<const LimitBound> limit_bounds();
std::span<const TraitBound> trait_bounds();

/// Whether `profile` holds a bus with these claims to `rule`. `claims` may be null.
bool holds(const Profile& profile, const Rule& rule, const Claims* claims);

/// Every capability that the profile demands, those of what it builds on included, each once.
std::vector<std::string_view> required_capabilities(const Profile& profile);

/// What the claims lack for the profile, a sentence each: capabilities, guarantees, limits, traits.
/// Empty when they suffice. Bounds bind in `claimed` and `full` too, for whatever is claimed;
/// a limit that must be declared only in a profile that names it.
std::vector<std::string> shortfalls(const Profile& profile, const Claims& claims);

}  // namespace busproof::contract
