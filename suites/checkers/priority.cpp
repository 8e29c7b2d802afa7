#include "suites/checkers/priority.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/handed.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Note;
using history::Operation;
using history::Phase;
using history::Time;
using history::View;

using Found = std::optional<Judgement>;

bool both_known(const Handed& a, const Handed& b) { return a.priority && b.priority; }

bool both_first(const Handed& a, const Handed& b) {
  return a.given_back == nullptr && b.given_back == nullptr;
}

bool one_again(const Handed& a, const Handed& b) {
  return (a.given_back == nullptr) != (b.given_back == nullptr);
}

Judgement lower_before(std::string finding, const Handed& a, const Handed& b) {
  return Judgement::violated(
      std::move(finding),
      fmt::format("Message m{} of priority {} came before m{} of priority {}, which waited.",
                  a.delivery->message, *a.priority, b.delivery->message, *b.priority),
      events_of(a, b));
}

/// Of a pair with two priorities: counts it, or tells what is wrong with it.
Found higher_first(const Handed& a, const Handed& b, std::string_view finding, Compared& judged) {
  if (a.priority == b.priority) return std::nullopt;
  judged.add(a);
  if (*a.priority > *b.priority) return std::nullopt;
  return lower_before(std::string(finding), a, b);
}

/// The same of a pair of equals. Of those whose places may be in either order nothing is said.
Found equals_in_order(const Handed& a, const Handed& b, std::string_view finding,
                      Compared& judged) {
  if (a.priority != b.priority || (!stands_before(a, b) && !stands_before(b, a)))
    return std::nullopt;
  judged.add(a);
  if (stands_before(a, b)) return std::nullopt;
  return Judgement::violated(std::string(finding),
                             fmt::format("Messages m{} and m{} of priority {} came in the other "
                                         "order.",
                                         b.delivery->message, a.delivery->message, *a.priority),
                             events_of(a, b));
}

template <typename Each>
Judgement judge_pairs(const View& view, const contract::Claims& claims, Each each) {
  Compared judged;
  const Found wrong = for_each_pair(view, claims, [&](const Handed& a, const Handed& b) -> Found {
    return both_known(a, b) ? each(a, b, judged) : std::nullopt;
  });
  return wrong ? *wrong : Judgement::met(judged.messages());
}

/// When the bus last went before `until`, killed or stopped; or nothing.
std::optional<Time> last_end(const View& view, Time until) {
  std::optional<Time> last;
  for (const Note& note : view.notes())
    if (note.action == Action::mark && (note.name == "kill" || note.name == "stop") &&
        note.at < until)
      last = note.at;
  return last;
}

/// Whether it waited over the bus' end until somebody asked for it.
bool outlived(const View& view, const Handed& one) {
  const Operation* subscribe = view.subscribe_of(one.delivery->subscription);
  const auto end = last_end(view, subscribe->invoked);
  return end && one.publish->answered < *end;
}

Found refused_in_range(const View& view, std::int64_t least, std::int64_t most) {
  for (const Operation& publish : view.operations(Action::publish)) {
    const auto* stated = publish.asked.if_contains("priority");
    if (stated == nullptr || publish.error != "invalid_argument") continue;
    const std::int64_t priority = history::number_of(publish.asked, "priority");
    if (priority >= least && priority <= most)
      return Judgement::violated(
          "refused_in_range",
          fmt::format("Priority {} was refused, and {} to {} are declared.", priority, least, most),
          {publish.invoke_index, publish.answer_index});
  }
  return std::nullopt;
}

/// Whether the bus had begun to deliver on that subscription before the publish was made.
bool under_way(const View& view, const Handed& late) {
  const auto all = view.deliveries();
  return std::any_of(all.begin(), all.end(), [&](const history::Delivery& delivery) {
    return delivery.subscription == late.delivery->subscription &&
           delivery.at < late.publish->invoked;
  });
}

}  // namespace

Judgement judge_higher_first(const View& view, const contract::Claims& claims) {
  return judge_pairs(view, claims, [](const Handed& a, const Handed& b, Compared& judged) {
    return both_first(a, b) ? higher_first(a, b, "lower_first", judged) : std::nullopt;
  });
}

Judgement judge_equals_in_order(const View& view, const contract::Claims& claims) {
  return judge_pairs(view, claims, [](const Handed& a, const Handed& b, Compared& judged) {
    return both_first(a, b) ? equals_in_order(a, b, "equals_out_of_order", judged) : std::nullopt;
  });
}

Judgement judge_order_after_restart(const View& view, const contract::Claims& claims) {
  return judge_pairs(view, claims,
                     [&](const Handed& a, const Handed& b, Compared& judged) -> Found {
                       if (!both_first(a, b) || !outlived(view, a) || !outlived(view, b))
                         return std::nullopt;
                       auto wrong = higher_first(a, b, "order_not_kept", judged);
                       return wrong ? wrong : equals_in_order(a, b, "order_not_kept", judged);
                     });
}

Judgement judge_redelivered_priority(const View& view, const contract::Claims& claims) {
  return judge_pairs(view, claims, [](const Handed& a, const Handed& b, Compared& judged) -> Found {
    const Handed& again = a.given_back != nullptr ? a : b;
    const Handed& other = a.given_back != nullptr ? b : a;
    if (!one_again(a, b) || *again.priority < *other.priority) return std::nullopt;
    return higher_first(a, b, "redelivered_after_lower", judged);
  });
}

Judgement judge_redelivered_place(const View& view, const contract::Claims& claims) {
  return judge_pairs(view, claims, [](const Handed& a, const Handed& b, Compared& judged) {
    return one_again(a, b) ? equals_in_order(a, b, "wrong_place", judged) : std::nullopt;
  });
}

Judgement judge_priority_range(const View& view, const contract::Claims& claims) {
  const auto least = claims.limit("priority.min"), most = claims.limit("priority.max");
  if (!least || !most) return Judgement::unverified("the range of priorities is not declared");
  if (auto wrong = refused_in_range(view, *least, *most)) return *wrong;
  bool lowest = false, highest = false;
  const auto judgement =
      judge_pairs(view, claims, [&](const Handed& a, const Handed& b, Compared& judged) -> Found {
        const auto [lower, higher] = std::minmax(*a.priority, *b.priority);
        if (!both_first(a, b) || (lower != *least && higher != *most)) return std::nullopt;
        lowest = lowest || (lower == *least && higher != lower);
        highest = highest || (higher == *most && higher != lower);
        return higher_first(a, b, "lower_first", judged);
      });
  if (judgement.verdict() == contract::Verdict::met && !(lowest && highest))
    return Judgement::inconclusive("not both ends of the range waited beside another priority");
  return judgement;
}

Judgement judge_priority_outside(const View& view, const contract::Claims& claims) {
  const auto least = claims.limit("priority.min"), most = claims.limit("priority.max");
  if (!least || !most) return Judgement::unverified("the range of priorities is not declared");
  bool below = false, above = false;
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.asked.if_contains("priority") == nullptr || publish.outcome == Phase::info)
      continue;
    const std::int64_t priority = history::number_of(publish.asked, "priority");
    if (priority >= *least && priority <= *most) continue;
    const std::string what =
        fmt::format("A publish of priority {}, with {} to {} declared,", priority, *least, *most);
    const std::vector<std::size_t> events = {publish.invoke_index, publish.answer_index};
    if (publish.ok())
      return Judgement::violated("accepted_outside", what + " was accepted.", events);
    if (publish.error == "rate_limited" || publish.error == "disconnected") continue;
    if (publish.error != "invalid_argument")
      return Judgement::violated(
          "refused_otherwise", fmt::format("{} was refused with {}.", what, publish.error), events);
    (priority < *least ? below : above) = true;
  }
  if (!below || !above)
    return Judgement::inconclusive("not both ends of the range were overstepped");
  return Judgement::met(2);
}

Judgement judge_overtakes(const View& view, const contract::Claims& claims) {
  return judge_pairs(
      view, claims, [&](const Handed& a, const Handed& b, Compared& judged) -> Found {
        if (!both_first(a, b) || a.priority == b.priority) return std::nullopt;
        const Handed& higher = *a.priority > *b.priority ? a : b;
        const Handed& lower = *a.priority > *b.priority ? b : a;
        if (higher.publish->invoked < lower.publish->answered || !under_way(view, higher))
          return std::nullopt;
        return higher_first(a, b, "not_overtaken", judged);
      });
}

}  // namespace busproof::checkers
