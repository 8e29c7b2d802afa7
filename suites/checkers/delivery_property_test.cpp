// Method: a history that is right by construction is accepted; with exactly one fault planted in it
// the judge names the fault and points at it. QUE-1 and DUR-2.publish.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/delivery.hpp"
#include "suites/checkers/durability.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

enum class Answer { ok, refused, none };

struct Sent {
  Millis from = 0, to = 0;
  Answer answer = Answer::ok;
  std::vector<Millis> came = {};  ///< May come before the answer, and more than once.
};

constexpr std::uint32_t kFence = 50;

std::vector<Sent> any_sent() {
  std::vector<Sent> all;
  const int count = any_between(1, 9);
  for (int i = 0; i < count; ++i) {
    Sent sent{.from = 10 * i + any_between(1, 9)};
    sent.to = sent.from + any_between(1, 40);
    sent.answer = *rc::gen::weightedElement<Answer>(
        {{6, Answer::ok}, {1, Answer::refused}, {1, Answer::none}});
    int times = sent.answer == Answer::refused ? 0 : any_between(1, 3);
    if (sent.answer == Answer::none && *rc::gen::arbitrary<bool>()) times = 0;
    for (; times > 0; --times) sent.came.push_back(sent.from + any_between(0, 60));
    all.push_back(sent);
  }
  return all;
}

boost::json::object payload(std::size_t which) {
  return {{"digest", "sha-256=:" + std::to_string(which) + "=:"}, {"size", 1}};
}

Sketch sketch_of(const std::vector<Sent>& all) {
  Sketch sketch({});
  sketch.subscribe(0, 1, 20, 0);
  std::uint32_t number = 0, delivery = 0;
  for (const Sent& sent : all) {
    About about{.message = ++number, .subscription = 0, .asked = payload(number)};
    if (sent.answer == Answer::refused) about.error = "backpressure";
    sketch.request(Action::publish, sent.from, sent.answer == Answer::none ? -1 : sent.to, about);
    for (const Millis at : sent.came)
      sketch.deliver(at, {.message = number, .delivery = ++delivery, .said = payload(number)});
  }
  sketch.fence(1000, 1005, kFence, 900);
  return sketch;
}

/// The number of some accepted message.
std::uint32_t any_accepted(const std::vector<Sent>& all) {
  std::vector<std::uint32_t> accepted;
  for (std::uint32_t i = 0; i < all.size(); ++i)
    if (all[i].answer == Answer::ok) accepted.push_back(i + 1);
  RC_PRE(!accepted.empty());
  return *rc::gen::elementOf(accepted);
}

void expect_fault(const Sketch& sketch, std::string_view finding, std::uint32_t delivery) {
  const Judgement judgement = sketch.judged(judge_delivered);
  RC_ASSERT(judgement.verdict() == Verdict::violated);
  RC_ASSERT(judgement.finding() == finding);
  RC_ASSERT(points_at_delivery(judgement, sketch.history(), delivery));
}

RC_GTEST_PROP(Delivered, AcceptsWhatAllCame, ()) {
  const auto all = any_sent();
  any_accepted(all);
  RC_ASSERT(sketch_of(all).judged(judge_delivered).verdict() == Verdict::met);
}

RC_GTEST_PROP(Delivered, PointsAtTheLostOne, ()) {
  auto all = any_sent();
  const std::uint32_t lost = any_accepted(all);
  all[lost - 1].came.clear();
  const Sketch sketch = sketch_of(all);
  const Judgement judgement = sketch.judged(judge_delivered);
  RC_ASSERT(judgement.finding() == "lost");
  RC_ASSERT(points_at_message(judgement, sketch.history(), lost));
}

RC_GTEST_PROP(Delivered, PointsAtTheOneMadeUp, ()) {
  Sketch sketch = sketch_of(any_sent());
  const auto number = *rc::gen::element<std::uint32_t>(0, 77);
  sketch.deliver(any_between(1, 1200), {.message = number, .delivery = 800});
  expect_fault(sketch, "made_up", 800);
}

RC_GTEST_PROP(Delivered, PointsAtTheAlteredOne, ()) {
  const auto all = any_sent();
  Sketch sketch = sketch_of(all);
  const About wrong{.message = any_accepted(all), .delivery = 800, .said = payload(99)};
  sketch.deliver(any_between(100, 1200), wrong);
  expect_fault(sketch, "altered", 800);
}

RC_GTEST_PROP(Delivered, PointsAtTheMisdeliveredOne, ()) {
  const auto all = any_sent();
  Sketch sketch = sketch_of(all);
  sketch.subscribe(2, 3, 20, 0, {.subscription = 2, .destination = "p"});
  sketch.deliver(any_between(100, 1200),
                 {.message = any_accepted(all), .delivery = 800, .subscription = 2});
  expect_fault(sketch, "misdelivered", 800);
}

RC_GTEST_PROP(RefusedAbsent, AcceptsSilenceAndPointsAtTheOneThatCame, ()) {
  auto all = any_sent();
  all.push_back({.from = 200, .to = 210, .answer = Answer::refused});
  RC_ASSERT(sketch_of(all).judged(judge_refused_absent).verdict() == Verdict::met);
  Sketch sketch = sketch_of(all);
  const auto refused = static_cast<std::uint32_t>(all.size());
  sketch.deliver(any_between(200, 1300), {.message = refused, .delivery = 800});
  const Judgement judgement = sketch.judged(judge_refused_absent);
  RC_ASSERT(judgement.finding() == "refused_but_delivered");
  RC_ASSERT(points_at_delivery(judgement, sketch.history(), 800));
}

/// Publishes before a kill at 500 ms, some of them settled in time; the rest comes after the
/// restart but for `lost`.
Sketch crashed(int count, std::uint32_t lost) {
  Sketch sketch({{"redelivery_grace_ms", 100}});
  sketch.subscribe(0, 1, 20, 500);
  sketch.mark(500, "kill").disconnected(502, 1, "bus");
  sketch.subscribe(600, 601, 20, 500, {.subscription = 2, .session = 2});
  std::uint32_t delivery = 0;
  for (std::uint32_t m = 1; m <= static_cast<std::uint32_t>(count); ++m) {
    const Millis from = any_between(2, 400);
    const bool answered = m == lost || any_between(0, 6) != 0;
    sketch.publish(from, answered ? from + 5 : -1, m);
    const bool shown = *rc::gen::arbitrary<bool>();
    if (shown) sketch.deliver(from + any_between(0, 60), {.message = m, .delivery = ++delivery});
    const bool settles = shown && m != lost && *rc::gen::arbitrary<bool>();
    About ack{.message = m, .delivery = delivery};
    if (settles && *rc::gen::arbitrary<bool>()) ack.error = "disconnected", ack.definite = false;
    if (settles) sketch.request(Action::ack, 480, 501, ack);
    const bool owed = answered && !settles && m != lost;
    if (owed || (m != lost && *rc::gen::arbitrary<bool>() && ack.error.size() > 0))
      sketch.deliver(any_between(601, 2500),
                     {.message = m, .delivery = ++delivery, .subscription = 2, .session = 2}, 2);
  }
  sketch.fence(1400, 1401, kFence, 900, 2, 2);
  return sketch;
}

RC_GTEST_PROP(PublishesSurvive, AcceptsWhatCameBack, ()) {
  const Verdict verdict = crashed(any_between(1, 7), 0).judged(judge_publishes_survive).verdict();
  RC_ASSERT(verdict == Verdict::met || verdict == Verdict::inconclusive);
}

RC_GTEST_PROP(PublishesSurvive, PointsAtTheLostOne, ()) {
  const int count = any_between(1, 7);
  const auto lost = static_cast<std::uint32_t>(any_between(1, count + 1));
  const Sketch sketch = crashed(count, lost);
  const Judgement judgement = sketch.judged(judge_publishes_survive);
  RC_ASSERT(judgement.finding() == "lost_in_crash");
  RC_ASSERT(points_at_message(judgement, sketch.history(), lost));
}

}  // namespace
}  // namespace busproof::checkers
