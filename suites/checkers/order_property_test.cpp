// Method: a history that is right by construction is accepted; with exactly one fault planted in it
// the judge names the fault and points at it. PRI-1, PRI-2, QUE-11.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/credit.hpp"
#include "suites/checkers/priority.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kCredit = 200;
constexpr std::uint32_t kPlanted = 800;

struct Waiting {
  std::uint32_t number = 0;
  std::int64_t priority = 0;
  Millis from = 0, accepted = 0, to = 0;
};

/// Messages in the order in which a correct bus hands them out; all wait when credit comes.
/// Publishes may overlap: the bus accepts each at some instant of its own.
std::vector<Waiting> in_right_order() {
  std::vector<Waiting> all;
  const auto count = static_cast<std::uint32_t>(any_between(2, 9));
  for (std::uint32_t m = 1; m <= count; ++m) {
    Waiting one{.number = m, .priority = any_between(0, 4)};
    one.from = any_between(2, 150);
    one.to = one.from + any_between(0, 40);
    one.accepted = any_between(one.from, one.to + 1);
    all.push_back(one);
  }
  std::sort(all.begin(), all.end(), [](const Waiting& a, const Waiting& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.accepted < b.accepted;
  });
  return all;
}

Sketch handed_out(const std::vector<Waiting>& all) {
  Sketch sketch({}, {{"priority", boost::json::object{}}});
  sketch.subscribe(0, 1, 0, 0).request(Action::credit, kCredit, kCredit + 2, {.amount = 20});
  Millis at = kCredit;
  for (const Waiting& one : all) {
    sketch.publish(one.from, one.to, one.number, {{"priority", one.priority}});
    sketch.deliver(++at, {.message = one.number, .delivery = one.number});
  }
  return sketch;
}

bool is_fine(const Sketch& sketch, Judge judge) {
  return sketch.judged(judge).verdict() != Verdict::violated;
}

/// Swaps two neighbours for which `fit` holds, and tells which two they were.
template <typename Fit>
std::pair<std::uint32_t, std::uint32_t> swap_some(std::vector<Waiting>& all, Fit fit) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    if (fit(all[i], all[i + 1])) places.push_back(i);
  RC_PRE(!places.empty());
  const std::size_t at = *rc::gen::elementOf(places);
  std::swap(all[at], all[at + 1]);
  return {all[at].number, all[at + 1].number};
}

bool points_at(const Sketch& sketch, Judge judge, std::string_view finding,
               std::pair<std::uint32_t, std::uint32_t> both) {
  const Judgement judgement = sketch.judged(judge);
  return judgement.finding() == finding &&
         points_at_delivery(judgement, sketch.history(), both.first) &&
         points_at_delivery(judgement, sketch.history(), both.second);
}

RC_GTEST_PROP(Priority, AcceptsTheRightOrder, ()) {
  const Sketch sketch = handed_out(in_right_order());
  RC_ASSERT(is_fine(sketch, judge_higher_first));
  RC_ASSERT(is_fine(sketch, judge_equals_in_order));
}

RC_GTEST_PROP(Priority, PointsAtTheLowerThatCameFirst, ()) {
  auto all = in_right_order();
  const auto both =
      swap_some(all, [](const Waiting& a, const Waiting& b) { return a.priority != b.priority; });
  RC_ASSERT(points_at(handed_out(all), judge_higher_first, "lower_first", both));
  RC_ASSERT(is_fine(handed_out(all), judge_equals_in_order));
}

RC_GTEST_PROP(Priority, PointsAtTheEqualsOutOfOrder, ()) {
  auto all = in_right_order();
  const auto both = swap_some(all, [](const Waiting& a, const Waiting& b) {
    return a.priority == b.priority && a.to < b.from;
  });
  RC_ASSERT(points_at(handed_out(all), judge_equals_in_order, "equals_out_of_order", both));
  RC_ASSERT(is_fine(handed_out(all), judge_higher_first));
}

/// A window that is used up, then moves on with every ack; the bus acts on an ack at some instant
/// between its invoke and its answer. Gives when it was last full with nothing under way.
struct Window {
  Sketch sketch{{{"lease_default_ms", 600'000}}};
  Millis full_at = 0;
};

Window any_window(std::int64_t credit) {
  Window made;
  made.sketch.subscribe(0, 1, credit, 0);
  const auto count =
      static_cast<std::uint32_t>(credit) + static_cast<std::uint32_t>(any_between(1, 8));
  for (std::uint32_t m = 1; m <= count; ++m) made.sketch.publish(1 + m, 2 + m, m);
  std::vector<std::uint32_t> held;
  Millis at = 100;
  for (std::uint32_t next = 1; next <= count;) {
    if (static_cast<std::int64_t>(held.size()) == credit) {
      made.full_at = at;
      const auto which = any_between<std::size_t>(0, held.size());
      at += any_between(3, 9);
      made.sketch.request(Action::ack, at, at + 5,
                          {.message = held[which], .delivery = held[which]});
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    }
    at += any_between(0, 8);
    made.sketch.deliver(at, {.message = next, .delivery = next});
    held.push_back(next++);
  }
  if (static_cast<std::int64_t>(held.size()) == credit) made.full_at = at;
  return made;
}

RC_GTEST_PROP(Window, AcceptsAWindowThatMovesOn, ()) {
  RC_ASSERT(any_window(any_between(1, 5)).sketch.judged(judge_window).verdict() == Verdict::met);
}

RC_GTEST_PROP(Window, PointsAtTheOneTooMany, ()) {
  Window window = any_window(any_between(1, 5));
  window.sketch.deliver(window.full_at + 1, {.message = 1, .delivery = kPlanted});
  const Judgement judgement = window.sketch.judged(judge_window);
  RC_ASSERT(judgement.finding() == "credit_exceeded");
  RC_ASSERT(points_at_delivery(judgement, window.sketch.history(), kPlanted));
}

RC_GTEST_PROP(Zero, AcceptsThePauseAndPointsAtWhatBrokeIt, ()) {
  Sketch sketch({});
  const Millis more = any_between(50, 100);
  sketch.subscribe(0, 1, 5, 0).request(Action::credit, 2, 4, {.amount = 0});
  sketch.request(Action::credit, more, more + 4, {.amount = 5});
  const auto count = static_cast<std::uint32_t>(any_between(1, 5));
  for (std::uint32_t m = 1; m <= count; ++m) {
    const Millis from = any_between(4, 40);
    sketch.publish(from, from + 3, m);
    sketch.deliver(more + any_between(0, 20), {.message = m, .delivery = m});
  }
  RC_ASSERT(sketch.judged(judge_zero).verdict() == Verdict::met);
  sketch.deliver(any_between<Millis>(43, more), {.message = 1, .delivery = kPlanted});
  const Judgement judgement = sketch.judged(judge_zero);
  RC_ASSERT(judgement.finding() == "delivered_without_credit");
  RC_ASSERT(points_at_delivery(judgement, sketch.history(), kPlanted));
}

}  // namespace
}  // namespace busproof::checkers
