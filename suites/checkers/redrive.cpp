// Redrive and purge: what was a dead letter goes round again, or is gone.
#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/comeback.hpp"
#include "suites/checkers/dead_letters.hpp"
#include "suites/checkers/letters.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::Operation;
using history::Time;
using history::View;

/// A call that took a certain dead letter: the only one that can have.
struct Taken {
  const Operation* call;
  Death death;
};

std::vector<Taken> taken(const View& view, const contract::Claims& claims, const Group& group,
                         const ByMessage& came, std::string_view method) {
  std::vector<Taken> found;
  for (const Death& death : deaths(view, claims, group, came)) {
    const Operation* first = nullptr;
    for (const Operation& call : view.operations(Action::call)) {
      const bool redrives = concerns(view, call, "bus/redrive", group, death.last->message);
      if (!redrives && !concerns(view, call, "bus/purge", group, death.last->message)) continue;
      if (call.answered > death.earliest && (first == nullptr || call.invoked < first->invoked))
        first = &call;
    }
    const bool certain = first != nullptr && first->ok() && first->invoked > death.by &&
                         history::text_of(first->asked, "method") == method;
    if (certain) found.push_back({first, death});
  }
  return found;
}

/// Deliveries of the message that came after the call was made.
std::vector<Delivery> since(const ByMessage& came, const Taken& one) {
  std::vector<Delivery> later;
  for (const Delivery& delivery : came.at(one.death.last->message))
    if (delivery.index > one.call->invoke_index) later.push_back(delivery);
  return later;
}

/// Whether one of them may have failed as a last attempt.
bool may_have_died_again(const View& view, const contract::Claims& claims,
                         const std::vector<Delivery>& later) {
  for (const Delivery& delivery : later)
    if (!view.on_delivery(Action::reject, delivery.delivery).empty()) return true;
  const auto most = claims.limit("attempts_max");
  return most && static_cast<std::int64_t>(later.size()) >= *most;
}

/// A list made after the call was answered and had settled that still holds the message, or null.
const Listing* still_listed(const contract::Claims& claims, const std::vector<Listing>& lists,
                            const View& view, const Taken& one) {
  const Time settles = std::chrono::milliseconds(claims.limit_or_default("counts_settle_ms"));
  for (const Listing& list : lists)
    if (list.from > one.call->answered + settles + own_delay(view, one.call->invoked, list.from) &&
        list.letter_of(one.death.last->message) != nullptr)
      return &list;
  return nullptr;
}

Judgement listed(const char* what, const Taken& one, const Listing& list) {
  return Judgement::violated("still_listed",
                             fmt::format("Message m{} was {} and is still listed as a dead letter.",
                                         one.death.last->message, what),
                             {one.call->answer_index, list.index});
}

/// The publish of a fence that came although the message, ready since the call, did not; or null.
const Operation* fence_instead(const View& view, const contract::Claims& claims, const Group& group,
                               const ByMessage& came, const Taken& one) {
  const Time due = one.call->answered + own_delay(view, one.call->invoked, one.call->answered);
  for (const history::Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    const auto received = came.find(mark.message);
    if (publish == nullptr || publish->destination != group.first || received == came.end() ||
        publish->invoked <= due)
      continue;
    const Delivery& fence = received->second.front();
    if (has_room(view, claims, fence.subscription, one.call->answered, fence.at) &&
        !may_stay_away(view, claims, group, *one.death.last, due, fence.at))
      return publish;
  }
  return nullptr;
}

}  // namespace

Judgement judge_redrive(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const auto lists = listings(view, group);
    for (const Taken& one : taken(view, claims, group, came, "bus/redrive")) {
      const auto later = since(came, one);
      if (!may_have_died_again(view, claims, later))
        if (const Listing* list = still_listed(claims, lists, view, one))
          return listed("redriven", one, *list);
      if (!later.empty()) {
        ++judged;
        continue;
      }
      const Operation* fence = fence_instead(view, claims, group, came, one);
      if (fence != nullptr)
        return Judgement::violated(
            "not_redelivered",
            fmt::format("Message m{} was redriven and never came, though a later message did.",
                        one.death.last->message),
            {one.death.last->index, one.call->answer_index, fence->invoke_index});
      open = true;
    }
  }
  if (open) return Judgement::inconclusive("no fence came behind a redriven message");
  return Judgement::met(judged);
}

Judgement judge_redrive_attempt(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view))
    for (const Taken& one : taken(view, claims, group, came, "bus/redrive")) {
      const auto later = since(came, one);
      // On another connection what came first may have been sent last.
      if (later.empty() || !sent_in_order(view, *one.death.last, later.front()) ||
          std::any_of(later.begin(), later.end(), [&](const Delivery& delivery) {
            return delivery.session != later.front().session;
          }))
        continue;
      if (later.front().attempt != 1)
        return Judgement::violated("attempt_not_reset",
                                   fmt::format("Message m{} was redriven and came with attempt {}.",
                                               one.death.last->message, later.front().attempt),
                                   {one.call->invoke_index, later.front().index});
      ++judged;
    }
  return Judgement::met(judged);
}

Judgement judge_purge(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const auto lists = listings(view, group);
    for (const Taken& one : taken(view, claims, group, came, "bus/purge")) {
      if (const Listing* list = still_listed(claims, lists, view, one))
        return listed("purged", one, *list);
      for (const Delivery& delivery : since(came, one))
        if (sent_in_order(view, *one.death.last, delivery))
          return Judgement::violated(
              "purged_came_again",
              fmt::format("Message m{} was purged and came again.", delivery.message),
              {one.call->answer_index, delivery.index});
      const bool watched =
          fence_published_after(view, came, group.first, one.call->answered) != nullptr &&
          std::any_of(lists.begin(), lists.end(), [&](const Listing& list) {
            return list.from > one.call->answered &&
                   list.letter_of(one.death.last->message) == nullptr;
          });
      if (watched) ++judged;
    }
  }
  return Judgement::met(judged);
}

}  // namespace busproof::checkers
