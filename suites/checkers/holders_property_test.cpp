// Method: a small bus is played with random legal choices: who gets which message, how long each
// way is, what is settled, extended, refused or left unanswered, who goes. What it does is
// accepted; handed to a second member while it is certainly held the judge points at it.
// QUE-2.one_holder.
#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/holders.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kLease = 500, kGranularity = 2;
constexpr std::uint32_t kMembers = 3, kFence = 50, kPlanted = 800;

bool one_in(int n) { return any_between(0, n) == 0; }

class Played {
 public:
  Played() {
    for (std::uint32_t m = 1; m <= kMembers; ++m) {
      sketch.subscribe(0, 1, 20, kLease, {.subscription = m, .session = m});
      if (m > 1 && one_in(3)) leaves_[m] = any_between<Millis>(300, 3000);
      if (leaves_[m] > 0) sketch.mark(leaves_[m], "leaving", 0, m).disconnected(leaves_[m] + 5, m);
    }
  }

  /// Hands a message out again and again, each time when nobody holds it; gives what became of the
  /// last of them.
  struct Last {
    std::uint32_t delivery = 0, member = 0;
    Millis sent = 0, received = 0;
    bool acked = false;
  };
  Last play(std::uint32_t message, Millis published) {
    sketch.publish(published, published + any_between<Millis>(1, 20), message);
    Last last;
    Millis free = published + any_between<Millis>(0, 5);
    for (int left = any_between(1, 6); left > 0 && !last.acked; --left) {
      const auto member = any_between<std::uint32_t>(1, kMembers + 1);
      const bool gone = leaves_[member] > 0 && leaves_[member] <= free;
      if (gone) continue;
      last = {++delivery_, member, free, free + any_between<Millis>(0, 40)};
      // Of one connection the order is kept.
      last.received = read_[member] = std::max(read_[member], last.received);
      const bool seen = leaves_[member] == 0 || last.received < leaves_[member];
      if (seen) sketch.deliver(last.received, about(message, last));
      free = end_of(message, last, seen) + any_between<Millis>(0, 30);
    }
    return last;
  }

  [[nodiscard]] static About about(std::uint32_t message, const Last& of) {
    return {.message = message,
            .delivery = of.delivery,
            .subscription = of.member,
            .session = of.member};
  }

  Sketch sketch{{{"time_granularity_ms", kGranularity}}};

 private:
  /// Chooses what is done with a delivery and gives the end of its lease.
  Millis end_of(std::uint32_t message, Last& last, bool seen) {
    Millis end = last.sent + kLease - any_between<Millis>(0, kGranularity + 1);
    if (leaves_[last.member] > 0 && leaves_[last.member] < end) return leaves_[last.member];
    const Millis begun = last.received + any_between<Millis>(1, 60);
    const Millis done = begun + any_between<Millis>(1, 30);
    if (!seen || done >= end) return end;
    About request = about(message, last);
    if (one_in(4)) request.error = "store_unavailable", request.definite = one_in(2);
    const bool happens = request.error.empty() || (!request.definite && one_in(2));
    switch (any_between(0, 4)) {
      case 0:
        request.amount = any_between<Millis>(50, 900);
        sketch.request(Action::extend, begun, done, request);
        return happens ? any_between(begun, done + 1) + request.amount : end;
      case 1:
        request.amount = 1;
        sketch.request(Action::reject, begun, done, request);
        return happens ? any_between(begun, done + 1) : end;
      case 2:
        last.acked = happens;
        sketch.request(Action::ack, begun, done, request);
        return end;
      default:
        return end;
    }
  }

  std::array<Millis, kMembers + 1> leaves_{}, read_{};
  std::uint32_t delivery_ = 0;
};

RC_GTEST_PROP(OneHolder, AcceptsEveryLegalCourse, ()) {
  Played played;
  const auto count = any_between<std::uint32_t>(1, 5);
  for (std::uint32_t m = 1; m <= count; ++m) played.play(m, 10 * m);
  played.sketch.fence(9000, 9001, kFence, 900);
  const Verdict verdict = played.sketch.judged(judge_one_holder).verdict();
  RC_ASSERT(verdict == Verdict::met || verdict == Verdict::inconclusive);
}

/// The first member, which stays, is handed message 40 at `sent` and reads it at `received`.
std::uint32_t hand_out(Sketch& sketch, Millis sent, Millis received) {
  sketch.publish(sent, sent + 1, 40).deliver(received, {.message = 40, .delivery = 700});
  return 700;
}

void expect_held_twice(Sketch& sketch, Millis at) {
  sketch.deliver(at, {.message = 40, .delivery = kPlanted, .subscription = 7, .session = 7}, 2);
  const Judgement judgement = sketch.judged(judge_one_holder);
  RC_ASSERT(judgement.finding() == "held_twice");
  RC_ASSERT(points_at_delivery(judgement, sketch.history(), kPlanted));
  RC_ASSERT(points_at_delivery(judgement, sketch.history(), 700));
}

RC_GTEST_PROP(OneHolder, PointsAtTheSecondWithinTheTerm, ()) {
  Played played;
  played.play(1, 10);
  played.sketch.subscribe(0, 1, 20, kLease, {.subscription = 7, .session = 7});
  const Millis received = 5000 + any_between<Millis>(0, 200);
  hand_out(played.sketch, 5000, received);
  expect_held_twice(played.sketch, any_between<Millis>(received, 5000 + kLease - kGranularity));
}

RC_GTEST_PROP(OneHolder, PointsAtTheSecondWithinAnExtension, ()) {
  Played played;
  played.sketch.subscribe(0, 1, 20, kLease, {.subscription = 7, .session = 7});
  hand_out(played.sketch, 5000, 5010);
  const auto longer = any_between<Millis>(kLease, 3000);
  const Millis begun = 5010 + any_between<Millis>(0, 300);
  played.sketch.request(Action::extend, begun, begun + any_between<Millis>(1, 100),
                        {.message = 40, .delivery = 700, .amount = longer});
  expect_held_twice(played.sketch, any_between<Millis>(begun + 110, begun + longer - kGranularity));
}

RC_GTEST_PROP(OneHolder, PointsAtTheSecondAfterARefusedAck, ()) {
  Played played;
  played.sketch.subscribe(0, 1, 20, kLease, {.subscription = 7, .session = 7});
  hand_out(played.sketch, 5000, 5010);
  const Millis begun = 5010 + any_between<Millis>(0, 300);
  played.sketch.request(Action::ack, begun, begun + 5,
                        {.message = 40, .delivery = 700, .error = "store_unavailable"});
  expect_held_twice(played.sketch, any_between<Millis>(begun + 6, 5000 + kLease - kGranularity));
}

}  // namespace
}  // namespace busproof::checkers
