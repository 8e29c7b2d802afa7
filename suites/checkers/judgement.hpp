// What a judge makes of a history. A judge that saw nothing cannot say met.
//
// Threads: values only.
#pragma once

#include <cstdint>

#include <string>
#include <vector>

#include "suites/contract/claims.hpp"
#include "suites/contract/verdict.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

class Judgement {
 public:
  /// Kept in all of `judged` observations; inconclusive where that is none.
  static Judgement met(std::uint64_t judged);

  /// Broken: `finding` is its published name, `says` a sentence, `events` indexes into the history.
  static Judgement violated(std::string finding, std::string says, std::vector<std::size_t> events);

  /// The precondition did not arise, or the harness could not see.
  static Judgement inconclusive(std::string why);

  /// Something that it depends on failed.
  static Judgement blocked(std::string why);

  /// Cannot be judged on this bus: something is not declared, or a hook is missing.
  static Judgement unverified(std::string why);

  [[nodiscard]] contract::Verdict verdict() const { return verdict_; }
  [[nodiscard]] const std::string& finding() const { return finding_; }
  [[nodiscard]] const std::string& says() const { return says_; }
  [[nodiscard]] std::uint64_t judged() const { return judged_; }
  [[nodiscard]] const std::vector<std::size_t>& events() const { return events_; }

 private:
  Judgement(contract::Verdict verdict, std::string says) : verdict_(verdict), says_(says) {}
  contract::Verdict verdict_;
  std::string finding_, says_;
  std::uint64_t judged_ = 0;
  std::vector<std::size_t> events_;
};

/// A judge is pure: the same history gives the same judgement, now and offline.
using Judge = Judgement (*)(const history::View&, const contract::Claims&);

}  // namespace busproof::checkers
