#include "suites/checkers/holders.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// What one delivery says of when its message was held: from some instant in [not_before, came],
/// until `end_if_from` of that instant at least.
class Hold {
 public:
  Hold(const View& view, const contract::Claims& claims, const Delivery& delivery)
      : view_(&view), claims_(&claims), delivery_(&delivery) {
    not_before_ = earliest_lease_starts(view, claims, {delivery}).front();
  }

  [[nodiscard]] const Delivery& delivery() const { return *delivery_; }
  [[nodiscard]] Time came() const { return delivery_->at; }
  [[nodiscard]] Time not_before() const { return not_before_; }

  /// Whether the bus says how long its leases are: else one may have been as short as can be.
  [[nodiscard]] bool known() const {
    return claims_->trait("queue", "lease") != "timed" ||
           lease_of(*view_, *claims_, delivery_->subscription).has_value();
  }

  [[nodiscard]] Time end_if_from(Time start) const {
    if (!known()) return start;
    return std::max(start, earliest_free(*view_, *claims_, *delivery_, start));
  }

 private:
  const View* view_;
  const contract::Claims* claims_;
  const Delivery* delivery_;
  Time not_before_;
};

/// Whether those can have been held one after the other, in some order in which each connection
/// keeps its own: by the least instant at which any some of them can have been over. A lease that
/// begins later ends no sooner, so that the least is all that counts.
bool one_after_the_other(std::span<const Hold> holds) {
  std::vector<Time> over(std::size_t{1} << holds.size(), history::kNever);
  over[0] = Time::zero();
  for (std::size_t done = 0; done + 1 < over.size(); ++done) {
    if (over[done] == history::kNever) continue;
    std::set<std::uint32_t> waiting;  // Connections whose next one was looked at.
    for (std::size_t i = 0; i < holds.size(); ++i) {
      if ((done >> i & 1U) != 0 || !waiting.insert(holds[i].delivery().session).second) continue;
      const Time start = std::max(over[done], holds[i].not_before());
      if (start > holds[i].came()) continue;
      Time& known = over[done | std::size_t{1} << i];
      known = std::min(known, holds[i].end_if_from(start));
    }
  }
  return over.back() != history::kNever;
}

/// How many subscriptions the group has had.
std::size_t members(const View& view, const Group& group) {
  const auto all = view.operations(Action::subscribe);
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const Operation& subscribe) {
        return subscribe.ok() && group_of(view, subscribe.subscription) == group;
      }));
}

Judgement held_twice(std::span<const Hold> holds) {
  std::vector<std::size_t> events;
  for (const Hold& hold : holds) events.push_back(hold.delivery().index);
  return Judgement::violated(
      "held_twice",
      fmt::format("Message m{} was in the hands of two at once.", holds.front().delivery().message),
      std::move(events));
}

/// So many deliveries in a row are looked at together: the cost doubles with each.
constexpr std::size_t kTogether = 6;

/// The fewest deliveries in a row, two at least, that nobody can have handed out one after the
/// other, or nothing.
std::optional<Judgement> find_held_twice(const View& view, const contract::Claims& claims,
                                         const std::vector<Delivery>& all) {
  std::vector<Hold> holds;
  for (const Delivery& delivery : all) holds.emplace_back(view, claims, delivery);
  const std::span<const Hold> every(holds);
  for (std::size_t many = 2; many <= std::min(kTogether, every.size()); ++many)
    for (std::size_t from = 0; from + many <= every.size(); ++from)
      if (!one_after_the_other(every.subspan(from, many)))
        return held_twice(every.subspan(from, many));
  return std::nullopt;
}

}  // namespace

Judgement judge_one_holder(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    if (members(view, group) < 2) continue;
    const auto fence = fence_seen(view, came, group.first);
    for (const auto& [message, all] : came) {
      if (message == 0) continue;  // Nobody's: several of them need not be the same.
      if (auto wrong = find_held_twice(view, claims, all)) return *wrong;
      const bool known = Hold(view, claims, all.front()).known();
      if (known && fence && !is_fence(view, message)) ++judged;
    }
  }
  return Judgement::met(judged);
}

Judgement judge_every_group(const View& view, const contract::Claims& claims) {
  std::map<history::Text, int> groups;
  int most = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    most = std::max(most, ++groups[group.first]);
  const Judgement judgement = judge_delivered(view, claims);
  if (judgement.verdict() == contract::Verdict::met && most < 2)
    return Judgement::inconclusive("no destination had two groups");
  return judgement;
}

Judgement judge_late_group(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    if (group.second == "default") continue;  // A publish alone may have made it.
    Time named = history::kNever;
    for (const Operation& subscribe : view.operations(Action::subscribe))
      if (group_of(view, subscribe.subscription) == group)
        named = std::min(named, subscribe.invoked);
    const auto fence = fence_seen(view, came, group.first);
    for (const Operation& publish : view.operations(Action::publish)) {
      if (!publish.ok() || publish.destination != group.first || publish.answered >= named)
        continue;
      if (const auto found = came.find(publish.message); found != came.end())
        return Judgement::violated(
            "came_to_late_group",
            fmt::format("Message m{} was accepted before the group {} was, and came to it.",
                        publish.message, group.second),
            {publish.answer_index, found->second.front().index});
      if (fence) ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
