// The breaker's state machine by itself. Source: BRK-1, BRK-2, BRK-4, BRK-5, BRK-9, BRK-10.
#include "reference/core/breaker.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace reference::core {
namespace {

constexpr BreakerLimits kLimits{.failures = 3, .open = Ms(1'000), .probes = 2, .closes_after = 2};

struct Machine {
  Breaker breaker;
  BreakerLimits limits = kLimits;

  bool ask(Ms now) { return take(Happened::asked, breaker.term, now); }
  void succeed(Ms now) { take(Happened::succeeded, breaker.term, now); }
  void fail(Ms now) { take(Happened::failed, breaker.term, now); }
  bool take(Happened what, std::uint64_t term, Ms now) {
    const auto step = step_breaker(breaker, {what, term, now}, limits);
    breaker = step.breaker;
    return step.admitted;
  }
  void open(Ms now) {
    for (int i = 0; i < limits.failures; ++i) {
      ASSERT_TRUE(ask(now));
      fail(now);
    }
    ASSERT_EQ(breaker.state, BreakerState::open);
  }
};

TEST(Breaker, OpensAtTheLastFailureInARowAndNotBefore) {
  Machine machine;
  for (int round = 0; round < 4; ++round) {
    for (int i = 1; i < kLimits.failures; ++i) machine.fail(Ms(0));
    EXPECT_EQ(machine.breaker.state, BreakerState::closed);
    machine.succeed(Ms(0));
    EXPECT_EQ(machine.breaker.failures, 0);
  }
  machine.open(Ms(0));
}

TEST(Breaker, OpenItLetsNothingThroughUntilItsTimeIsOver) {
  Machine machine;
  machine.open(Ms(500));
  EXPECT_FALSE(machine.ask(Ms(500)));
  EXPECT_FALSE(machine.ask(Ms(1'499)));
  EXPECT_TRUE(machine.ask(Ms(1'500)));
  EXPECT_EQ(machine.breaker.state, BreakerState::half_open);
}

TEST(Breaker, HalfOpenItLetsNoMoreProbesThroughAtOnce) {
  Machine machine;
  machine.open(Ms(0));
  EXPECT_TRUE(machine.ask(Ms(1'000)));
  EXPECT_TRUE(machine.ask(Ms(1'000)));
  EXPECT_FALSE(machine.ask(Ms(9'000)));
  machine.succeed(Ms(9'000));
  EXPECT_EQ(machine.breaker.state, BreakerState::half_open);
  EXPECT_TRUE(machine.ask(Ms(9'000)));
  machine.succeed(Ms(9'000));
  EXPECT_EQ(machine.breaker.state, BreakerState::closed);
  EXPECT_EQ(machine.breaker.failures, 0);
}

TEST(Breaker, AFailedProbeOpensItForTheWholeTimeAgain) {
  Machine machine;
  machine.open(Ms(0));
  ASSERT_TRUE(machine.ask(Ms(1'000)));
  ASSERT_TRUE(machine.ask(Ms(1'000)));
  machine.succeed(Ms(1'400));
  machine.fail(Ms(1'500));
  EXPECT_EQ(machine.breaker.state, BreakerState::open);
  EXPECT_FALSE(machine.ask(Ms(2'499)));
  EXPECT_TRUE(machine.ask(Ms(2'500)));
  EXPECT_EQ(machine.breaker.successes, 0);
}

TEST(Breaker, WhatWasLetThroughBeforeTheLastChangeCountsNoMore) {
  Machine machine;
  ASSERT_TRUE(machine.ask(Ms(0)));
  const auto before = machine.breaker.term;
  machine.open(Ms(0));
  machine.take(Happened::succeeded, before, Ms(10));
  machine.take(Happened::failed, before, Ms(900));
  EXPECT_EQ(machine.breaker.state, BreakerState::open);
  EXPECT_TRUE(machine.ask(Ms(1'000)));
  machine.take(Happened::failed, before, Ms(1'000));
  EXPECT_EQ(machine.breaker.state, BreakerState::half_open);
}

TEST(Breaker, DisabledItNeverOpens) {
  Machine machine;
  machine.limits.enabled = false;
  for (int i = 0; i < 100; ++i) machine.fail(Ms(i));
  EXPECT_EQ(machine.breaker.state, BreakerState::closed);
  EXPECT_TRUE(machine.ask(Ms(100)));
}

// Any sequence of calls that end in any order.
RC_GTEST_PROP(BreakerProperty, KeepsItsWordWhateverHappens, ()) {
  BreakerLimits limits;
  limits.failures = *rc::gen::inRange(1, 5);
  limits.probes = *rc::gen::inRange(1, 4);
  limits.closes_after = *rc::gen::inRange(1, 4);
  limits.open = Ms(*rc::gen::inRange(1, 50));
  Breaker breaker;
  std::vector<std::uint64_t> under_way;  // terms of calls
  Ms now{0};
  int in_a_row = 0;
  for (const auto choice : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100))) {
    now += Ms(choice % 7);
    const auto before = breaker;
    if (choice < 50 || under_way.empty()) {
      const auto step = step_breaker(before, {Happened::asked, 0, now}, limits);
      breaker = step.breaker;
      const bool over = now - before.changed >= limits.open;
      if (before.state == BreakerState::closed) RC_ASSERT(step.admitted);
      if (before.state == BreakerState::open) RC_ASSERT(step.admitted == over);
      if (step.admitted) under_way.push_back(breaker.term);
    } else {
      const auto at = under_way.begin() + choice % static_cast<int>(under_way.size());
      const auto term = *at;
      under_way.erase(at);
      const bool well = choice % 2 == 0;
      breaker =
          step_breaker(before, {well ? Happened::succeeded : Happened::failed, term, now}, limits)
              .breaker;
      if (term == before.term && before.state == BreakerState::closed)
        in_a_row = well ? 0 : in_a_row + 1;
    }
    const auto probes = std::count(under_way.begin(), under_way.end(), breaker.term);
    if (breaker.state == BreakerState::half_open) {
      RC_ASSERT(breaker.probing == probes);
      RC_ASSERT(probes <= limits.probes);
    }
    if (breaker.state == BreakerState::closed && before.state == BreakerState::half_open) {
      in_a_row = 0;
      RC_ASSERT(breaker.failures == 0);
    }
    if (breaker.state == BreakerState::closed) RC_ASSERT(in_a_row < limits.failures);
    if (before.state == BreakerState::closed && breaker.state == BreakerState::open)
      RC_ASSERT(in_a_row == limits.failures);
  }
}

}  // namespace
}  // namespace reference::core
