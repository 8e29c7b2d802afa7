#include "suites/checkers/load.hpp"

#include <map>
#include <set>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/settling.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::View;

/// Whether some destination had several publishers and several receiving members of one group.
bool crowded(const View& view) {
  std::map<history::Text, std::set<std::uint32_t>> publishers;
  for (const Operation& publish : view.operations(Action::publish))
    if (publish.ok()) publishers[publish.destination].insert(publish.session);
  std::set<std::uint32_t> received;
  for (const history::Delivery& delivery : view.deliveries())
    received.insert(delivery.subscription);
  std::map<Group, int> members;
  for (const std::uint32_t subscription : received)
    if (const auto group = group_of(view, subscription);
        group && ++members[*group] > 1 && publishers[group->first].size() > 1)
      return true;
  return false;
}

Judgement in_a_crowd(const View& view, Judgement judgement) {
  if (judgement.verdict() == contract::Verdict::met && !crowded(view))
    return Judgement::inconclusive("there were not several publishers and several members");
  return judgement;
}

}  // namespace

Judgement judge_crowd_loses_none(const View& view, const contract::Claims& claims) {
  return in_a_crowd(view, judge_none_lost(view, claims));
}

Judgement judge_crowd_makes_up_none(const View& view, const contract::Claims& claims) {
  return in_a_crowd(view, judge_none_made_up(view, claims));
}

Judgement judge_crowd_acked_once(const View& view, const contract::Claims& claims) {
  return in_a_crowd(view, judge_acked_at_all(view, claims));
}

}  // namespace busproof::checkers
