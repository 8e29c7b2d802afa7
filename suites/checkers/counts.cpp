#include "suites/checkers/counts.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "suites/checkers/credit.hpp"
#include "suites/checkers/owed.hpp"
#include "suites/checkers/room.hpp"
#include "suites/checkers/timing.hpp"

namespace busproof::checkers {
namespace {

using history::Action;
using history::Delivery;
using history::kNever;
using history::number_of;
using history::Operation;
using history::text_of;
using history::Time;
using history::View;

enum State : unsigned { ready = 1, leased = 2, delayed = 4, dead = 8, absent = 16 };
constexpr unsigned kAny = ready | leased | delayed | dead | absent;

/// When the bus may have taken its counts.
struct Span {
  Time from, to;
  [[nodiscard]] bool meets(Time begin, Time end) const { return begin <= to && end >= from; }
};

/// The states that one message may have been in, read delivery by delivery.
class Course {
 public:
  Course(const View& view, const contract::Claims& claims, const Operation& publish,
         const std::vector<Delivery>& deliveries, Span span)
      : view_(view), claims_(claims), publish_(publish), deliveries_(deliveries), span_(span) {}

  /// What it may have been; `unseen` tells whether it still waited at the end of what is known, so
  /// that it may have been leased to a member with room that had not seen it yet.
  unsigned states(bool& unseen) {
    waits(publish_.invoked, publish_.answered, number_of(publish_.asked, "delay_ms"));
    for (std::size_t i = 0; i < deliveries_.size() && deliveries_[i].at <= span_.to; ++i) {
      if (i > 0 && !sent_in_order(view_, deliveries_[i - 1], deliveries_[i])) return kAny;
      if (span_.meets(ready_from_, deliveries_[i].at)) states_ |= ready;
      if (!handed(deliveries_[i])) return states_;
    }
    if (span_.meets(ready_from_, kNever)) states_ |= ready;
    unseen = (states_ & ready) != 0;
    return states_;
  }

 private:
  /// It waits, from a request in [invoked, answered] on, for that delay and until it is handed out.
  void waits(Time invoked, Time answered, std::int64_t delay_ms) {
    const std::chrono::milliseconds delay(delay_ms);
    ready_from_ = delay_ms == 0 ? invoked : invoked + delay - granularity(claims_);
    const Time over = answered + delay + own_delay(view_, invoked, answered + delay) +
                      declared(claims_, "delay_grace_ms").value_or(kGraceOtherwise);
    const bool at_once = delay_ms == 0 && invoked == publish_.invoked;
    if (!at_once && span_.meets(invoked, over)) states_ |= delayed;
  }

  /// What came of a delivery; false where nothing is known of it after that.
  bool handed(const Delivery& delivery) {
    const Time start = earliest_lease_starts(view_, claims_, {delivery}).front();
    const Time over = earliest_end(view_, claims_, delivery, start);
    const Operation* settle = nullptr;
    bool clear = true;
    for (const Action action : {Action::ack, Action::reject, Action::extend})
      for (const Operation& operation : view_.on_delivery(action, delivery.delivery)) {
        clear = clear && settle == nullptr && action != Action::extend;
        settle = &operation;
      }
    if (settle == nullptr) return held_until(over);
    if (!clear || !settle->ok() || settle->answered >= over)
      return held_until(std::min(over, first_touched(delivery)));
    if (span_.meets(ready_from_, settle->answered)) states_ |= leased;
    return settled(delivery, *settle);
  }

  bool held_until(Time over) {
    if (span_.meets(ready_from_, kNever)) states_ |= leased;
    if (span_.to >= over) states_ = kAny;
    return false;
  }

  Time first_touched(const Delivery& delivery) const {
    Time first = kNever;
    for (const Action action : {Action::ack, Action::reject, Action::extend})
      for (const Operation& operation : view_.on_delivery(action, delivery.delivery))
        first = std::min(first, operation.invoked);
    return first;
  }

  bool settled(const Delivery& delivery, const Operation& settle) {
    const auto most = claims_.limit("attempts_max");
    const bool again = settle.action == Action::reject && settle.amount == 1;
    const bool exact = claims_.trait("queue", "attempts") == "exact";
    const bool last = again && most && (delivery.attempt >= *most || !exact);
    const unsigned buried = claims_.has("dead_letter") ? dead : absent;
    if (!again || last) {
      if (span_.meets(settle.invoked, kNever))
        states_ |= settle.action == Action::ack ? unsigned{absent} : buried;
      if (!again || exact) return false;
    }
    waits(settle.invoked, settle.answered, number_of(settle.asked, "delay_ms"));
    if (settle.asked.if_contains("delay_ms") == nullptr && span_.meets(settle.invoked, kNever))
      states_ |= delayed;  // Backoff.
    return true;
  }

  const View& view_;
  const contract::Claims& claims_;
  const Operation& publish_;
  const std::vector<Delivery>& deliveries_;
  Span span_;
  Time ready_from_{};
  unsigned states_ = 0;
};

struct Bounds {
  std::int64_t least = 0, most = 0;
};

/// What is the same for all that is asked of one group, one after the other.
struct Memory {
  Owed owed;
  /// What a message is for good from an instant on: in nobody's queue any more, or dead, or not
  /// known.
  std::unordered_map<std::uint32_t, std::pair<unsigned, Time>> last = {};
};

/// What the counts of a group can have been when one bus/pending was answered.
class Expected {
 public:
  /// `memory`: of that group, from requests invoked before.
  Expected(const View& view, const contract::Claims& claims, const Group& group,
           const ByMessage& came, Span span, Memory& memory)
      : view_(view), claims_(claims), group_(group), span_(span), memory_(memory) {
    static const std::vector<Delivery> kNone;
    for (const Operation& publish : view.operations(Action::publish)) {
      if (publish.destination != group.first || publish.invoked > span.to) continue;
      if (const auto known = memory.last.find(publish.message);
          known != memory.last.end() && known->second.second <= span.from) {
        add(known->second.first, false);
        continue;
      }
      if (publish.outcome == history::Phase::fail || text_of(publish.asked, "mode") == "topic")
        continue;
      const auto found = came.find(publish.message);
      const auto& deliveries = found == came.end() ? kNone : found->second;
      const bool owed = memory.owed.due(publish).has_value();
      if (!owed) memory.last[publish.message] = {kAny, Time::min()};
      if (!owed || publish.answered > span.from)
        add(kAny, false);
      else
        add(publish, deliveries);
    }
    if (unseen_ == 0) return;
    const std::int64_t room = free_room(came);
    bounds(ready).least -= std::min(room, unseen_certain_);
    bounds(leased).most += std::min(room, unseen_);
  }

  [[nodiscard]] Bounds of(State state) const { return bounds_[index(state)]; }

  /// Messages that certainly waited for their time.
  [[nodiscard]] std::int64_t certainly_delayed() const { return of(delayed).least; }

 private:
  static std::size_t index(State state) {
    return state == ready ? 0 : state == leased ? 1 : state == delayed ? 2 : 3;
  }
  Bounds& bounds(State state) { return bounds_[index(state)]; }

  void add(const Operation& publish, const std::vector<Delivery>& deliveries) {
    bool unseen = false;
    const unsigned states = Course(view_, claims_, publish, deliveries, span_).states(unseen);
    if (states == unsigned{absent} || states == unsigned{dead})
      memory_.last[publish.message] = {states, span_.from};
    add(states, unseen);
  }

  void add(unsigned states, bool unseen) {
    for (const State state : {ready, leased, delayed, dead}) {
      if ((states & state) == 0) continue;
      ++bounds(state).most;
      if (states == state) ++bounds(state).least;
    }
    if (!unseen) return;
    ++unseen_;
    unseen_certain_ += states == ready ? 1 : 0;
  }

  /// How many messages can at most have been on their way to members that had not seen them.
  [[nodiscard]] std::int64_t free_room(const ByMessage& came) const {
    std::int64_t room = 0;
    for (const Operation& subscribe : view_.operations(Action::subscribe)) {
      if (subscribe.invoked > span_.to || group_of(view_, subscribe.subscription) != group_)
        continue;
      const auto back = given_back(view_, claims_, subscribe, span_.from);
      if (back && *back <= span_.from) continue;
      const auto credit = most_credit(view_, claims_, subscribe, span_.from, span_.to);
      if (!credit) return std::numeric_limits<std::int64_t>::max();
      room += std::max<std::int64_t>(0, *credit - held(came, subscribe.subscription));
    }
    return room;
  }

  /// Deliveries that the subscription certainly held all the time.
  [[nodiscard]] std::int64_t held(const ByMessage& came, std::uint32_t subscription) const {
    std::int64_t count = 0;
    for (const auto& [message, deliveries] : came)
      for (const Delivery& delivery : deliveries)
        if (delivery.subscription == subscription && delivery.at <= span_.from &&
            excused(view_, claims_, delivery) > span_.to)
          ++count;
    return count;
  }

  const View& view_;
  const contract::Claims& claims_;
  Group group_;
  Span span_;
  Memory& memory_;
  std::array<Bounds, 4> bounds_;
  std::int64_t unseen_ = 0, unseen_certain_ = 0;
};

/// Whether dead letters of the destination may have been moved by then.
bool moved(const View& view, Time before) {
  const auto all = view.operations(Action::call);
  return std::any_of(all.begin(), all.end(), [&](const Operation& call) {
    const std::string method = text_of(call.asked, "method");
    return (method == "bus/redrive" || method == "bus/purge") && call.invoked <= before;
  });
}

/// Calls `each(asked, expected)` for every answered bus/pending until it gives a judgement.
template <typename Each>
std::optional<Judgement> for_each_asked(const View& view, const contract::Claims& claims,
                                        Each each) {
  auto groups = deliveries_by_group(view);
  std::map<Group, Memory> memories;
  const std::chrono::milliseconds settle(claims.limit_or_default("counts_settle_ms"));
  for (const Operation& asked : view.operations(Action::pending)) {
    if (!asked.ok() || moved(view, asked.answered)) continue;
    const std::string name = text_of(asked.asked, "group");
    const Group group{asked.destination, name.empty() ? "default" : name};
    const Time from =
        asked.invoked - settle - own_delay(view, asked.invoked - settle, asked.answered);
    const ByMessage& came = groups[group];
    if (!memories.contains(group)) memories.emplace(group, Memory{Owed(view, claims, group, came)});
    Memory& memory = memories.at(group);
    const Expected expected(view, claims, group, came, {from, asked.answered}, memory);
    if (std::optional<Judgement> wrong = each(asked, expected)) return wrong;
  }
  return std::nullopt;
}

Judgement judge_count(const View& view, const contract::Claims& claims, State state,
                      std::string_view name) {
  std::uint64_t judged = 0;
  const auto wrong = for_each_asked(
      view, claims,
      [&](const Operation& asked, const Expected& expected) -> std::optional<Judgement> {
        const std::vector<std::size_t> events = {asked.invoke_index, asked.answer_index};
        const auto* said = asked.said.if_contains(name);
        if (said == nullptr || !said->is_number())
          return Judgement::violated("count_missing",
                                     fmt::format("bus/pending did not say how many are {}.", name),
                                     events);
        const Bounds bounds = expected.of(state);
        const std::int64_t count = number_of(asked.said, name);
        if (count < bounds.least || count > bounds.most)
          return Judgement::violated("wrong_count",
                                     fmt::format("bus/pending said {} {}; by the history there "
                                                 "were at least {} and at most {}.",
                                                 count, name, bounds.least, bounds.most),
                                     events);
        if (bounds.least == bounds.most && bounds.most > 0) ++judged;
        return std::nullopt;
      });
  return wrong ? *wrong : Judgement::met(judged);
}

}  // namespace

Judgement judge_count_ready(const View& view, const contract::Claims& claims) {
  return judge_count(view, claims, ready, "ready");
}

Judgement judge_count_leased(const View& view, const contract::Claims& claims) {
  return judge_count(view, claims, leased, "leased");
}

Judgement judge_count_delayed(const View& view, const contract::Claims& claims) {
  return judge_count(view, claims, delayed, "delayed");
}

Judgement judge_count_dead(const View& view, const contract::Claims& claims) {
  return judge_count(view, claims, dead, "dead");
}

Judgement judge_delayed_not_ready(const View& view, const contract::Claims& claims) {
  std::uint64_t judged = 0;
  const auto wrong = for_each_asked(
      view, claims,
      [&](const Operation& asked, const Expected& expected) -> std::optional<Judgement> {
        if (expected.certainly_delayed() == 0) return std::nullopt;
        const std::int64_t count = number_of(asked.said, "ready", -1);
        if (count < 0) return std::nullopt;
        judged += static_cast<std::uint64_t>(expected.certainly_delayed());
        if (count <= expected.of(ready).most) return std::nullopt;
        return Judgement::violated(
            "delayed_counted_ready",
            fmt::format("bus/pending said {} ready; without the {} that were delayed there were at "
                        "most {}.",
                        count, expected.certainly_delayed(), expected.of(ready).most),
            {asked.invoke_index, asked.answer_index});
      });
  return wrong ? *wrong : Judgement::met(judged);
}

}  // namespace busproof::checkers
