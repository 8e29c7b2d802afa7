// What a case, a rule and a whole run can come to, and how the worst of several is found.
//
// Threads: values only.
// Source:  the roll-up rules of suites/contract/rollup.hpp.
#pragma once

#include <cstdint>

#include <optional>
#include <string_view>

namespace busproof::contract {

/// The outcome of one case or one rule, worst first: the order is the one in which they win.
enum class Verdict : std::uint8_t {
  violated,        ///< The history shows the promise broken.
  blocked,         ///< Something it depends on was broken, so that it could not be judged.
  inconclusive,    ///< Tried, but the precondition never arose or the harness was starved.
  unverified,      ///< Never tried: a hook, a transport or a variant is missing.
  not_judged_yet,  ///< The contract says it; this version has no judge for it.
  known,           ///< Violated as the expectations file said it would be.
  not_claimed,     ///< The bus does not claim the capability.
  met,             ///< Judged on a non-empty history and found kept.
};

/// The outcome of a whole run against a profile.
enum class Conformance : std::uint8_t { conformant, nonconformant, incomplete };

/// The spelling used in result.json and everywhere else; never changes for a given value.
std::string_view to_string(Verdict verdict);
std::string_view to_string(Conformance conformance);

/// The inverse of to_string; nothing for an unknown word.
std::optional<Verdict> verdict_from(std::string_view word);

/// The one that wins when a rule has both: the worse.
Verdict worst(Verdict a, Verdict b);

}  // namespace busproof::contract
