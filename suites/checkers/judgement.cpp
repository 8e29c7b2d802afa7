#include "suites/checkers/judgement.hpp"

#include <utility>

namespace busproof::checkers {

using contract::Verdict;

Judgement Judgement::met(std::uint64_t judged) {
  if (judged == 0) return inconclusive("nothing was observed that could have broken it");
  Judgement made(Verdict::met, "");
  made.judged_ = judged;
  return made;
}

Judgement Judgement::violated(std::string finding, std::string says,
                              std::vector<std::size_t> events) {
  Judgement made(Verdict::violated, std::move(says));
  made.finding_ = std::move(finding);
  made.events_ = std::move(events);
  made.judged_ = 1;
  return made;
}

Judgement Judgement::inconclusive(std::string why) {
  return {Verdict::inconclusive, std::move(why)};
}

Judgement Judgement::blocked(std::string why) { return {Verdict::blocked, std::move(why)}; }

Judgement Judgement::unverified(std::string why) { return {Verdict::unverified, std::move(why)}; }

}  // namespace busproof::checkers
