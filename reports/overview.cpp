// What every report says the same way.
#include "reports/overview.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "reports/text.hpp"

namespace busproof::reports {

using contract::Conformance;
using contract::Level;
using contract::Verdict;

namespace {

constexpr std::array<std::string_view, 8> kShapes = {"✗", "■", "?", "○", "·", "◆", "–", "✓"};
constexpr std::array<char, 8> kLetters = {'X', 'B', '?', 'U', '.', 'K', '-', '+'};

std::size_t index_of(Verdict verdict) { return static_cast<std::size_t>(verdict); }

std::string title_of(std::string_view family) {
  for (const contract::Family& known : contract::families()) {
    if (known.name == family) return std::string(known.title);
  }
  return {};
}

}  // namespace

void Tally::add(Verdict verdict) {
  ++by_verdict.at(index_of(verdict));
  ++total;
}

std::size_t Tally::of(Verdict verdict) const { return by_verdict.at(index_of(verdict)); }

Tally tally_rules(const contract::RunRecord& record) {
  Tally tally;
  for (const auto& rule : record.rules) tally.add(rule.verdict);
  return tally;
}

Tally tally_cases(const contract::RunRecord& record) {
  Tally tally;
  for (const auto& rule : record.rules) {
    for (const auto& part : rule.cases) tally.add(part.verdict);
  }
  return tally;
}

std::array<Verdict, kVerdicts.size()> telling_order() {
  return {Verdict::met,        Verdict::violated, Verdict::blocked,     Verdict::inconclusive,
          Verdict::unverified, Verdict::known,    Verdict::not_claimed, Verdict::not_judged_yet};
}

std::string tally_text(const Tally& tally) {
  std::string out;
  for (const Verdict verdict : telling_order()) {
    if (tally.of(verdict) == 0) continue;
    out +=
        fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(tally.of(verdict)), words(verdict));
  }
  return out.empty() ? "nothing" : out;
}

std::string_view family_of(std::string_view rule_id) {
  return rule_id.substr(0, rule_id.rfind('-'));
}

std::string_view number_of(std::string_view rule_id) {
  const std::size_t dash = rule_id.rfind('-');
  return dash == std::string_view::npos ? rule_id : rule_id.substr(dash + 1);
}

std::vector<FamilyRules> by_family(const contract::RunRecord& record) {
  std::vector<FamilyRules> families;
  for (const auto& rule : record.rules) {
    const std::string_view name = family_of(rule.id);
    auto found = std::find_if(families.begin(), families.end(),
                              [name](const FamilyRules& family) { return family.name == name; });
    if (found == families.end()) {
      families.push_back({std::string(name), title_of(name), {}});
      found = families.end() - 1;
    }
    found->rules.push_back(&rule);
  }
  return families;
}

std::string_view case_sentence(std::string_view case_id) {
  const contract::CaseRef found = contract::find_case(case_id);
  return found ? found.part->says : std::string_view{};
}

std::string words(Verdict verdict) {
  std::string text(contract::to_string(verdict));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string_view shape(Verdict verdict) { return kShapes.at(index_of(verdict)); }

char letter(Verdict verdict) { return kLetters.at(index_of(verdict)); }

bool speaks_against(Verdict verdict) {
  return verdict == Verdict::violated || verdict == Verdict::blocked ||
         verdict == Verdict::inconclusive;
}

bool is_warning(Level level, Verdict verdict) {
  return level != Level::must && speaks_against(verdict);
}

const contract::CaseResult* deciding_case(const contract::RuleResult& rule) {
  const auto found = std::find_if(rule.cases.begin(), rule.cases.end(),
                                  [&](const auto& part) { return part.verdict == rule.verdict; });
  return found == rule.cases.end() ? nullptr : &*found;
}

const contract::ExpectationUse* expectation_for(const contract::RunRecord& record,
                                                std::string_view case_id) {
  const auto found = std::find_if(record.expectations.begin(), record.expectations.end(),
                                  [&](const auto& use) { return use.id == case_id; });
  return found == record.expectations.end() ? nullptr : &*found;
}

std::size_t broken_expectations(const contract::RunRecord& record) {
  return static_cast<std::size_t>(
      std::count_if(record.expectations.begin(), record.expectations.end(),
                    [](const auto& use) { return !use.problem.empty(); }));
}

double detection_rate(std::uint64_t judged) {
  return std::min(1.0, 3.0 / static_cast<double>(judged));
}

std::string detection_text(std::uint64_t judged) {
  if (judged <= 3) return fmt::format("{} judged; only a fault in every one would show", judged);
  return fmt::format("{} judged; a fault in more than 1 of {} would have shown", grouped(judged),
                     grouped(judged / 3));
}

std::string_view conformance_title(Conformance conformance) {
  switch (conformance) {
    case Conformance::conformant:
      return "Conformant";
    case Conformance::nonconformant:
      return "Nonconformant";
    case Conformance::incomplete:
      return "Incomplete";
  }
  return "";
}

}  // namespace busproof::reports
