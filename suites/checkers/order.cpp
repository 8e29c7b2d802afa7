#include "suites/checkers/order.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/handed.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Operation;
using history::Time;
using history::View;

using Found = std::optional<Judgement>;

bool both_first(const Handed& a, const Handed& b) {
  return a.given_back == nullptr && b.given_back == nullptr;
}

Judgement wrong_order(std::string finding, const Handed& a, const Handed& b) {
  return Judgement::violated(std::move(finding),
                             fmt::format("Message m{} stood before m{} and came after it.",
                                         b.delivery->message, a.delivery->message),
                             events_of(a, b));
}

/// First deliveries of equals in order of acceptance, of the pairs that `wanted` picks. What was
/// accepted before another was even published waited when that one was handed out.
template <typename Wanted>
Judgement judge_first(const View& view, const contract::Claims& claims, Wanted wanted) {
  Compared judged;
  const Found wrong = for_every_pair(view, claims, [&](const Handed& a, const Handed& b) -> Found {
    if (!both_first(a, b) || !are_equals(a, b) || !wanted(a, b)) return std::nullopt;
    if (stands_before(a, b)) judged.add(a);
    if (!stands_before(b, a)) return std::nullopt;
    return wrong_order("out_of_order", a, b);
  });
  return wrong ? *wrong : Judgement::met(judged.messages());
}

bool of_one_publisher(const Handed& a, const Handed& b) {
  return a.publish->session == b.publish->session;
}

/// When somebody first gave a message back; never if nobody did.
Time first_given_back(const View& view) {
  Time first = history::kNever;
  for (const Operation& reject : view.operations(Action::reject))
    if (reject.ok() && reject.amount == 1) first = std::min(first, reject.invoked);
  return first;
}

bool is_settled(const View& view, std::uint32_t delivery) {
  for (const Action action : {Action::ack, Action::reject})
    for (const Operation& settle : view.on_delivery(action, delivery))
      if (settle.outcome != history::Phase::fail) return true;
  return false;
}

/// Whether a member ended with a delivery in its hands that nobody settled.
bool abandoned(const View& view) {
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(), [&](const history::Delivery& delivery) {
    return delivery.delivery != 0 && group_of(view, delivery.subscription) &&
           released_early(view, delivery) != history::kNever &&
           !is_settled(view, delivery.delivery);
  });
}

}  // namespace

Judgement judge_order_of_publisher(const View& view, const contract::Claims& claims) {
  return judge_first(view, claims, of_one_publisher);
}

Judgement judge_order_of_destination(const View& view, const contract::Claims& claims) {
  bool several = false;
  const Judgement judgement = judge_first(view, claims, [&](const Handed& a, const Handed& b) {
    several = several || !of_one_publisher(a, b);
    return true;
  });
  if (judgement.verdict() == contract::Verdict::met && !several)
    return Judgement::inconclusive("all that could be compared came from one publisher");
  return judgement;
}

Judgement judge_order_around_reject(const View& view, const contract::Claims& claims) {
  const Time given_back = first_given_back(view);
  Compared others, placed;
  const Found wrong = for_each_pair(view, claims, [&](const Handed& a, const Handed& b) -> Found {
    if (!are_equals(a, b)) return std::nullopt;
    const bool first = both_first(a, b);
    if (first && b.delivery->at < given_back) return std::nullopt;
    if (stands_before(a, b)) (first ? others : placed).add(a);
    if (!stands_before(b, a)) return std::nullopt;
    return wrong_order(first ? "others_out_of_order" : "wrong_place", a, b);
  });
  if (wrong) return *wrong;
  const bool any_place = claims.trait("queue", "redelivered") == "any";
  return Judgement::met(
      placed.messages() == 0 && !any_place ? 0 : others.messages() + placed.messages());
}

Judgement judge_given_back_loses_none(const View& view, const contract::Claims& claims) {
  const Judgement judgement = judge_delivered(view, claims);
  if (judgement.verdict() == contract::Verdict::met && first_given_back(view) == history::kNever &&
      !abandoned(view))
    return Judgement::inconclusive("nobody gave a message back");
  return judgement;
}

}  // namespace busproof::checkers
