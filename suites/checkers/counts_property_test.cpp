// Method: a bus is carried out on paper, instant by instant, with answers and deliveries under way
// for a while; its true counts at any instant that it may speak of are accepted, and counts that it
// never had by far are not. QUE-13, QUE-14, QUE-17.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/counts.hpp"
#include "suites/checkers/load.hpp"
#include "suites/checkers/settling.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kSettle = 200, kGrace = 50;

struct Counts {
  int ready = 0, leased = 0, delayed = 0, dead = 0;
};

/// What the bus did with one message: from when on it was what.
struct Turn {
  Millis at;
  int Counts::*state;  ///< Null: gone.
};

/// One subscription with a credit, and messages that it takes in turn.
struct Paper {
  Sketch sketch{{{"counts_settle_ms", kSettle}, {"delay_grace_ms", kGrace}},
                {{"dead_letter", boost::json::object{}}, {"delay", boost::json::object{}}}};
  std::vector<std::vector<Turn>> courses;

  Counts at(Millis instant) const {
    Counts counts;
    for (const auto& course : courses) {
      int Counts::*state = nullptr;
      for (const Turn& turn : course)
        if (turn.at <= instant) state = turn.state;
      if (state != nullptr) ++(counts.*state);
    }
    return counts;
  }

  void ask(Millis invoked, Millis answered, const Counts& said) {
    sketch.request(Action::pending, invoked, answered,
                   {.subscription = 0,
                    .said = {{"ready", said.ready},
                             {"leased", said.leased},
                             {"delayed", said.delayed},
                             {"dead", said.dead}}});
  }
};

/// Each slot of the window takes the next ready message when it is free, holds it for a while and
/// settles it in some way or not at all.
Paper any_paper() {
  Paper paper;
  const auto credit = any_between(1, 4);
  paper.sketch.subscribe(0, 1, credit, 600'000);
  std::vector<Millis> free_from(static_cast<std::size_t>(credit), 2);
  const auto count = static_cast<std::uint32_t>(any_between(1, 12));
  Millis from = 10;
  for (std::uint32_t m = 1; m <= count; ++m) {
    from += any_between(1, 40);
    const Millis accepted = from + any_between(0, 5), answered = accepted + any_between(0, 5);
    if (any_between(0, 4) == 0) {
      paper.sketch.publish(from, answered, m, {{"delay_ms", 100'000}});
      paper.courses.push_back({{accepted, &Counts::delayed}});
      continue;
    }
    paper.sketch.publish(from, answered, m);
    auto& course = paper.courses.emplace_back();
    course.push_back({accepted, &Counts::ready});
    auto slot = std::min_element(free_from.begin(), free_from.end());
    if (*slot > 100'000) continue;  // Nobody ever takes it.
    const Millis taken = std::max(*slot, accepted), received = taken + any_between(0, 30);
    course.push_back({taken, &Counts::leased});
    const About about{.message = m, .delivery = m};
    paper.sketch.deliver(received, about);
    const int how = any_between(0, 3);
    *slot = 1'000'000;
    if (how == 2) continue;  // Held for good.
    const Millis asked = received + any_between(1, 60), done = asked + any_between(0, 10);
    paper.sketch.request(how == 0 ? Action::reject : Action::ack, asked, done + any_between(0, 10),
                         about);
    course.push_back({done, how == 0 ? &Counts::dead : nullptr});
    *slot = done;
  }
  return paper;
}

constexpr Judge kAll[] = {judge_count_ready, judge_count_leased, judge_count_delayed,
                          judge_count_dead, judge_delayed_not_ready};

RC_GTEST_PROP(Counts, AcceptsWhatTheBusMaySpeakOf, ()) {
  Paper paper = any_paper();
  const Millis asked = any_between(10, 900), answered = asked + any_between(0, 20);
  paper.ask(asked, answered, paper.at(any_between(asked - kSettle, answered + 1)));
  for (const Judge judge : kAll)
    RC_ASSERT(paper.sketch.judged(judge).verdict() != Verdict::violated);
}

RC_GTEST_PROP(Counts, ExactAtRestAndPointsAtOneTooMany, ()) {
  Paper paper = any_paper();
  constexpr Millis kRest = 5'000;
  Counts said = paper.at(kRest);
  const bool full = said.leased > 0 || said.ready == 0;
  RC_PRE(full);
  const int which = any_between(0, 4);
  int Counts::*const states[] = {&Counts::ready, &Counts::leased, &Counts::delayed, &Counts::dead};
  const int by = any_between(0, 2) == 0 && said.*states[which] > 0 ? -1 : 1;
  // With room in the window a ready one may be on its way: then one more or less says nothing.
  RC_PRE(which > 1 || said.ready == 0);
  said.*states[which] += by;
  paper.ask(kRest, kRest + 2, said);
  const Judgement judgement = paper.sketch.judged(kAll[which]);
  RC_ASSERT(judgement.finding() == "wrong_count");
}

/// Several publishers and members; each message is taken, under way for a while, and acked or left
/// with a member whose lease then ends, to be taken by another.
struct Crowd {
  Sketch sketch{{{"redelivery_grace_ms", kGrace}}};
  std::uint32_t deliveries = 0;
  Millis last = 0;
  std::vector<std::pair<std::uint32_t, Millis>> acked;  ///< Message, when it was answered.
};

constexpr Millis kLease = 400;

Crowd any_crowd() {
  Crowd crowd;
  constexpr std::uint32_t kMembers = 3;
  for (std::uint32_t s = 1; s <= kMembers; ++s)
    crowd.sketch.subscribe(0, 1, 100, kLease, {.subscription = s, .session = s});
  const auto count = static_cast<std::uint32_t>(any_between(4, 20));
  for (std::uint32_t m = 1; m <= count; ++m) {
    const Millis from = 2 + 10 * m;
    crowd.sketch.request(
        Action::publish, from, from + 5,
        {.message = m, .subscription = 0, .session = 10 + m % 3, .asked = {{"mode", "queue"}}});
    Millis sent = from + any_between(0, 20);
    for (std::int32_t attempt = 1;; ++attempt) {
      const std::uint32_t member = m == 1 ? 1 : m == 2 ? 2 : any_between(1U, kMembers + 1);
      const Millis received = sent + any_between(0, 50);
      const About about{
          .message = m, .delivery = ++crowd.deliveries, .subscription = member, .session = member};
      crowd.sketch.deliver(received, about, attempt);
      crowd.last = std::max(crowd.last, received);
      if (attempt < 3 && any_between(0, 4) == 0) {
        sent += kLease + any_between(0, static_cast<int>(kGrace));
        continue;
      }
      const Millis done = received + any_between(1, 30);
      crowd.sketch.request(Action::ack, done, done + 3, about);
      if (attempt == 1) crowd.acked.emplace_back(m, done + 3);
      break;
    }
  }
  return crowd;
}

void add_fence(Crowd& crowd) {
  crowd.last += 2'000;
  crowd.sketch.fence(crowd.last, crowd.last + 2, 900, 900);
}

RC_GTEST_PROP(Crowd, AcceptsEveryLegalCourse, ()) {
  Crowd crowd = any_crowd();
  add_fence(crowd);
  for (const Judge judge :
       {judge_crowd_loses_none, judge_crowd_makes_up_none, judge_crowd_acked_once})
    RC_ASSERT(crowd.sketch.judged(judge).verdict() != Verdict::violated);
}

RC_GTEST_PROP(Crowd, PointsAtTheLostTheMadeUpAndTheOneThatCameAgain, ()) {
  Crowd crowd = any_crowd();
  RC_PRE(!crowd.acked.empty());
  const auto [again, answered] = *rc::gen::elementOf(crowd.acked);
  const auto member = any_between(1U, 4U);
  const About planted{.message = again, .delivery = 800, .subscription = member, .session = member};
  crowd.sketch.deliver(answered + any_between(1, 500), planted, 2);
  crowd.sketch.publish(50, 52, 700);
  About made_up = planted;
  made_up.message = 0;
  made_up.delivery = 801;
  crowd.sketch.deliver(300, made_up);
  add_fence(crowd);
  const auto history = crowd.sketch.history();
  RC_ASSERT(crowd.sketch.judged(judge_crowd_loses_none).finding() == "lost");
  RC_ASSERT(points_at_message(crowd.sketch.judged(judge_crowd_loses_none), history, 700));
  RC_ASSERT(points_at_delivery(crowd.sketch.judged(judge_crowd_makes_up_none), history, 801));
  RC_ASSERT(points_at_delivery(crowd.sketch.judged(judge_crowd_acked_once), history, 800));
}

RC_GTEST_PROP(Crowd, AgreesWithTheJudgeOfShortHistories, ()) {
  Crowd crowd = any_crowd();
  if (*rc::gen::arbitrary<bool>() && !crowd.acked.empty()) {
    const auto [again, answered] = *rc::gen::elementOf(crowd.acked);
    crowd.sketch.deliver(answered + any_between(-20, 500), {.message = again, .delivery = 800}, 2);
  }
  add_fence(crowd);
  const auto fast = crowd.sketch.judged(judge_crowd_acked_once);
  const auto slow = crowd.sketch.judged(judge_acked_after_lease);
  RC_ASSERT((fast.verdict() == Verdict::violated) == (slow.verdict() == Verdict::violated));
  RC_ASSERT(fast.events() == slow.events());
}

}  // namespace
}  // namespace busproof::checkers
