#include "suites/checkers/progress.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "suites/checkers/owed.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::kNever;
using history::Note;
using history::number_of;
using history::Operation;
using history::Time;
using history::View;

constexpr Time kStall = std::chrono::seconds(5);

/// A fence on another destination, and when it was first seen.
struct Witness {
  const Operation* publish;
  Time seen;
};

std::vector<Witness> witnesses(const View& view, const Group& group) {
  std::vector<Witness> found;
  for (const Note& mark : view.marks("fence")) {
    const Operation* publish = view.publish_of(mark.message);
    if (publish == nullptr || publish->destination == group.first) continue;
    for (const Delivery& delivery : view.deliveries())
      if (delivery.message == mark.message) {
        found.push_back({publish, delivery.at});
        break;
      }
  }
  return found;
}

bool of_group(const View& view, std::uint32_t subscription, const Group& group) {
  return group_of(view, subscription) == group;
}

/// The last instant up to `until` at which anything happened that concerns the group: it was asked
/// something, answered, or handed something. Publishes to it and its subscriptions' ends included.
Time last_stir(const View& view, const Group& group, Time until) {
  Time last = Time::min();
  const auto stir = [&](Time at) {
    if (at <= until) last = std::max(last, at);
  };
  for (const Action action : {Action::subscribe, Action::unsubscribe, Action::credit, Action::ack,
                              Action::reject, Action::extend})
    for (const Operation& operation : view.operations(action)) {
      if (!of_group(view, operation.subscription, group)) continue;
      stir(operation.invoked);
      stir(operation.answered);
    }
  for (const Operation& publish : view.operations(Action::publish)) {
    if (publish.destination != group.first) continue;
    stir(publish.invoked);
    stir(publish.answered);
  }
  for (const Delivery& delivery : view.deliveries())
    if (of_group(view, delivery.subscription, group)) stir(delivery.at);
  return last;
}

/// Whether the member's connection or subscription can have ended by `at`.
bool ended(const View& view, const Operation& subscribe, Time at) {
  for (const Operation& end : view.operations(Action::unsubscribe))
    if (end.subscription == subscribe.subscription && end.invoked <= at) return true;
  return std::any_of(view.notes().begin(), view.notes().end(), [&](const Note& note) {
    const bool its = note.session == subscribe.session &&
                     (note.action == Action::disconnected || note.action == Action::closed ||
                      (note.action == Action::mark && note.name == "leaving"));
    const bool went = note.action == Action::mark && (note.name == "kill" || note.name == "stop");
    return (its || went) && note.at <= at && note.at >= subscribe.invoked;
  });
}

/// The credit that certainly was the subscription's at `at`; 0 where it was being changed.
std::int64_t credit_at(const View& view, const contract::Claims& claims, const Operation& subscribe,
                       Time at) {
  std::int64_t credit = credit_of(claims, subscribe).value_or(0);
  for (const Operation& change : view.operations(Action::credit)) {
    if (change.subscription != subscribe.subscription || change.invoked > at) continue;
    if (!change.ok() || change.answered > at) return 0;
    credit = change.amount;
  }
  return credit;
}

bool is_stuck(const View& view, std::uint32_t message) {
  const auto marks = view.marks("stuck");
  return std::any_of(marks.begin(), marks.end(),
                     [&](const Note& mark) { return mark.message == message; });
}

/// The groups without a member yet have no deliveries: a stall at the very first is seen all the
/// same, since deliveries_by_group knows every subscribed group.
Judgement drains(const View& view, const contract::Claims& claims, std::uint32_t more_than) {
  if (auto stalled = find_stall(view, claims, "stalled")) return *stalled;
  std::uint64_t judged = 0;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    Time first = kNever;
    for (const auto& [message, all] : came) first = std::min(first, all.front().at);
    std::uint32_t least = UINT32_MAX, most = 0;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (publish.destination != group.first || !publish.ok() || publish.answered > first) continue;
      least = std::min(least, publish.message);
      most = std::max(most, publish.message);
    }
    // Messages are numbered as they are published: these were all waiting at once.
    if (most < least || most - least < more_than) continue;
    const bool whole = std::all_of(
        view.operations(Action::publish).begin(), view.operations(Action::publish).end(),
        [&, destination = group.first, &seen = came](const Operation& publish) {
          return publish.destination != destination || !publish.ok() || publish.answered > first ||
                 seen.contains(publish.message);
        });
    if (!whole) return Judgement::inconclusive("the backlog was not drained, nor shown to stall");
    judged += came.size();
  }
  if (judged == 0) return Judgement::inconclusive("no backlog of that size was waiting");
  return Judgement::met(judged);
}

enum class Stuck : std::uint8_t { leased, delayed, rejected, corrupt };

/// From when to when the message of that mark certainly was stuck in that way; nothing if never.
std::optional<std::pair<Time, Time>> stuck_within(const View& view, const Note& mark, Stuck how) {
  const Operation* publish = view.publish_of(mark.message);
  if (publish == nullptr) return std::nullopt;
  Time until = kNever;
  for (const Operation& ack : view.on_message(Action::ack, mark.message))
    until = std::min(until, ack.invoked);
  std::size_t came = 0, rejects = 0;
  for (const Delivery& delivery : view.deliveries()) {
    if (delivery.message != mark.message) continue;
    if (++came == 2 && how == Stuck::leased) until = std::min(until, delivery.at);
  }
  for (const Operation& reject : view.on_message(Action::reject, mark.message))
    if (reject.ok() && reject.amount == 1) ++rejects;
  const std::int64_t delay = number_of(publish->asked, "delay_ms");
  if (how == Stuck::delayed)
    until = std::min(until, publish->invoked + std::chrono::milliseconds(delay));
  const bool is_so = (how == Stuck::leased && came > 0) || (how == Stuck::delayed && delay > 0) ||
                     (how == Stuck::rejected && rejects > 1) || how == Stuck::corrupt;
  if (!is_so || until <= mark.at) return std::nullopt;
  return std::pair(mark.at, until);
}

Judgement holds_up_nobody(const View& view, const contract::Claims& claims, Stuck how) {
  if (auto stalled = find_stall(view, claims, "held_up")) return *stalled;
  std::uint64_t judged = 0;
  for (const Note& mark : view.marks("stuck")) {
    const auto within = stuck_within(view, mark, how);
    const Operation* stuck = view.publish_of(mark.message);
    if (!within || stuck == nullptr) continue;
    for (const Delivery& delivery : view.deliveries()) {
      const Operation* publish = view.publish_of(delivery.message);
      if (publish == nullptr || publish->destination != stuck->destination) continue;
      if (is_stuck(view, delivery.message) || publish->invoked < within->first) continue;
      if (delivery.at < within->second) ++judged;
    }
  }
  if (judged == 0) return Judgement::inconclusive("nothing came while a message was stuck");
  return Judgement::met(judged);
}

/// The acks of a group that succeeded, in the order of their invocation.
class Acked {
 public:
  Acked(const View& view, const Group& group) {
    for (const Operation& ack : view.operations(Action::ack)) {
      if (!ack.ok() || !of_group(view, ack.subscription, group)) continue;
      const Operation* last = all_.empty() ? nullptr : all_.back().last;
      const bool later = last == nullptr || ack.answered > last->answered;
      all_.push_back({&ack, later ? &ack : last});
    }
  }

  /// The last of them that was under way when that publish was; null if none was.
  [[nodiscard]] const Operation* falling_idle(const Operation& publish) const {
    const auto past =
        std::upper_bound(all_.begin(), all_.end(), publish.answered,
                         [](Time at, const Entry& entry) { return at < entry.ack->invoked; });
    if (past == all_.begin()) return nullptr;
    const Operation* last = std::prev(past)->last;
    return last->answered < publish.invoked ? nullptr : last;
  }

 private:
  struct Entry {
    const Operation* ack;
    const Operation* last;  ///< Of all up to this one the last to be answered.
  };
  std::vector<Entry> all_;
};

/// From when on a message certainly waited for a member to be woken, how that came about, and an
/// event to show for it.
struct Waits {
  Time from;
  std::string_view how;
  std::size_t shown;
};

/// Every message that waited so came within wakeup_ms.
template <typename WaitOf>
Judgement woken(const View& view, const contract::Claims& claims, WaitOf wait_of) {
  const auto wakeup = declared(claims, "wakeup_ms");
  if (!wakeup) return Judgement::unverified("limit wakeup_ms is not declared");
  std::uint64_t judged = 0;
  bool open = false;
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    const auto others = witnesses(view, group);
    const Acked acked(view, group);
    for (const Operation& publish : view.operations(Action::publish)) {
      const auto due = owed.due(publish);
      const std::optional<Waits> waits = due ? wait_of(acked, publish, *due) : std::nullopt;
      if (!waits) continue;
      const Time from = waits->from;
      const auto found = came.find(publish.message);
      const auto sign = found != came.end()
                            ? others.end()
                            : std::find_if(others.begin(), others.end(), [&](const Witness& one) {
                                return one.publish->invoked > from + *wakeup;
                              });
      if (found == came.end() && sign == others.end()) {
        open = true;
        continue;
      }
      const Time at = found == came.end() ? sign->publish->invoked : found->second.front().at;
      if (!had_credit(view, claims, group, from, at)) continue;
      if (at <= from + *wakeup + own_delay(view, from, at)) {
        ++judged;
        continue;
      }
      return Judgement::violated(
          "woken_late",
          fmt::format("Message m{}, accepted {}, {} {:.0f} ms later; wakeup_ms is {:.0f}.",
                      publish.message, waits->how, found == came.end() ? "had not come" : "came",
                      millis(at - from), millis(*wakeup)),
          {publish.invoke_index, waits->shown,
           found == came.end() ? sign->publish->invoke_index : found->second.front().index});
    }
  }
  if (open)
    return Judgement::inconclusive("a message did not come, and nothing shows for how long");
  return Judgement::met(judged);
}

/// The end of the last cut of a link that was over when that publish began, unless another one had
/// begun by its answer: only one that struck is one.
const Note* cut_before(const View& view, const Operation& publish) {
  const Note* last = nullptr;
  for (const Note& healed : view.marks("healed"))
    if (healed.at < publish.invoked && healed.amount > 0) last = &healed;
  if (last == nullptr) return nullptr;
  const auto faults = view.marks("fault");
  const bool again = std::any_of(faults.begin(), faults.end(), [&](const Note& fault) {
    return fault.index > last->index && fault.at <= publish.answered;
  });
  return again ? nullptr : last;
}

}  // namespace

bool had_credit(const View& view, const contract::Claims& claims, const Group& group, Time at,
                Time until) {
  for (const Operation& subscribe : view.operations(Action::subscribe)) {
    if (!subscribe.ok() || subscribe.answered > at || ended(view, subscribe, until)) continue;
    if (!of_group(view, subscribe.subscription, group)) continue;
    std::map<std::uint32_t, bool> open;
    for (const Delivery& delivery : view.deliveries())
      if (delivery.subscription == subscribe.subscription && delivery.at <= at)
        open[delivery.delivery] = true;
    for (const Action action : {Action::ack, Action::reject})
      for (const Operation& settle : view.operations(action))
        if (settle.ok() && settle.answered <= at) open.erase(settle.delivery);
    if (static_cast<std::int64_t>(open.size()) < credit_at(view, claims, subscribe, at))
      return true;
  }
  return false;
}

std::optional<Judgement> find_stall(const View& view, const contract::Claims& claims,
                                    const std::string& finding) {
  const Time least = std::max(kStall, declared(claims, "wakeup_ms").value_or(kStall));
  for (const auto& [group, came] : deliveries_by_group(view)) {
    const Owed owed(view, claims, group, came);
    for (const Witness& witness : witnesses(view, group)) {
      const Time since = last_stir(view, group, witness.publish->invoked);
      if (witness.publish->invoked < since + least + own_delay(view, since, witness.seen)) continue;
      if (!had_credit(view, claims, group, since, witness.seen)) continue;
      for (const Operation& publish : view.operations(Action::publish)) {
        const auto due = owed.due(publish);
        if (!due || *due > since || is_stuck(view, publish.message)) continue;
        const auto found = came.find(publish.message);
        if (found != came.end() && found->second.front().at <= witness.seen) continue;
        return Judgement::violated(
            finding,
            fmt::format("Message m{} waited, a member had credit, and nothing came for {:.1f} s, "
                        "while another queue went on.",
                        publish.message, millis(witness.publish->invoked - since) / 1000),
            {publish.answer_index, witness.publish->invoke_index});
      }
    }
  }
  return std::nullopt;
}

Judgement judge_drains_past_1000(const View& view, const contract::Claims& claims) {
  return drains(view, claims, 1'000);
}
Judgement judge_drains_past_10000(const View& view, const contract::Claims& claims) {
  return drains(view, claims, 10'000);
}

Judgement judge_leased_holds_up_nobody(const View& view, const contract::Claims& claims) {
  return holds_up_nobody(view, claims, Stuck::leased);
}
Judgement judge_delayed_holds_up_nobody(const View& view, const contract::Claims& claims) {
  return holds_up_nobody(view, claims, Stuck::delayed);
}
Judgement judge_rejected_holds_up_nobody(const View& view, const contract::Claims& claims) {
  return holds_up_nobody(view, claims, Stuck::rejected);
}
Judgement judge_corrupt_holds_up_nobody(const View& view, const contract::Claims& claims) {
  return holds_up_nobody(view, claims, Stuck::corrupt);
}

Judgement judge_woken(const View& view, const contract::Claims& claims) {
  return woken(
      view, claims,
      [](const Acked& acked, const Operation& publish, Time due) -> std::optional<Waits> {
        const Operation* ack = acked.falling_idle(publish);
        if (ack == nullptr) return std::nullopt;
        return Waits{std::max(due, ack->answered), "as its consumer fell idle", ack->answer_index};
      });
}

Judgement judge_woken_after_cut(const View& view, const contract::Claims& claims) {
  return woken(view, claims,
               [&](const Acked&, const Operation& publish, Time due) -> std::optional<Waits> {
                 const Note* cut = cut_before(view, publish);
                 if (cut == nullptr) return std::nullopt;
                 return Waits{due, "after the links to the stores were cut", cut->index};
               });
}

}  // namespace busproof::checkers
