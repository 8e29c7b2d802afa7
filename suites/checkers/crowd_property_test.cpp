// Method: a bus is played with several publishers and several members of a group: who gets what is
// chance, ways differ in length, leases run out, acks are refused, come too late or get no answer.
// That is accepted; one message lost, made up, or come again after its ack is named and pointed at.
// QUE-14.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/load.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kLease = 400, kGrace = 60, kGranularity = 2;
constexpr std::uint32_t kMembers = 3, kPublishers = 2, kFence = 90, kPlanted = 800;

bool one_in(int n) { return any_between(0, n) == 0; }

class Crowd {
 public:
  Crowd() {
    for (std::uint32_t m = 1; m <= kMembers; ++m)
      sketch.subscribe(0, 1, 100, kLease, {.subscription = m, .session = m});
    // Two publishers and two members at the least, so that it is a crowd.
    for (std::uint32_t m = 1; m <= 4; ++m) hand_out(publish(5 * m), 1 + m % 2, true);
    for (int left = any_between(0, 8); left > 0; --left)
      hand_out(publish(any_between<Millis>(10, 400)), 0, false);
  }

  struct Published {
    std::uint32_t message = 0;
    Millis carried_out = 0;
  };
  /// One that is accepted, or may have been.
  Published publish(Millis from, bool answered = true) {
    const Published made{++message_, from + any_between<Millis>(0, 20)};
    const std::uint32_t session = kMembers + 1 + message_ % kPublishers;
    sketch.request(
        Action::publish, from, answered ? made.carried_out + any_between<Millis>(1, 20) : -1,
        {.message = message_, .subscription = 0, .session = session, .asked = {{"mode", "queue"}}});
    return made;
  }

  struct Acked {
    std::uint32_t message = 0, member = 0;
    Millis answered = 0;
  };
  /// Hands it to one after the other until one has acked it; `at_once`: to `member`, which does.
  Acked hand_out(const Published& one, std::uint32_t member, bool at_once) {
    Millis free = one.carried_out;
    for (std::int32_t attempt = 1;; ++attempt) {
      if (!at_once) member = any_between<std::uint32_t>(1, kMembers + 1);
      const Millis sent = free + any_between<Millis>(0, 10);
      const Millis read = read_.at(member) =
          std::max(read_.at(member), sent) + any_between<Millis>(0, 30);
      const About about{.message = one.message,
                        .delivery = ++delivery_,
                        .subscription = member,
                        .session = member};
      sketch.deliver(read, about, attempt);
      const Millis over = sent + kLease - any_between<Millis>(0, kGranularity + 1);
      const Millis asked = read + any_between<Millis>(1, 30), done = asked + 3;
      const bool in_time = done < sent + kLease - kGranularity;
      const bool left = !at_once && attempt < 4 && one_in(3);
      if (left || !in_time || (!at_once && attempt < 5 && settled_oddly(about, asked, done))) {
        free = over + any_between<Millis>(0, kGrace);
        continue;
      }
      sketch.request(Action::ack, asked, done, about);
      return {one.message, member, done};
    }
  }

  /// Behind everything, however often it went round.
  void fence() { sketch.fence(20'000, 20'003, kFence, 900); }

  Sketch sketch{{{"redelivery_grace_ms", kGrace}, {"time_granularity_ms", kGranularity}}};

 private:
  /// An ack that did not happen: refused, or cut off on its way.
  bool settled_oddly(About about, Millis asked, Millis done) {
    if (!one_in(4)) return false;
    about.error = one_in(2) ? "store_unavailable" : "no_answer";
    about.definite = about.error == "store_unavailable";
    sketch.request(Action::ack, asked, done, about);
    return true;
  }

  std::uint32_t message_ = 0, delivery_ = 0;
  std::array<Millis, kMembers + 1> read_{};
};

void expect_fault(const Crowd& crowd, Judge judge, std::string_view finding,
                  std::uint32_t message) {
  const Judgement judgement = crowd.sketch.judged(judge);
  RC_ASSERT(judgement.finding() == finding);
  RC_ASSERT(points_at_message(judgement, crowd.sketch.history(), message));
}

RC_GTEST_PROP(Crowd, AcceptsEveryLegalCourse, ()) {
  Crowd crowd;
  // What was not answered may come, or not.
  const auto doubtful = crowd.publish(300, false);
  if (one_in(2)) crowd.hand_out(doubtful, 0, false);
  crowd.fence();
  for (const Judge judge :
       {judge_crowd_loses_none, judge_crowd_makes_up_none, judge_crowd_acked_once}) {
    const Judgement judgement = crowd.sketch.judged(judge);
    if (judgement.verdict() != Verdict::met) RC_FAIL(judgement.says());
  }
}

RC_GTEST_PROP(Crowd, PointsAtTheLostOne, ()) {
  Crowd crowd;
  const auto lost = crowd.publish(any_between<Millis>(10, 400));
  crowd.fence();
  expect_fault(crowd, judge_crowd_loses_none, "lost", lost.message);
}

RC_GTEST_PROP(Crowd, PointsAtTheOneMadeUp, ()) {
  Crowd crowd;
  const auto number = *rc::gen::element<std::uint32_t>(0, 77);
  const auto member = any_between<std::uint32_t>(1, kMembers + 1);
  crowd.sketch.deliver(
      any_between<Millis>(1, 900),
      {.message = number, .delivery = kPlanted, .subscription = member, .session = member});
  crowd.fence();
  expect_fault(crowd, judge_crowd_makes_up_none, "made_up", number);
}

RC_GTEST_PROP(Crowd, PointsAtTheAckedThatCameAgain, ()) {
  Crowd crowd;
  const auto acked = crowd.hand_out(crowd.publish(15'000), 1, true);
  crowd.sketch.deliver(acked.answered + any_between<Millis>(1, 900),
                       {.message = acked.message, .delivery = kPlanted}, 2);
  crowd.fence();
  expect_fault(crowd, judge_crowd_acked_once, "acked_came_again", acked.message);
}

}  // namespace
}  // namespace busproof::checkers
