// Method: a history that is right by construction is accepted; with exactly one fault planted in it
// the judge names the fault and points at it. TTL-2.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/checkers/ttl.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kGrace = 40, kGranularity = 1;
constexpr std::uint32_t kPlanted = 9;

struct Mortal {
  Millis from = 0, to = 0, ttl = 0;
};

Mortal any_mortal() {
  const Millis from = any_between(1, 100);
  return {from, from + any_between(0, 30), any_between(50, 500)};
}

Sketch sketch_of() {
  return Sketch({{"ttl_grace_ms", kGrace}, {"time_granularity_ms", kGranularity}},
                {{"ttl", boost::json::object{}}, {"store", boost::json::object{}}});
}

void read(Sketch& sketch, std::uint32_t message, Millis from, Millis to, bool gone) {
  sketch.request(Action::retrieve, from, to,
                 {.message = message, .subscription = 0, .error = gone ? "expired" : ""});
}

/// Messages that a correct bus accepts, expires and forgets, each at an instant of its own.
Sketch some_legal() {
  Sketch sketch = sketch_of();
  const auto count = static_cast<std::uint32_t>(any_between(1, 4));
  for (std::uint32_t m = 1; m <= count; ++m) {
    const Mortal mortal = any_mortal();
    sketch.publish(mortal.from, mortal.to, m, {{"ttl_ms", mortal.ttl}});
    const Millis accepted = any_between(mortal.from, mortal.to + 1);
    const Millis forgotten = accepted + mortal.ttl + any_between<Millis>(0, kGrace + 1);
    for (int i = any_between(1, 6); i > 0; --i) {
      const Millis from = mortal.to + any_between(0, 600);
      const Millis to = from + any_between(0, 30);
      read(sketch, m, from, to, any_between(from, to + 1) >= forgotten);
    }
  }
  return sketch;
}

bool shows_the_read(const Sketch& sketch, Judge judge, std::string_view finding) {
  const Judgement judgement = sketch.judged(judge);
  const history::History history = sketch.history();
  return judgement.finding() == finding && points_at_message(judgement, history, kPlanted) &&
         history.events.at(judgement.events().back()).action == Action::retrieve;
}

RC_GTEST_PROP(Ttl, AcceptsWhatExpiresInItsTime, ()) {
  const Sketch sketch = some_legal();
  RC_ASSERT(sketch.judged(judge_not_expired_early).verdict() != Verdict::violated);
  RC_ASSERT(sketch.judged(judge_not_readable_late).verdict() != Verdict::violated);
}

RC_GTEST_PROP(Ttl, PointsAtTheOneGoneEarly, ()) {
  Sketch sketch = some_legal();
  const Mortal mortal = any_mortal();
  sketch.publish(mortal.from, mortal.to, kPlanted, {{"ttl_ms", mortal.ttl}});
  const Millis end = mortal.from + mortal.ttl - kGranularity;
  RC_PRE(mortal.to < end);
  const Millis to = any_between(mortal.to, end);
  read(sketch, kPlanted, std::max(mortal.to, to - 5), to, true);
  RC_ASSERT(shows_the_read(sketch, judge_not_expired_early, "expired_early"));
}

RC_GTEST_PROP(Ttl, PointsAtTheOneReadLate, ()) {
  Sketch sketch = some_legal();
  const Mortal mortal = any_mortal();
  sketch.publish(mortal.from, mortal.to, kPlanted, {{"ttl_ms", mortal.ttl}});
  const Millis end = mortal.to + mortal.ttl + kGrace + kGranularity;
  const Millis from = end + any_between(1, 300);
  read(sketch, kPlanted, from, from + 3, false);
  RC_ASSERT(shows_the_read(sketch, judge_not_readable_late, "readable_late"));
}

}  // namespace
}  // namespace busproof::checkers
