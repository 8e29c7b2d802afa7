#include "suites/checkers/stream/checker.hpp"

namespace busproof::checkers::stream {
namespace {

// More of the same kind say nothing new.
constexpr std::size_t kSuspicionsMax = 1000;

}  // namespace

void Checker::broken(Judgement judgement) {
  if (!broken_) broken_ = std::move(judgement);
}

void Checker::suspect(std::uint32_t session, Time when, Judgement judgement) {
  if (suspicions_.size() < kSuspicionsMax)
    suspicions_.push_back({session, when, std::move(judgement)});
}

Judgement Checker::judgement(const Ledger& ledger) const {
  if (broken_) return *broken_;
  for (const Suspicion& suspicion : suspicions_) {
    const Session& session = ledger.session(suspicion.session);
    if (!session.ended_by_bus || session.last_sign > suspicion.when) return suspicion.judgement;
  }
  std::uint64_t judged = judged_;
  if (auto wrong = at_end(ledger, judged)) return *wrong;
  return Judgement::met(judged);
}

}  // namespace busproof::checkers::stream
