#include "suites/checkers/silence.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/groups.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Note;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

constexpr std::chrono::milliseconds kWatched{300};

/// The last instant at which a fence came on that session that was published long enough after
/// `since`; nothing where none did.
std::optional<Time> watched_until(const View& view, std::uint32_t session, Time since) {
  std::set<std::uint32_t> fences;
  for (const Note& fence : view.marks("fence"))
    if (const Operation* publish = view.publish_of(fence.message);
        publish != nullptr && publish->invoked >= since + kWatched)
      fences.insert(fence.message);
  std::optional<Time> until;
  for (const history::Delivery& delivery : view.deliveries())
    if (delivery.session == session && fences.contains(delivery.message)) until = delivery.at;
  return until;
}

/// Whether the bus complained by itself: what it says when it is shut down, or its store is lost,
/// is no complaint.
bool is_complaint(const Note& note) {
  if (note.action == Action::breach) return true;
  if (note.action != Action::closed) return false;
  const std::string kind = text_of(note.said, "kind");
  return kind == "internal" || kind == "timeout" || kind == "backpressure";
}

}  // namespace

Judgement judge_empty_is_silent(const View& view, const contract::Claims&) {
  std::uint64_t judged = 0;
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    const auto all = view.operations(Action::publish);
    const bool empty = std::none_of(all.begin(), all.end(), [&](const Operation& publish) {
      return publish.destination == subscribe.destination;
    });
    if (!subscribe.ok() || !empty || !group_of(view, subscribe.subscription)) continue;
    for (const history::Delivery& delivery : view.deliveries())
      if (delivery.subscription == subscribe.subscription)
        return Judgement::violated("delivered_from_empty",
                                   "Something was delivered from a queue that nobody had "
                                   "published to.",
                                   {subscribe.answer_index, delivery.index});
    const auto until = watched_until(view, subscribe.session, subscribe.answered);
    if (!until) continue;
    for (const Note& note : view.notes())
      if (note.session == subscribe.session && note.at > subscribe.answered && note.at < *until &&
          is_complaint(note))
        return Judgement::violated("error_from_empty",
                                   "The bus complained though nothing was asked of it but to wait "
                                   "on an empty queue.",
                                   {subscribe.answer_index, note.index});
    ++judged;
  }
  return Judgement::met(judged);
}

Judgement judge_empty_costs_nothing(const View& view, const contract::Claims&) {
  constexpr double kBusy = 0.1;
  constexpr std::size_t kFewest = 3;
  // So long what work leaves behind (compiling, collecting garbage, writing back) may go on.
  constexpr Time kSettles = std::chrono::seconds(5);
  const auto before = view.marks("before_work"), after = view.marks("after_work"),
             idle = view.marks("idle");
  if (before.empty() || after.empty() || idle.size() <= kFewest)
    return Judgement::inconclusive("it was not watched long enough");
  if (after.back().amount <= before.front().amount)
    return Judgement::unverified(
        "the work of the bus did not show in the processor time of what was launched");
  double least = 1e9;
  std::vector<std::size_t> events = {idle.front().index};
  for (std::size_t i = 1; i < idle.size(); ++i) {
    const auto used = static_cast<double>(idle[i].amount - idle[i - 1].amount);
    const double passed =
        std::chrono::duration<double, std::milli>(idle[i].at - idle[i - 1].at).count();
    least = std::min(least, used / passed);
    events.push_back(idle[i].index);
  }
  if (least >= kBusy && idle.back().at - idle.front().at < kSettles)
    return Judgement::inconclusive("it was not watched until it came to rest");
  if (least >= kBusy)
    return Judgement::violated(
        "busy_while_idle",
        fmt::format("Over empty queues the bus took at least {:.0f} % of a processor all the time.",
                    least * 100),
        events);
  return Judgement::met(idle.size() - 1);
}

}  // namespace busproof::checkers
