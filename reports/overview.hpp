// What every report says the same way: tallies, families, words, marks, detection power.
//
// Threads: no state; what is returned points into the record and lives as long as it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "suites/contract/record.hpp"

namespace busproof::reports {

/// Every verdict, worst first.
inline constexpr std::array<contract::Verdict, 8> kVerdicts = {
    contract::Verdict::violated,       contract::Verdict::blocked,
    contract::Verdict::inconclusive,   contract::Verdict::unverified,
    contract::Verdict::not_judged_yet, contract::Verdict::known,
    contract::Verdict::not_claimed,    contract::Verdict::met};

/// Every verdict in the order in which counts are told: met, then worst first.
std::array<contract::Verdict, kVerdicts.size()> telling_order();

/// How many of something came to each verdict.
struct Tally {
  std::array<std::size_t, kVerdicts.size()> by_verdict{};
  std::size_t total = 0;

  void add(contract::Verdict verdict);
  [[nodiscard]] std::size_t of(contract::Verdict verdict) const;
};

Tally tally_rules(const contract::RunRecord& record);
Tally tally_cases(const contract::RunRecord& record);

/// "22 met, 1 violated": what is not zero, met first, then worst first. "nothing" when empty.
std::string tally_text(const Tally& tally);

/// One family of the contract with its rules, in the record's order.
struct FamilyRules {
  std::string name;   ///< "QUE"
  std::string title;  ///< "work queues"; empty when the contract does not know the family.
  std::vector<const contract::RuleResult*> rules;
};

/// The rules by family, in the order in which the record first names each.
std::vector<FamilyRules> by_family(const contract::RunRecord& record);

/// "QUE" of "QUE-4", and "4" of it; a rule id without a dash is its own family and number.
std::string_view family_of(std::string_view rule_id);
std::string_view number_of(std::string_view rule_id);

/// What the contract says under a case id, in its words; empty when it does not know the id.
std::string_view case_sentence(std::string_view case_id);

/// "not judged yet": the verdict as words.
std::string words(contract::Verdict verdict);

/// A single character that tells a verdict from the others without colour: as a shape, and in
/// ASCII.
std::string_view shape(contract::Verdict verdict);
char letter(contract::Verdict verdict);

/// Whether the outcome speaks against the bus or the run: violated, blocked, inconclusive of a
/// MUST. The same of a SHOULD or MAY is a warning.
bool speaks_against(contract::Verdict verdict);
bool is_warning(contract::Level level, contract::Verdict verdict);

/// The first case that came to its rule's verdict, or null for a rule without cases.
const contract::CaseResult* deciding_case(const contract::RuleResult& rule);

/// The expectation for a case that was made use of, or null.
const contract::ExpectationUse* expectation_for(const contract::RunRecord& record,
                                                std::string_view case_id);

/// How many expectations did not hold (stale or expired).
std::size_t broken_expectations(const contract::RunRecord& record);

/// The rate of faults that `judged` clean observations would have shown with 95 % confidence:
/// 3/judged, at most 1. Precondition: judged > 0.
double detection_rate(std::uint64_t judged);

/// "300 judged; a fault in more than 1 of 100 would have shown".
std::string detection_text(std::uint64_t judged);

/// "Conformant", "Nonconformant", "Incomplete".
std::string_view conformance_title(contract::Conformance conformance);

}  // namespace busproof::reports
