// Method: histories of one mortal message and a few reads, judged twice: by the judges of TTL-2 and
// by a search through every instant at which a correct bus can have accepted the message and served
// each read. The two must agree on every history.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "suites/checkers/sketch.hpp"
#include "suites/checkers/ttl.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kTtl = 20, kGrace = 5, kGranularity = 1;

struct Read {
  Millis invoked = 0, answered = 0;
  bool gone = false;
};

struct Case {
  Millis invoked = 0, answered = 0;
  std::vector<Read> reads;
};

Sketch sketch_of(const Case& it) {
  Sketch sketch({{"ttl_grace_ms", kGrace}, {"time_granularity_ms", kGranularity}},
                {{"ttl", boost::json::object{}}, {"store", boost::json::object{}}});
  sketch.publish(it.invoked, it.answered, 1, {{"ttl_ms", kTtl}});
  for (const Read& read : it.reads)
    sketch.request(Action::retrieve, read.invoked, read.answered,
                   {.message = 1, .subscription = 0, .error = read.gone ? "expired" : ""});
  return sketch;
}

/// Whether the life of a message accepted at `accepted` explains the read, were it served at `at`.
bool early_fits(const Read& read, Millis accepted, Millis at) {
  return !read.gone || at >= accepted + kTtl - kGranularity;
}
bool late_fits(const Read& read, Millis accepted, Millis at) {
  return read.gone || at <= accepted + kTtl + kGrace + kGranularity;
}

template <typename Fits>
bool explained(const Case& it, Fits fits) {
  for (Millis accepted = it.invoked; accepted <= it.answered; ++accepted) {
    const bool all = std::all_of(it.reads.begin(), it.reads.end(), [&](const Read& read) {
      for (Millis at = read.invoked; at <= read.answered; ++at)
        if (fits(read, accepted, at)) return true;
      return false;
    });
    if (all) return true;
  }
  return false;
}

Case any_case(std::mt19937_64& random) {
  const auto any = [&](Millis least, Millis most) {
    return std::uniform_int_distribution<Millis>(least, most)(random);
  };
  Case it;
  it.invoked = any(0, 10);
  it.answered = it.invoked + any(0, 5);
  const Millis expires = any(it.invoked, it.answered) + kTtl + any(-9, kGrace + 12);
  Millis at = it.answered;
  for (Millis i = any(1, 4); i > 0; --i) {
    at += any(0, 12);
    Read read{.invoked = at, .answered = at + any(0, 4)};
    read.gone = any(read.invoked, read.answered) >= expires;
    it.reads.push_back(read);
    at = read.answered;
  }
  return it;
}

template <typename Fits>
void compare(Judge judge, Fits fits) {
  std::mt19937_64 random(31);
  int violated = 0, met = 0, open = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Case it = any_case(random);
    const Verdict verdict = sketch_of(it).judged(judge).verdict();
    ASSERT_EQ(verdict == Verdict::violated, !explained(it, fits))
        << history::to_json_lines(sketch_of(it).history());
    violated += verdict == Verdict::violated ? 1 : 0;
    met += verdict == Verdict::met ? 1 : 0;
    open += verdict == Verdict::inconclusive ? 1 : 0;
  }
  EXPECT_GT(violated, 200);
  EXPECT_GT(met, 1000);
  EXPECT_GT(open, 100);
}

TEST(TtlTwin, EarlyIsDecidedExactly) { compare(judge_not_expired_early, early_fits); }

TEST(TtlTwin, LateIsDecidedExactly) { compare(judge_not_readable_late, late_fits); }

}  // namespace
}  // namespace busproof::checkers
