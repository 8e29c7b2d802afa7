#include "suites/checkers/wall_clock.hpp"

#include <algorithm>
#include <optional>

#include "suites/checkers/lease.hpp"
#include "suites/checkers/life.hpp"
#include "suites/checkers/ttl.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;
using history::kNever;
using history::Operation;
using history::Time;
using history::View;

/// When the clock was set ahead, or back; never where it was not.
Time set_at(const View& view, bool ahead) {
  for (const history::Note& mark : view.marks("clock"))
    if (mark.amount != 0 && (mark.amount > 0) == ahead) return mark.at;
  return kNever;
}

/// Whether a message with a life of its own that was accepted before `jump` was asked for after it,
/// and `was_so` of the answer.
template <typename WasSo>
bool spans(const View& view, Time jump, WasSo was_so) {
  const auto all = view.operations(Action::retrieve);
  return std::any_of(all.begin(), all.end(), [&](const Operation& retrieve) {
    const Operation* publish = view.publish_of(retrieve.message);
    return publish != nullptr && publish->ok() && is_mortal(*publish) && publish->answered < jump &&
           retrieve.invoked > jump && was_so(retrieve);
  });
}

/// What both say: a violation of either, and else what the first saw.
Judgement both(const Judgement& lives, const Judgement& leases) {
  if (lives.verdict() == Verdict::violated || leases.verdict() != Verdict::violated) return lives;
  return leases;
}

}  // namespace

Judgement judge_clock_forward(const View& view, const contract::Claims& claims) {
  const Time jump = set_at(view, true);
  if (jump == kNever) return Judgement::inconclusive("the clock was never set ahead");
  const Judgement found =
      both(judge_not_expired_early(view, claims), judge_not_early(view, claims));
  if (found.verdict() == Verdict::violated ||
      spans(view, jump, [](const Operation& retrieve) { return retrieve.ok(); }))
    return found;
  return Judgement::inconclusive("nothing that lived when the clock was set was read after that");
}

Judgement judge_clock_back(const View& view, const contract::Claims& claims) {
  const Time jump = set_at(view, false);
  if (jump == kNever) return Judgement::inconclusive("the clock was never set back");
  const Judgement found = both(judge_not_readable_late(view, claims), judge_not_late(view, claims));
  if (found.verdict() == Verdict::violated ||
      spans(view, jump, [](const Operation& retrieve) { return says_gone(retrieve); }))
    return found;
  return Judgement::inconclusive("no life that began before the clock was set ended after that");
}

}  // namespace busproof::checkers
