#include "suites/checkers/delay.hpp"

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/room.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

std::chrono::milliseconds delay_of(const Operation& publish) {
  return std::chrono::milliseconds(history::number_of(publish.asked, "delay_ms"));
}

}  // namespace

Judgement judge_delay_not_early(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    for (const auto& [message, all] : came) {
      const Operation* publish = view.publish_of(message);
      if (publish == nullptr || delay_of(*publish) == Time::zero()) continue;
      const Time due =
          view.earliest_after(publish->invoked, delay_of(*publish) - granularity(claims));
      const Delivery& first = all.front();
      ++judged;
      if (first.at < due)
        return Judgement::violated(
            "delayed_early",
            fmt::format("Message m{} came at least {:.1f} ms before its delay of {} ms was over.",
                        message, millis(due - first.at), delay_of(*publish).count()),
            {publish->invoke_index, first.index});
    }
  }
  return Judgement::met(judged);
}

Judgement judge_delay_not_late(const View& view, const contract::Claims& claims) {
  if (!declared(claims, "delay_grace_ms"))
    return Judgement::unverified("delay_grace_ms is not declared");
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Operation& publish : view.operations(Action::publish)) {
      const auto due = owed.due(publish);
      if (!due || delay_of(publish) == Time::zero()) continue;
      const Time latest = *due + granularity(claims);
      const auto found = came.find(publish.message);
      if (found == came.end()) {
        const Operation* fence =
            owed.fence_behind(latest + own_delay(view, publish.invoked, latest));
        if (fence == nullptr) continue;
        return Judgement::violated(
            "never_came",
            fmt::format("Message m{} was delayed by {} ms and never came, though one published "
                        "{:.0f} ms after it was due did.",
                        publish.message, delay_of(publish).count(),
                        millis(fence->invoked - latest)),
            {publish.invoke_index, fence->invoke_index});
      }
      const Delivery& first = found->second.front();
      if (!has_room(view, claims, first.subscription, publish.invoked, latest)) continue;
      ++judged;
      if (first.at > latest + own_delay(view, publish.invoked, first.at))
        return Judgement::violated(
            "delayed_late",
            fmt::format("Message m{} came {:.0f} ms after its delay and the grace were over.",
                        publish.message, millis(first.at - latest)),
            {publish.invoke_index, publish.answer_index, first.index});
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
