#include "suites/contract/expectations.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "suites/contract/rule.hpp"

namespace busproof::contract {
namespace {

std::optional<unsigned> digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Well-formed dates of this form sort as text, so that is how they are compared.
bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return false;
  return std::chrono::year_month_day{std::chrono::year(static_cast<int>(*year)),
                                     std::chrono::month(*month), std::chrono::day(*day)}
      .ok();
}

std::string wrong_with(const Expectation& entry) {
  if (!find_case(entry.id)) return "no such case; `busproof list` names them";
  if (entry.kind != "fails" && entry.kind != "unverified")
    return fmt::format("kind is '{}', must be fails or unverified", entry.kind);
  if (entry.reason.empty()) return "it needs a reason";
  if (entry.link.empty()) return "it needs a link";
  if (!is_date(entry.expires))
    return fmt::format("expires is '{}', must be a date, YYYY-MM-DD", entry.expires);
  return {};
}

bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip)
      if (fits(pattern.substr(1), name.substr(skip))) return true;
    return false;
  }
  return !name.empty() && pattern.front() == name.front() &&
         fits(pattern.substr(1), name.substr(1));
}

CaseResult* find_result(std::vector<RuleResult>& rules, std::string_view id) {
  for (RuleResult& rule : rules)
    for (CaseResult& part : rule.cases)
      if (part.id == id) return &part;
  return nullptr;
}

// What became of an entry: "" when it held or is open, else why it is stale.
std::string fare(const Expectation& entry, CaseResult& part) {
  const Verdict expected = entry.kind == "fails" ? Verdict::violated : Verdict::unverified;
  if (part.verdict == expected) {
    part.verdict = Verdict::known;
    part.detail = part.detail.empty() ? entry.reason
                                      : fmt::format("{} (known: {})", part.detail, entry.reason);
    return {};
  }
  switch (part.verdict) {
    case Verdict::blocked:
    case Verdict::inconclusive:
      return {};
    case Verdict::unverified:
      return {};  // Expected to fail, not tried: neither held nor broken.
    case Verdict::known:
      return {};  // Another entry took it already.
    case Verdict::violated:
    case Verdict::not_judged_yet:
    case Verdict::not_claimed:
    case Verdict::met:
      break;
  }
  return fmt::format("stale: {} is {}, not {}; take the entry out", part.id,
                     to_string(part.verdict), to_string(expected));
}

}  // namespace

Result<std::vector<Expectation>> parse(std::vector<Expectation> entries) {
  for (auto at = entries.begin(); at != entries.end(); ++at) {
    const std::string wrong = wrong_with(*at);
    if (!wrong.empty())
      return refused("invalid_argument", fmt::format("expectation {}: {}", at->id, wrong));
    const bool twice = std::any_of(entries.begin(), at, [&](const Expectation& other) {
      return other.id == at->id && other.match == at->match;
    });
    if (twice)
      return refused("invalid_argument",
                     fmt::format("expectation {}: it is there twice for the same target", at->id));
  }
  return entries;
}

std::vector<ExpectationUse> apply(const std::vector<Expectation>& entries, std::string_view target,
                                  std::string_view today, std::vector<RuleResult>& rules) {
  std::vector<ExpectationUse> uses;
  for (const Expectation& entry : entries) {
    if (!entry.match.empty() && !fits(entry.match, target)) continue;
    CaseResult* part = find_result(rules, entry.id);
    if (part == nullptr) continue;
    const std::string problem =
        entry.expires < today
            ? fmt::format("expired: its last day was {}; mend {} or renew the entry", entry.expires,
                          entry.id)
            : fare(entry, *part);
    uses.push_back({entry.id, entry.kind, entry.reason, entry.link, entry.expires, problem});
  }
  for (RuleResult& rule : rules) take_worst(rule);
  return uses;
}

void take_worst(RuleResult& rule) {
  const auto worst_part = std::ranges::min_element(rule.cases, {}, &CaseResult::verdict);
  if (worst_part == rule.cases.end()) return;
  rule.verdict = worst_part->verdict;
  rule.detail = worst_part->detail;
}

}  // namespace busproof::contract
