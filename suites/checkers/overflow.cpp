#include "suites/checkers/overflow.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::Phase;
using history::text_of;
using history::View;

constexpr std::string_view kFull = "backpressure";

bool is_queued(const Operation& publish) { return text_of(publish.asked, "mode") != "topic"; }

/// How many certainly waited at that destination all through a publish: accepted before it was
/// asked for, and not about to be settled, deleted or expired before its answer.
std::int64_t waiting_throughout(const View& view, const Operation& publish) {
  std::int64_t waiting = 0;
  for (const Operation& other : view.operations(Action::publish)) {
    const bool before = other.ok() && other.answered <= publish.invoked;
    if (!before || other.destination != publish.destination || !is_queued(other)) continue;
    if (!other.asked.contains("ttl_ms")) ++waiting;
  }
  for (const Action action : {Action::ack, Action::reject, Action::remove})
    for (const Operation& end : view.operations(action)) {
      const Operation* its = view.publish_of(end.message);
      if (its != nullptr && its->destination == publish.destination &&
          end.invoked <= publish.answered)
        --waiting;
    }
  return waiting;
}

/// Whether a group other than the default one shares the destination: then nobody knows which of
/// them is how full.
bool shared(const View& view, const Operation& publish) {
  for (const Operation& subscribe : view.operations(Action::subscribe))
    if (const auto group = group_of(view, subscribe.subscription);
        group && group->first == publish.destination && group->second != "default")
      return true;
  return false;
}

}  // namespace

Judgement judge_refuses_when_full(const View& view, const contract::Claims& claims) {
  const auto most = claims.limit("queue.messages_max");
  if (!most) return Judgement::unverified("queue.messages_max is not declared");
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (!is_queued(publish) || shared(view, publish)) continue;
    const std::int64_t waiting = waiting_throughout(view, publish);
    if (publish.ok() && waiting >= *most)
      return Judgement::violated(
          "limit_passed",
          fmt::format("Message m{} was accepted while {} waited; messages_max is {}.",
                      publish.message, waiting, *most),
          {publish.invoke_index, publish.answer_index});
    const bool full = publish.error == kFull || waiting >= *most;
    if (publish.ok() || publish.error.empty() || !full) continue;
    const bool unheard = publish.error == "disconnected" || publish.error == "no_answer";
    if (unheard) continue;
    if (publish.error != kFull)
      return Judgement::violated("wrong_refusal",
                                 fmt::format("A full queue refused m{} with {} instead of {}.",
                                             publish.message, publish.error, kFull),
                                 {publish.invoke_index, publish.answer_index});
    if (publish.outcome != Phase::fail)
      return Judgement::violated(
          "indefinite",
          fmt::format("The refusal of m{} does not say that nothing happened.", publish.message),
          {publish.invoke_index, publish.answer_index});
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_full_keeps(const View& view, const contract::Claims& claims) {
  const auto publishes = view.operations(Action::publish);
  const bool was_full =
      std::any_of(publishes.begin(), publishes.end(),
                  [](const Operation& publish) { return publish.error == kFull; });
  if (!was_full) return Judgement::inconclusive("nothing was refused: the queue was never full");
  const Judgement absent = judge_refused_absent(view, claims);
  if (absent.verdict() == contract::Verdict::violated) return absent;
  return judge_delivered(view, claims);
}

}  // namespace busproof::checkers
