// Method: a bus is played that hands delayed messages out when they are due and extended ones when
// their extension is over, each within its grace; ways take their time and answers come before or
// after what they cause. That is accepted; one that comes too soon, too late or not at all is named
// and pointed at. QUE-15 and QUE-17.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/delay.hpp"
#include "suites/checkers/extend.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kGrace = 60, kGranularity = 2, kLease = 300, kWay = 100;
constexpr std::uint32_t kFence = 50, kPlanted = 800;

/// One member with room for everything.
class Bus {
 public:
  Bus() { sketch.subscribe(0, 1, 40, kLease); }

  /// A publish is carried out at some instant while it is under way.
  struct Delayed {
    std::uint32_t message = 0;
    Millis asked = 0, answered = 0, delay = 0;
  };
  Delayed publish(Millis from, Millis delay) {
    Delayed made{++message_, from, 0, delay};
    carried_out_ = from + any_between<Millis>(0, 15);
    made.answered = carried_out_ + any_between<Millis>(0, 15);
    sketch.publish(made.asked, made.answered, made.message, {{"delay_ms", delay}});
    return made;
  }

  /// It comes when it is due.
  void come(const Delayed& one) {
    const Millis due = carried_out_ + one.delay;
    const Millis sent =
        due - any_between<Millis>(0, kGranularity + 1) + any_between<Millis>(0, kGrace);
    const Millis at = std::max(one.asked, sent) + any_between<Millis>(0, 30);
    deliver(one.message, at);
    settle(one.message, at);
  }

  struct Extended {
    std::uint32_t message = 0;
    Millis asked = 0, answered = 0, length = 0;
  };
  /// A message is handed out, and its lease extended once while it lasts.
  Extended extend(Millis from, Millis length) {
    sketch.publish(from, from + 5, ++message_);
    deliver(message_, from + any_between<Millis>(5, 30));
    Extended made{message_, from + any_between<Millis>(40, 120), 0, length};
    carried_out_ = made.asked + any_between<Millis>(0, 15);
    made.answered = carried_out_ + any_between<Millis>(0, 15);
    sketch.request(Action::extend, made.asked, made.answered,
                   {.message = message_, .delivery = delivery_, .amount = length});
    return made;
  }

  /// It comes again when that is over.
  void come_again(const Extended& one) {
    const Millis over = carried_out_ + one.length - any_between<Millis>(0, kGranularity + 1);
    const Millis at = over + any_between<Millis>(0, kGrace) + any_between<Millis>(0, 30);
    deliver(one.message, at, 2);
    settle(one.message, at);
  }

  void plant(std::uint32_t message, Millis at, std::int32_t attempt) {
    sketch.deliver(at, {.message = message, .delivery = kPlanted}, attempt);
  }

  /// Some of both kinds, all of them right.
  void some() {
    for (int left = any_between(0, 6); left > 0; --left) {
      const auto from = any_between<Millis>(10, 900);
      if (any_between(0, 2) == 0)
        come(publish(from, any_between<Millis>(20, 400)));
      else
        come_again(extend(from, any_between<Millis>(150, 900)));
    }
  }

  Sketch sketch{{{"redelivery_grace_ms", kGrace},
                 {"delay_grace_ms", kGrace},
                 {"time_granularity_ms", kGranularity},
                 {"attempts_max", 9}},
                {{"delay", boost::json::object{}}}};

 private:
  void deliver(std::uint32_t message, Millis at, std::int32_t attempt = 1) {
    sketch.deliver(at, {.message = message, .delivery = ++delivery_}, attempt);
  }
  void settle(std::uint32_t message, Millis at) {
    sketch.request(Action::ack, at + 2, at + 3, {.message = message, .delivery = delivery_});
  }

  std::uint32_t message_ = 0, delivery_ = 0;
  Millis carried_out_ = 0;
};

void expect_fault(const Bus& bus, Judge judge, std::string_view finding, std::uint32_t message) {
  const Judgement judgement = bus.sketch.judged(judge);
  RC_ASSERT(judgement.finding() == finding);
  RC_ASSERT(points_at_message(judgement, bus.sketch.history(), message));
}

RC_GTEST_PROP(Waiting, AcceptsEveryLegalCourse, ()) {
  Bus bus;
  bus.some();
  bus.sketch.fence(5000, 5000 + any_between<Millis>(0, 50), kFence, 900);
  for (const Judge judge :
       {judge_delay_not_early, judge_delay_not_late, judge_extension_holds, judge_extension_ends}) {
    const Verdict verdict = bus.sketch.judged(judge).verdict();
    RC_ASSERT(verdict == Verdict::met || verdict == Verdict::inconclusive);
  }
}

RC_GTEST_PROP(Waiting, PointsAtTheDelayedThatCameEarly, ()) {
  Bus bus;
  bus.some();
  const auto one = bus.publish(2000, any_between<Millis>(20, 900));
  const Millis due = one.asked + one.delay - kGranularity;
  bus.plant(one.message, any_between<Millis>(one.asked, due), 1);
  expect_fault(bus, judge_delay_not_early, "delayed_early", one.message);
}

RC_GTEST_PROP(Waiting, PointsAtTheDelayedThatCameLate, ()) {
  Bus bus;
  bus.some();
  const auto one = bus.publish(2000, any_between<Millis>(20, 900));
  const Millis latest = one.answered + one.delay + kGrace + kGranularity + kWay;
  bus.plant(one.message, latest + any_between<Millis>(1, 900), 1);
  expect_fault(bus, judge_delay_not_late, "delayed_late", one.message);
}

RC_GTEST_PROP(Waiting, PointsAtTheDelayedThatNeverCame, ()) {
  Bus bus;
  bus.some();
  const auto one = bus.publish(2000, any_between<Millis>(20, 900));
  const Millis latest = one.answered + one.delay + kGrace + kGranularity + kWay;
  const Millis fence = latest + any_between<Millis>(1, 900);
  bus.sketch.fence(fence, fence + 2, kFence, 900);
  expect_fault(bus, judge_delay_not_late, "never_came", one.message);
}

RC_GTEST_PROP(Waiting, PointsAtTheExtendedThatCameEarly, ()) {
  Bus bus;
  bus.some();
  const auto one = bus.extend(2000, any_between<Millis>(kLease, 900));
  const Millis until = one.asked + one.length - kGranularity;
  bus.plant(one.message, any_between<Millis>(one.asked + 1, until), 2);
  expect_fault(bus, judge_extension_holds, "extension_not_held", one.message);
}

RC_GTEST_PROP(Waiting, PointsAtTheExtendedThatCameLate, ()) {
  Bus bus;
  bus.some();
  const auto one = bus.extend(2000, any_between<Millis>(150, 900));
  const Millis latest = one.answered + one.length + kGrace + kGranularity + kWay;
  bus.plant(one.message, latest + any_between<Millis>(1, 900), 2);
  expect_fault(bus, judge_extension_ends, "extension_ended_late", one.message);
}

RC_GTEST_PROP(Waiting, PointsAtTheExtendedThatNeverCameAgain, ()) {
  Bus bus;
  bus.some();
  const auto one = bus.extend(2000, any_between<Millis>(150, 900));
  const Millis latest = one.answered + one.length + kGrace + kGranularity + kWay;
  const Millis fence = latest + any_between<Millis>(1, 900);
  bus.sketch.fence(fence, fence + 2, kFence, 900);
  expect_fault(bus, judge_extension_ends, "never_came_again", one.message);
}

}  // namespace
}  // namespace busproof::checkers
