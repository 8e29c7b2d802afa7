// Method: histories of a few publishes, each accepted, refused (for certain or not) or never
// answered, and of what came, judged twice: by the judge of API-2, and by a search through every
// world a bus can have been in: which publishes it took, and when. A history is called violated
// when no world explains it, and met only when worlds that differ in a refused publish would have
// looked different to somebody who waited for a fence.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

enum class Answer { ok, refused, in_doubt, none };

constexpr Millis kNoWorld = -1, kWatched = 100;
constexpr std::uint32_t kFence = 50;

struct Sent {
  Millis from = 0, to = 0;
  Answer answer = Answer::ok;
  std::vector<Millis> came = {};
};

struct Case {
  std::vector<Sent> sent;
  bool fenced = false;
};

Sketch sketch_of(const Case& it) {
  Sketch sketch({});
  sketch.subscribe(0, 1, 20, 0);
  std::uint32_t number = 0, delivery = 0;
  for (const Sent& sent : it.sent) {
    About about{.message = ++number, .subscription = 0};
    if (sent.answer == Answer::refused || sent.answer == Answer::in_doubt)
      about.error = "unavailable";
    about.definite = sent.answer == Answer::refused;
    sketch.request(Action::publish, sent.from, sent.answer == Answer::none ? -1 : sent.to, about);
    for (const Millis at : sent.came)
      sketch.deliver(at, {.message = number, .delivery = ++delivery});
  }
  if (it.fenced) sketch.fence(kWatched, kWatched + 5, kFence, 900);
  return sketch;
}

/// Whether a bus that took that publish at `taken`, or never, can have been seen like this.
bool fits(const Sent& sent, Millis taken) {
  const bool took = taken != kNoWorld;
  if (sent.answer == Answer::refused && took) return false;
  if (sent.answer == Answer::ok && (!took || taken > sent.to)) return false;
  return std::all_of(sent.came.begin(), sent.came.end(),
                     [&](Millis at) { return took && at >= taken; });
}

bool explained(const Sent& sent) {
  if (fits(sent, kNoWorld)) return true;
  for (Millis taken = sent.from; taken <= kWatched; ++taken)
    if (fits(sent, taken)) return true;
  return false;
}

Case any_case(std::mt19937_64& random) {
  const auto any = [&](Millis least, Millis most) {
    return std::uniform_int_distribution<Millis>(least, most)(random);
  };
  Case it{.sent = {}, .fenced = any(0, 3) > 0};
  for (Millis i = any(1, 4); i > 0; --i) {
    Sent sent{.from = any(2, 40)};
    sent.to = sent.from + any(0, 20);
    sent.answer = static_cast<Answer>(any(0, 3));
    // A refused one is mostly not there; an accepted one may be late, and come twice.
    const Millis most = sent.answer == Answer::refused ? any(0, 5) / 5 : 2;
    for (Millis times = any(0, most); times > 0; --times)
      sent.came.push_back(sent.from + any(0, 50));
    it.sent.push_back(sent);
  }
  return it;
}

TEST(DefiniteTwin, RefusedAndDeliveredIsDecidedExactly) {
  std::mt19937_64 random(17);
  int violated = 0, met = 0, open = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Case it = any_case(random);
    const Sketch sketch = sketch_of(it);
    const Verdict verdict = sketch.judged(judge_refused_absent).verdict();
    ASSERT_EQ(verdict == Verdict::violated, !std::all_of(it.sent.begin(), it.sent.end(), explained))
        << history::to_json_lines(sketch.history());
    const bool shown =
        it.fenced && std::any_of(it.sent.begin(), it.sent.end(),
                                 [](const Sent& sent) { return sent.answer == Answer::refused; });
    ASSERT_EQ(verdict == Verdict::met, shown && verdict != Verdict::violated)
        << history::to_json_lines(sketch.history());
    violated += verdict == Verdict::violated ? 1 : 0;
    met += verdict == Verdict::met ? 1 : 0;
    open += verdict == Verdict::inconclusive ? 1 : 0;
  }
  EXPECT_GT(violated, 200);
  EXPECT_GT(met, 1000);
  EXPECT_GT(open, 1000);
}

}  // namespace
}  // namespace busproof::checkers
