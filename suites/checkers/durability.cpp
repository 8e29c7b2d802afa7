#include "suites/checkers/durability.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// When the settling of each message was first asked for: from then on it may rightly be gone.
std::map<std::uint32_t, Time> first_settled(const View& view) {
  std::map<std::uint32_t, Time> found;
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& operation : view.operations(action)) {
      const auto [at, fresh] = found.try_emplace(operation.message, operation.invoked);
      if (!fresh) at->second = std::min(at->second, operation.invoked);
    }
  return found;
}

bool came_after(const ByMessage& came, std::uint32_t message, Time after) {
  const auto found = came.find(message);
  return found != came.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const Delivery& delivery) { return delivery.at > after; });
}

}  // namespace

Judgement judge_publishes_survive(const View& view, const contract::Claims&) {
  const auto kills = view.marks("kill");
  if (kills.empty()) return Judgement::inconclusive("the bus was never killed");
  const std::map<std::uint32_t, Time> settled = first_settled(view);
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const auto fence = fence_seen(view, came, group.first);
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!publish.ok() || publish.destination != group.first) continue;
      const auto kill = std::find_if(kills.begin(), kills.end(), [&](const history::Note& mark) {
        return mark.at > publish.answered;
      });
      if (kill == kills.end()) continue;
      const auto excused = settled.find(publish.message);
      if (excused != settled.end() && excused->second < kill->at) continue;
      if (!fence || *fence < kill->at)
        return Judgement::inconclusive("no fence came after the kill: silence proves nothing");
      ++judged;
      if (!came_after(came, publish.message, kill->at))
        return Judgement::violated(
            "lost_in_crash",
            fmt::format("Message m{} was accepted {:.1f} ms before the kill and never came again.",
                        publish.message,
                        std::chrono::duration<double, std::milli>(kill->at - publish.answered)
                            .count()),
            {publish.invoke_index, publish.answer_index, kill->index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
