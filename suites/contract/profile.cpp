#include "suites/contract/profile.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/contract/vocabulary.hpp"

namespace busproof::contract {
namespace {

constexpr auto kProfiles = std::to_array<Profile>({
    {.name = "claimed",
     .says = "The core, and every rule of what the bus claims: it is held to its own word.",
     .builds_on = "core",
     .requires_all = "",
     .requires_any = "",
     .rules = "*",
     .only_claimed = true},
    {.name = "core",
     .says = "What any bus owes a client: hello, publish, subscribe and honest errors.",
     .builds_on = "",
     .requires_all = "",
     .requires_any = "queue topic",
     .rules = "API END-1 END-2 SEC-2 SEC-5 SEC-6"},
    {.name = "queue",
     .says = "Work queues at least once, with whatever the bus claims beside them.",
     .builds_on = "core",
     .requires_all = "queue",
     .requires_any = "",
     .rules = "QUE PRI COR STA"},
    {.name = "topics",
     .says = "Live topics, at most once.",
     .builds_on = "core",
     .requires_all = "topic",
     .requires_any = "",
     .rules = "PUB"},
    {.name = "store",
     .says = "Payloads kept and given back whole, and proven so by their digest.",
     .builds_on = "core",
     .requires_all = "store integrity",
     .requires_any = "",
     .rules = "STORE SUM ROUTE COMP CHUNK TTL BRK"},
    {.name = "durable",
     .says = "What was accepted survives the death of any one process.",
     .builds_on = "core",
     .requires_all = "",
     .requires_any = "queue store",
     .durability = Durability::process_crash,
     .rules = "DUR"},
    {.name = "endpoint",
     .says = "A WebSocket endpoint that can be operated.",
     .builds_on = "core",
     .requires_all = "websocket",
     .requires_any = "",
     .rules = "END HLT CFG SEC"},
    // No more than process_crash: a store that admits a loss window after a power cut is held to
    // that window by DUR-4.
    {.name = "full",
     .says = "Everything in the contract, the rules that need a test hook included.",
     .builds_on = "core queue topics store durable endpoint",
     .requires_all = "*",
     .requires_any = "",
     .durability = Durability::process_crash,
     .rules = "*",
     .hooks_count = true},
});

void gather(const Profile& profile, std::vector<const Profile*>& found) {
  for (const std::string_view name : words(profile.builds_on)) gather(*find_profile(name), found);
  if (std::ranges::count(found, &profile) == 0) found.push_back(&profile);
}

// The profile and all that it builds on, each once, what is built on first.
std::vector<const Profile*> closure(const Profile& profile) {
  std::vector<const Profile*> found;
  gather(profile, found);
  return found;
}

bool names(std::string_view rules, const Rule& rule) {
  const std::string_view family = rule.id.substr(0, rule.id.find('-'));
  const auto listed = words(rules);
  return std::ranges::any_of(
      listed, [&](std::string_view word) { return word == family || word == rule.id; });
}

bool claimed_for(std::string_view capability, const Claims& claims) {
  return capability.empty() || claims.has(capability);
}

// A bound of a profile binds those that build on it; `claimed` takes every one there is.
bool binds(const std::vector<const Profile*>& parts, const Profile& profile,
           std::string_view owner) {
  return profile.only_claimed ||
         std::ranges::any_of(parts, [&](const Profile* part) { return part->name == owner; });
}

void check_limit(const LimitBound& bound, bool named, const Claims& claims,
                 std::vector<std::string>& lacks) {
  if (!claims.declares(bound.path)) {
    if (bound.required && named)
      lacks.push_back(fmt::format("limit {} must be declared. {}", bound.path, bound.why));
    return;
  }
  const auto value = claims.limit(bound.path);
  if (bound.most && (!value || *value > *bound.most))
    lacks.push_back(fmt::format("limit {} is {}, at most {} counts. {}", bound.path,
                                value ? std::to_string(*value) : "none", *bound.most, bound.why));
  if (bound.least && value && *value < *bound.least)
    lacks.push_back(fmt::format("limit {} is {}, at least {} counts. {}", bound.path, *value,
                                *bound.least, bound.why));
}

void check_trait(const TraitBound& bound, const Claims& claims, std::vector<std::string>& lacks) {
  const auto accepted = words(bound.accepted, '|');
  const bool fits = std::ranges::any_of(accepted, [&](std::string_view value) {
    return claims.trait_is(bound.capability, bound.trait, value);
  });
  if (!fits)
    lacks.push_back(fmt::format("{}.{} must be one of {}. {}", bound.capability, bound.trait,
                                bound.accepted, bound.why));
}

void check_capabilities(const std::vector<const Profile*>& parts, const Profile& profile,
                        const Claims& claims, std::vector<std::string>& lacks) {
  for (const std::string_view capability : required_capabilities(profile))
    if (!claims.has(capability))
      lacks.push_back(fmt::format("capability {} is required and not claimed", capability));
  for (const Profile* part : parts) {
    const auto any = words(part->requires_any);
    if (!any.empty() && std::ranges::none_of(any, [&](auto name) { return claims.has(name); }))
      lacks.push_back(fmt::format("one of the capabilities {} is required", fmt::join(any, ", ")));
    if (claims.durability() < part->durability)
      lacks.push_back(fmt::format("durability {} is required, {} is claimed",
                                  to_string(part->durability), to_string(claims.durability())));
  }
}

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  const auto* found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == kProfiles.end() ? nullptr : found;
}

bool holds(const Profile& profile, const Rule& rule, const Claims* claims) {
  const auto parts = closure(profile);
  if (std::ranges::any_of(parts, [&](const Profile* part) { return names(part->rules, rule); }))
    return true;
  if (profile.rules != "*") return false;
  if (!profile.only_claimed || rule.capability.empty()) return true;
  return claims != nullptr && claims->has(rule.capability);
}

std::vector<std::string_view> required_capabilities(const Profile& profile) {
  std::vector<std::string_view> needed;
  const auto add = [&](std::string_view name) {
    if (std::ranges::count(needed, name) == 0) needed.push_back(name);
  };
  for (const Profile* part : closure(profile)) {
    if (part->requires_all == "*")
      std::ranges::for_each(capabilities(), add);
    else
      std::ranges::for_each(words(part->requires_all), add);
  }
  return needed;
}

std::vector<std::string> shortfalls(const Profile& profile, const Claims& claims) {
  std::vector<std::string> lacks;
  const auto parts = closure(profile);
  check_capabilities(parts, profile, claims, lacks);
  for (const LimitBound& bound : limit_bounds()) {
    if (!binds(parts, profile, bound.profile) || !claimed_for(bound.capability, claims)) continue;
    // What bounds a durability binds no bus that never claimed it.
    if (claims.durability() < find_profile(bound.profile)->durability) continue;
    const bool named = std::ranges::any_of(
        parts, [&](const Profile* part) { return part->name == bound.profile; });
    check_limit(bound, named, claims, lacks);
  }
  for (const TraitBound& bound : trait_bounds()) {
    const bool named = std::ranges::any_of(
        parts, [&](const Profile* part) { return part->name == bound.profile; });
    const bool applies = bound.capability == "guarantees" || claims.has(bound.capability);
    if (named && applies) check_trait(bound, claims, lacks);
  }
  return lacks;
}

}  // namespace busproof::contract
