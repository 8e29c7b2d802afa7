// Method: a plain breaker, written apart from the model and as simple as can be, is called at
// random. What it does the model must allow, however roughly time is told; what one that is wrong
// in one thing does otherwise the model must point at, at that call.
#include "suites/models/breaker_model.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <rapidcheck/gtest.h>

namespace busproof::models {
namespace {

using Span = BreakerModel::Span;
using Rules = BreakerModel::Rules;

struct Breaker {
  int failures = 3, closes_after = 1;
  Span open{1'000'000};
  bool forgets = true;  ///< A success sets the count back.

  /// Whether a call at that time was served.
  bool call(Span now, bool well) {
    if (is_open_ && now - since_ < open) return false;
    if (is_open_) return probe(now, well);
    if (well) {
      if (forgets) count_ = 0;
    } else if (++count_ >= failures) {
      trip(now);
    }
    return well;
  }

 private:
  bool probe(Span now, bool well) {
    if (!well) {
      trip(now);
    } else if (++successes_ >= closes_after) {
      is_open_ = false;
      count_ = successes_ = 0;
    }
    return well;
  }
  void trip(Span now) {
    is_open_ = true;
    since_ = now;
    count_ = successes_ = 0;
  }

  bool is_open_ = false;
  int count_ = 0, successes_ = 0;
  Span since_{};
};

struct Step {
  bool well = true;
  Span later{};  ///< since the call before
};

std::vector<Step> any_steps() {
  const auto step = rc::gen::map(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 1'400'000)),
      [](const auto& of) {
        // Most calls follow each other closely.
        const int later = of.second < 1'000'000 ? of.second / 1'000 : of.second - 300'000;
        return Step{of.first, Span(later)};
      });
  return *rc::gen::container<std::vector<Step>>(step);
}

/// The model beside a breaker: when it opened is known from its calls.
class Beside {
 public:
  explicit Beside(const Rules& rules) : model_(rules) {}

  std::optional<BreakerModel::Told> call(const Step& step, Span now, bool served, Span doubt = {}) {
    const Span passed = now - opened_;
    const auto told = model_.call(step.well ? StoreIs::well : StoreIs::failing,
                                  served ? CallWas::served : CallWas::unserved,
                                  {std::max(passed - doubt, Span(0)), passed + doubt});
    if (model_.just_opened()) opened_ = now;
    return told;
  }
  void lose_track() { model_.lose_track(); }

 private:
  BreakerModel model_;
  Span opened_{};
};

Rules any_rules() {
  Rules rules;
  rules.failures = *rc::gen::inRange(2, 5);
  rules.closes_after = *rc::gen::inRange(1, 4);
  rules.open = Span(1'000'000);
  rules.slack = Span(1'000);
  return rules;
}

Breaker breaker_of(const Rules& rules) {
  Breaker breaker;
  breaker.failures = rules.failures;
  breaker.closes_after = rules.closes_after;
  breaker.open = rules.open;
  return breaker;
}

RC_GTEST_PROP(BreakerModel, AllowsWhatABreakerDoes, ()) {
  const Rules rules = any_rules();
  Breaker breaker = breaker_of(rules);
  Beside model(rules);
  Span now{};
  for (const Step& step : any_steps()) {
    now += step.later;
    const bool served = breaker.call(now, step.well);
    if (*rc::gen::inRange(0, 10) == 0) model.lose_track();
    const auto told = model.call(step, now, served, Span(*rc::gen::inRange(0, 200'000)));
    if (told) RC_ASSERT(told->right);
  }
}

/// The model is told of a wrong breaker until that first does what a right one would not.
void points_at(Rules rules, Breaker wrong) {
  rules.slack = Span(0);
  Breaker right = breaker_of(rules);
  Beside model(rules);
  Span now{};
  for (const Step& step : any_steps()) {
    now += step.later;
    const bool served = wrong.call(now, step.well);
    const bool differs = served != right.call(now, step.well);
    const auto told = model.call(step, now, served);
    if (told) RC_ASSERT(told->right == !differs);
    if (!differs) continue;
    RC_ASSERT(told.has_value());
    return;
  }
}

RC_GTEST_PROP(BreakerModel, PointsAtOneThatOpensEarly, ()) {
  const Rules rules = any_rules();
  Breaker wrong = breaker_of(rules);
  --wrong.failures;
  points_at(rules, wrong);
}

RC_GTEST_PROP(BreakerModel, PointsAtOneThatOpensLate, ()) {
  const Rules rules = any_rules();
  Breaker wrong = breaker_of(rules);
  ++wrong.failures;
  points_at(rules, wrong);
}

RC_GTEST_PROP(BreakerModel, PointsAtOneThatCountsFailuresInAll, ()) {
  const Rules rules = any_rules();
  Breaker wrong = breaker_of(rules);
  wrong.forgets = false;
  points_at(rules, wrong);
}

RC_GTEST_PROP(BreakerModel, PointsAtOneThatIsOpenForHalfItsTime, ()) {
  const Rules rules = any_rules();
  Breaker wrong = breaker_of(rules);
  wrong.open = rules.open / 2;
  points_at(rules, wrong);
}

RC_GTEST_PROP(BreakerModel, PointsAtOneThatIsOpenForTwiceItsTime, ()) {
  const Rules rules = any_rules();
  Breaker wrong = breaker_of(rules);
  wrong.open = 2 * rules.open;
  points_at(rules, wrong);
}

}  // namespace
}  // namespace busproof::models
