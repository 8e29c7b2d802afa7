#include "suites/checkers/nodes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/groups.hpp"
#include "suites/checkers/holders.hpp"
#include "suites/checkers/identity.hpp"
#include "suites/checkers/progress.hpp"
#include "suites/checkers/routes.hpp"
#include "suites/checkers/timing.hpp"
#include "suites/checkers/topics.hpp"

namespace busproof::checkers {
namespace {

using contract::Claims;
using contract::Verdict;
using history::Action;
using history::Delivery;
using history::Note;
using history::Operation;
using history::Time;
using history::View;

/// At which node each session is.
class Nodes {
 public:
  explicit Nodes(const View& view) {
    for (const Note& mark : view.marks("at_node")) of_[mark.session] = mark.amount;
  }
  [[nodiscard]] std::optional<std::int64_t> of(std::uint32_t session) const {
    const auto found = of_.find(session);
    return found == of_.end() ? std::nullopt : std::optional(found->second);
  }
  /// Whether the nodes of both are known, and not the same.
  [[nodiscard]] bool apart(std::uint32_t one, std::uint32_t other) const {
    const auto first = of(one), second = of(other);
    return first && second && *first != *second;
  }

 private:
  std::map<std::uint32_t, std::int64_t> of_;
};

bool is_inbox(const View& view, const Operation& publish) {
  const std::string& name = view.history().text(publish.destination);
  return name.starts_with("agent:") && name.ends_with(":inbox");
}

template <typename Wanted>
Judgement delivered_elsewhere(const View& view, const Claims& claims, Wanted wanted) {
  if (auto stalled = find_stall(view, claims, "not_delivered")) return *stalled;
  const Nodes nodes(view);
  std::set<std::uint32_t> crossed;
  for (const Delivery& delivery : view.deliveries()) {
    const Operation* publish = view.publish_of(delivery.message);
    if (publish == nullptr || !group_of(view, delivery.subscription)) continue;
    if (wanted(*publish) && nodes.apart(publish->session, delivery.session))
      crossed.insert(delivery.message);
  }
  for (const Operation& publish : view.operations(Action::publish)) {
    const auto came = view.deliveries_of(publish.message);
    if (publish.ok() && wanted(publish) && came.begin() == came.end())
      return Judgement::inconclusive("a message did not come, and nothing shows for how long");
  }
  return Judgement::met(crossed.size());
}

/// What was published at another node, sent propagation_ms after the subscription was answered.
bool known_by_then(const Nodes& nodes, Time propagation, const Subscriber& subscriber,
                   const Operation& publish) {
  return nodes.apart(subscriber.session(), publish.session) &&
         publish.invoked >= subscriber.certain_from + propagation;
}

}  // namespace

Judgement judge_queue_over_nodes(const View& view, const Claims& claims) {
  return delivered_elsewhere(view, claims,
                             [&](const Operation& publish) { return !is_inbox(view, publish); });
}

Judgement judge_inbox_over_nodes(const View& view, const Claims& claims) {
  return delivered_elsewhere(view, claims,
                             [&](const Operation& publish) { return is_inbox(view, publish); });
}

Judgement judge_topic_over_nodes(const View& view, const Claims& claims) {
  const auto propagation = declared(claims, "propagation_ms");
  if (!propagation) return Judgement::unverified("limit propagation_ms is not declared");
  const Nodes nodes(view);
  return judge_topic_lost_of(view, claims,
                             [&](const Subscriber& subscriber, const Operation& publish) {
                               return known_by_then(nodes, *propagation, subscriber, publish);
                             });
}

Judgement judge_topic_first_over_nodes(const View& view, const Claims& claims) {
  const auto propagation = declared(claims, "propagation_ms");
  if (!propagation) return Judgement::unverified("limit propagation_ms is not declared");
  const Nodes nodes(view);
  return judge_topic_lost_of(
      view, claims, [&](const Subscriber& subscriber, const Operation& publish) {
        if (!known_by_then(nodes, *propagation, subscriber, publish)) return false;
        const auto all = view.operations(Action::publish);
        return std::none_of(all.begin(), all.end(), [&](const Operation& before) {
          return before.session == publish.session && before.destination == publish.destination &&
                 before.invoked < publish.invoked &&
                 known_by_then(nodes, *propagation, subscriber, before);
        });
      });
}

Judgement judge_reference_over_nodes(const View& view, const Claims& claims) {
  const Nodes nodes(view);
  return judge_reference_retrieves_of(view, claims, [&](const Operation& retrieve) {
    const Operation* publish = view.publish_of(retrieve.message);
    return publish != nullptr && nodes.apart(publish->session, retrieve.session);
  });
}

Judgement judge_retrievable_at_any_node(const View& view, const Claims& claims) {
  const Nodes nodes(view);
  std::set<std::uint32_t> seen;
  return judge_reference_retrieves_of(view, claims, [&](const Operation& retrieve) {
    if (!seen.insert(retrieve.message).second) return false;  // No longer the first.
    const Delivery* delivery = first_delivery(view, retrieve.message, retrieve.invoked);
    return delivery != nullptr && nodes.apart(delivery->session, retrieve.session);
  });
}

Judgement judge_ids_over_nodes(const View& view, const Claims&) {
  if (auto repeated = find_repeated_id(view)) return *repeated;
  const Nodes nodes(view);
  std::set<std::int64_t> of;
  std::uint64_t judged = 0;
  for (const Operation& publish : view.operations(Action::publish)) {
    const auto node = nodes.of(publish.session);
    if (!publish.ok() || !node) continue;
    of.insert(*node);
    ++judged;
  }
  if (of.size() < 2) return Judgement::inconclusive("messages of two nodes were not accepted");
  return Judgement::met(judged);
}

Judgement judge_one_holder_over_nodes(const View& view, const Claims& claims) {
  const Judgement judgement = judge_one_holder(view, claims);
  if (judgement.verdict() != Verdict::met) return judgement;
  const Nodes nodes(view);
  std::map<Group, std::set<std::int64_t>> received;
  for (const Delivery& delivery : view.deliveries())
    if (const auto group = group_of(view, delivery.subscription))
      if (const auto node = nodes.of(delivery.session)) received[*group].insert(*node);
  if (std::none_of(received.begin(), received.end(),
                   [](const auto& one) { return one.second.size() > 1; }))
    return Judgement::inconclusive("no group's members received anything at two nodes");
  return judgement;
}

}  // namespace busproof::checkers
