// Method: events that are published again, later or at once, answered or not, of a bus that knows
// them again are accepted by every judge; with one repeat under another id, or one event delivered
// twice as the first, each judge names it and points at it. STORE-7, API-3.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/repeats.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Judge kJudges[] = {judge_repeated, judge_repeated_settled, judge_retried,
                             judge_repeated_at_once};

/// One publish of an event: the first one's message is the event's number.
struct Publish {
  std::uint32_t message = 0, first = 0;
  bool ok = false;
};

struct Made {
  Sketch sketch{{{"redelivery_grace_ms", 100}}, {{"dedupe", {{"window_ms", 100'000}}}}};
  std::vector<Publish> publishes;
  Millis end = 0;
};

/// One publish at `at`, under `id`; unanswered or refused now and then.
void publish(Made& made, Publish& one, Millis at, const std::string& id) {
  boost::json::object asked{
      {"mode", "queue"}, {"size", 1}, {"digest", fmt::format("{}", one.first)}};
  if (one.message != one.first) asked["repeats"] = one.first;
  const int fate = any_between(0, 6);
  one.ok = fate > 1;
  made.sketch.request(Action::publish, at, fate == 0 ? -1 : at + any_between(1, 30),
                      {.message = one.message,
                       .subscription = 0,
                       .session = static_cast<std::uint32_t>(any_between(1, 3)),
                       .error = fate == 1 ? "backpressure" : "",
                       .asked = asked,
                       .said = {{"transaction_id", id}, {"route", "inline"}}});
}

/// Some events, each published up to four times; `odd` says which publish is given an id of its
/// own, where that number is one.
Made some_events(std::size_t odd) {
  Made made;
  Millis at = 10;
  made.sketch.subscribe(1, 2, 100, 30'000);
  std::uint32_t next = 1, deliveries = 0;
  for (int event = any_between(1, 8); event > 0; --event) {
    const std::uint32_t first = next;
    bool accepted = false;
    for (int times = any_between(1, 5); times > 0; --times) {
      Publish one{next++, first};
      const bool other = made.publishes.size() == odd;
      publish(made, one, at, fmt::format("{}{}", other ? "other " : "", first));
      accepted = accepted || one.ok;
      made.publishes.push_back(one);
      at += any_between(1, 25);
    }
    if (accepted)
      made.sketch.deliver(
          at + 40,
          {.message = first, .delivery = ++deliveries, .said = {{"tx", fmt::format("{}", first)}}});
  }
  made.end = at + 100;
  return made;
}

constexpr std::size_t kNone = 1'000;

RC_GTEST_PROP(Repeats, Store7_AcceptsOneIdAndOneDelivery, ()) {
  Made made = some_events(kNone);
  made.sketch.fence(made.end, made.end + 10, 900, 900);
  for (const Judge judge : kJudges)
    RC_ASSERT(made.sketch.judged(judge).verdict() != Verdict::violated);
}

RC_GTEST_PROP(Repeats, Store7_NamesTheOneWithAnotherId, ()) {
  const auto odd = static_cast<std::size_t>(any_between(0, 12));
  Made made = some_events(odd);
  RC_PRE(odd < made.publishes.size());
  RC_PRE(made.publishes[odd].ok);
  const Publish& wrong = made.publishes[odd];
  bool another = false;
  for (const Publish& one : made.publishes)
    another = another || (one.ok && one.first == wrong.first && one.message != wrong.message);
  RC_PRE(another);
  const auto history = made.sketch.history();
  for (const Judge judge : kJudges) {
    const Judgement judgement = made.sketch.judged(judge);
    RC_ASSERT(judgement.finding() == "new_id");
    RC_ASSERT(points_at_message(judgement, history, wrong.message));
  }
}

RC_GTEST_PROP(Repeats, Store7_NamesTheOneThatCameTwice, ()) {
  Made made = some_events(kNone);
  const auto& one = made.publishes[static_cast<std::size_t>(
      any_between(0, static_cast<int>(made.publishes.size())))];
  std::size_t times = 0;
  bool accepted = false;
  for (const Publish& other : made.publishes)
    if (other.first == one.first) {
      ++times;
      accepted = accepted || other.ok;
    }
  RC_PRE(times > 1 && accepted);
  made.sketch.deliver(
      made.end,
      {.message = one.first, .delivery = 800, .said = {{"tx", fmt::format("{}", one.first)}}});
  const auto history = made.sketch.history();
  for (const Judge judge : kJudges) {
    const Judgement judgement = made.sketch.judged(judge);
    RC_ASSERT(judgement.finding() == "delivered_again");
    RC_ASSERT(points_at_delivery(judgement, history, 800));
  }
}

}  // namespace
}  // namespace busproof::checkers
