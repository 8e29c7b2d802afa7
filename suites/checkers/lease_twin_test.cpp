// Method: small histories of one message, right and wrong ones, judged twice: by the judges of
// QUE-4 and by a search through everything that a correct bus can have done: in which order and at
// which instants it sent each delivery, and how each lease ended. No choice explains the history:
// broken. A judge must never call broken what the search explains.
//
// Where the judges are more lenient: lateness after a reject or beside a second member is not
// theirs.
#include <algorithm>
#include <array>
#include <random>

#include <gtest/gtest.h>

#include "suites/checkers/lease.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

// All instants are multiples of 10 ms, which is also the granularity of the bus' clock.
constexpr Millis kStep = 10, kLease = 100, kGrace = 30, kWay = 100, kEver = 100'000;

struct Sent {
  int member = 0;  ///< 0 or 1: a session with a subscription of its own.
  Millis received = 0;
  Millis rejected = kEver;  ///< When its reject was invoked; answered a step later.
  Millis extended = kEver;  ///< When an extension to half a lease was invoked.
};

struct Case {
  Millis published = 0;
  std::array<Millis, 2> subscribed{0, 0};
  std::array<Millis, 2> left{kEver, kEver};  ///< When that session said that it goes.
  std::vector<Sent> deliveries;              ///< In order of receipt.
  Millis fence = 0;                          ///< When a last message was published; 0: never.
};

Sketch sketch_of(const Case& it) {
  Sketch sketch({{"redelivery_grace_ms", kGrace}, {"time_granularity_ms", kStep}});
  for (std::uint32_t m = 0; m < 2; ++m) {
    sketch.subscribe(it.subscribed[m], it.subscribed[m], 10, kLease,
                     {.subscription = m + 1, .session = m + 1});
    if (it.left[m] == kEver) continue;
    sketch.mark(it.left[m], "leaving", 0, m + 1).disconnected(it.left[m] + kStep, m + 1);
  }
  sketch.publish(it.published, it.published + kStep, 1);
  std::uint32_t number = 0;
  for (const Sent& sent : it.deliveries) {
    const auto member = static_cast<std::uint32_t>(sent.member) + 1;
    const About about{
        .message = 1, .delivery = ++number, .subscription = member, .session = member};
    sketch.deliver(sent.received, about, static_cast<std::int32_t>(number));
    if (sent.rejected != kEver) {
      About reject = about;
      reject.amount = 1;
      sketch.request(Action::reject, sent.rejected, sent.rejected + kStep, reject);
    }
    if (sent.extended != kEver) {
      About extend = about;
      extend.amount = kLease / 2;
      sketch.request(Action::extend, sent.extended, sent.extended + kStep, extend);
    }
  }
  if (it.fence != 0) sketch.fence(it.fence, it.fence + kStep, 2, 99);
  return sketch;
}

/// Whether a correct bus can have sent these deliveries, each when no lease was held.
class EarlySearch {
 public:
  explicit EarlySearch(const Case& it) : it_(it) {}
  bool explains() { return from(0, 0); }

 private:
  /// Tries every delivery that can be the next to be sent at `free` or later; `done`: bits of those
  /// that were.
  bool from(unsigned done, Millis free) {
    if (done + 1 == 1U << it_.deliveries.size()) return true;
    std::array<bool, 2> blocked{false, false};
    for (std::size_t i = 0; i < it_.deliveries.size(); ++i) {
      const Sent& sent = it_.deliveries[i];
      const auto member = static_cast<std::size_t>(sent.member);
      if ((done >> i & 1U) != 0 || blocked[member]) continue;
      blocked[member] = true;  // One connection keeps the order.
      const Millis begin = std::max({free, it_.published, it_.subscribed[member]});
      for (Millis at = begin; at <= sent.received; at += kStep)
        for (const Millis end : ends(sent, at))
          if (from(done | 1U << i, end)) return true;
    }
    return false;
  }

  /// Every instant at which the lease of a delivery sent at `at` can have ended.
  std::vector<Millis> ends(const Sent& sent, Millis at) const {
    std::vector<Millis> found;
    // An extension that was granted found the message still with this delivery.
    if (sent.extended == kEver) found.push_back(at + kLease - kStep);
    const Millis left = it_.left[static_cast<std::size_t>(sent.member)];
    if (left != kEver) found.push_back(std::max(at, left));
    for (const Millis processed : {sent.rejected, sent.rejected + kStep})
      if (sent.rejected != kEver) found.push_back(processed);
    for (const Millis processed : {sent.extended, sent.extended + kStep})
      if (sent.extended != kEver) found.push_back(processed + kLease / 2 - kStep);
    return found;
  }

  const Case& it_;
};

/// Whether a correct bus can have been so slow: on one member, with every lease left to run out.
bool late_explained(const Case& it, std::size_t which, Millis sent_at) {
  const Millis due = sent_at + kLease + kGrace + kStep;
  const bool last = which + 1 == it.deliveries.size();
  // What was sent when it was due came before a message published later, save for the way.
  if (last) return it.fence == 0 || it.fence <= due + kWay;
  for (Millis next = sent_at; next <= due; next += kStep) {
    if (next + kWay < it.deliveries[which + 1].received) continue;
    if (next <= it.deliveries[which + 1].received && late_explained(it, which + 1, next))
      return true;
  }
  return false;
}

bool late_explained(const Case& it) {
  for (Millis at = it.published; at <= it.deliveries.front().received; at += kStep)
    if (late_explained(it, 0, at)) return true;
  return false;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}
  Millis steps(Millis least, Millis most) {
    return kStep * std::uniform_int_distribution<Millis>(least / kStep, most / kStep)(random_);
  }
  bool one_in(int n) { return std::uniform_int_distribution<int>(1, n)(random_) == 1; }

 private:
  std::mt19937_64 random_;
};

Case any_early(Random& random) {
  Case it;
  it.published = random.steps(0, 50);
  if (random.one_in(2)) it.subscribed[1] = random.steps(0, 150);
  const bool two = random.one_in(2);
  for (std::size_t m = 0; m < 2; ++m)
    if (random.one_in(4)) it.left[m] = it.subscribed[m] + random.steps(20, 200);
  Millis at = it.published;
  for (Millis count = random.steps(20, 40); count > 0; count -= kStep) {
    at += random.one_in(2) ? random.steps(kLease - 20, kLease + 20) : random.steps(10, 120);
    Sent sent{.member = two && random.one_in(2) ? 1 : 0, .received = at};
    // Nothing is read before the subscription or after the end of the connection.
    const auto m = static_cast<std::size_t>(sent.member);
    if (at < it.subscribed[m] || at > it.left[m] + kStep) continue;
    if (random.one_in(5)) sent.rejected = at + random.steps(10, 30);
    if (random.one_in(8)) sent.extended = at + random.steps(10, 30);
    it.deliveries.push_back(sent);
  }
  return it;
}

TEST(LeaseTwin, EarlyIsNeverCalledWhatCanBeExplained) {
  Random random(7);
  int violated = 0, met = 0, lenient = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Case it = any_early(random);
    const bool explained = EarlySearch(it).explains();
    const Verdict verdict = sketch_of(it).judged(judge_not_early).verdict();
    if (explained) {
      ASSERT_NE(verdict, Verdict::violated) << history::to_json_lines(sketch_of(it).history());
    }
    violated += verdict == Verdict::violated ? 1 : 0;
    met += verdict == Verdict::met ? 1 : 0;
    lenient += !explained && verdict != Verdict::violated ? 1 : 0;
  }
  RecordProperty("violated", violated);
  RecordProperty("met", met);
  RecordProperty("lenient", lenient);
  EXPECT_GT(violated, 1000);
  EXPECT_GT(met, 1000);
  EXPECT_LT(lenient, violated) << "what the search finds broken the judge mostly does, too";
}

TEST(LeaseTwin, EarlyOnOneConnectionIsDecidedExactly) {
  Random random(8);
  int violated = 0, met = 0;
  for (int i = 0; i < 5000; ++i) {
    Case it;
    it.published = random.steps(0, 50);
    Millis at = it.published + random.steps(0, 20);
    for (Millis count = random.steps(20, 40); count > 0; count -= kStep) {
      it.deliveries.push_back({.received = at});
      at += random.steps(kLease - 40, kLease + 20);
    }
    const bool explained = EarlySearch(it).explains();
    const Verdict verdict = sketch_of(it).judged(judge_not_early).verdict();
    ASSERT_EQ(verdict, explained ? Verdict::met : Verdict::violated)
        << history::to_json_lines(sketch_of(it).history());
    (explained ? met : violated) += 1;
  }
  EXPECT_GT(violated, 500);
  EXPECT_GT(met, 500);
}

Case any_late(Random& random, Millis most) {
  Case it;
  it.published = random.steps(0, 50);
  Millis at = it.published + random.steps(0, 50);
  for (Millis count = random.steps(10, most); count > 0; count -= kStep) {
    it.deliveries.push_back({.received = at});
    at += kLease + random.steps(0, 290);
  }
  it.fence = it.deliveries.back().received + random.steps(kStep, 2 * (kLease + kGrace + kWay));
  return it;
}

/// Judges 5000 such histories; `exact`: the search and the judge must agree on each, else the judge
/// may be the milder.
void compare_late(Millis deliveries_times_step, bool exact) {
  Random random(9);
  int violated = 0, met = 0, open = 0;
  for (int i = 0; i < 5000; ++i) {
    Case it = any_late(random, deliveries_times_step);
    if (exact && it.deliveries.size() > 1) it.fence = 0;  // One question at a time.
    const bool explained = late_explained(it);
    const Verdict verdict = sketch_of(it).judged(judge_not_late).verdict();
    if (explained || exact) {
      ASSERT_EQ(verdict == Verdict::violated, !explained)
          << history::to_json_lines(sketch_of(it).history());
    }
    violated += verdict == Verdict::violated ? 1 : 0;
    met += verdict == Verdict::met ? 1 : 0;
    open += verdict == Verdict::inconclusive ? 1 : 0;
  }
  EXPECT_GT(violated, 500);
  EXPECT_GT(met, 500);
  EXPECT_GT(open, 100);
}

TEST(LeaseTwin, OneLateRedeliveryIsDecidedExactly) { compare_late(2 * kStep, true); }

TEST(LeaseTwin, LateIsNeverCalledWhatCanBeExplained) { compare_late(4 * kStep, false); }

}  // namespace
}  // namespace busproof::checkers
