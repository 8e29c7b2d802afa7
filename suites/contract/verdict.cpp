#include "suites/contract/verdict.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace busproof::contract {
namespace {

constexpr std::array<std::string_view, 8> kVerdicts = {
    "violated",       "blocked", "inconclusive", "unverified",
    "not_judged_yet", "known",   "not_claimed",  "met"};
constexpr std::array<std::string_view, 3> kConformances = {"conformant", "nonconformant",
                                                           "incomplete"};

}  // namespace

std::string_view to_string(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

std::string_view to_string(Conformance conformance) {
  return kConformances[static_cast<std::size_t>(conformance)];
}

std::optional<Verdict> verdict_from(std::string_view word) {
  const auto* found = std::find(kVerdicts.begin(), kVerdicts.end(), word);
  if (found == kVerdicts.end()) return std::nullopt;
  return static_cast<Verdict>(found - kVerdicts.begin());
}

Verdict worst(Verdict a, Verdict b) { return std::min(a, b); }

}  // namespace busproof::contract
