// Method: an inbox as a correct bus keeps it, its messages accepted at an instant between request
// and answer, is accepted; with exactly one fault planted in it the judge names both messages. The
// same for what is sent to the inbox and as a topic at once. AGT-3, AGT-4.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/agents.hpp"
#include "suites/checkers/any_between.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr std::string_view kInbox = "agent:a:inbox";
constexpr Millis kAsked = 500, kThere = 510;

struct Sent {
  std::uint32_t number = 0;
  Millis from = 0, accepted = 0, to = 0;

  [[nodiscard]] bool waited() const { return to < kAsked; }
  [[nodiscard]] bool later() const { return from > kAsked; }
};

/// In the order in which they were accepted. The first waits, the last comes late, and others may
/// be under way while the agent comes.
std::vector<Sent> some_sent() {
  std::vector<Sent> all;
  const auto count = any_between<std::uint32_t>(0, 9);
  const auto add = [&](Millis from, Millis past) {
    Sent one{.number = static_cast<std::uint32_t>(all.size()) + 1};
    one.from = any_between(from, past);
    one.to = one.from + any_between<Millis>(0, 60);
    one.accepted = any_between(one.from, one.to + 1);
    all.push_back(one);
  };
  add(1, 400);
  add(600, 900);
  for (std::uint32_t i = 0; i < count; ++i) add(1, 900);
  std::sort(all.begin(), all.end(),
            [](const Sent& a, const Sent& b) { return a.accepted < b.accepted; });
  return all;
}

Judgement handed_out(const std::vector<Sent>& order, history::History& history) {
  Sketch sketch({}, {{"agents", boost::json::object{}}});
  sketch.subscribe(kAsked, kThere, 100, 600'000, {.destination = kInbox});
  Millis at = kThere;
  for (const Sent& one : order) {
    sketch.request(Action::publish, one.from, one.to,
                   {.message = one.number,
                    .subscription = 0,
                    .session = 2,
                    .destination = kInbox,
                    .asked = {{"mode", "queue"}}});
    at = std::max(at, one.accepted) + 1;
    sketch.deliver(at, {.message = one.number, .delivery = one.number});
  }
  history = sketch.history();
  return sketch.judged(judge_backlog_first);
}

RC_GTEST_PROP(Agents, Agt3_AcceptsTheBacklogBeforeWhatIsNew, ()) {
  history::History history;
  RC_ASSERT(handed_out(some_sent(), history).verdict() == Verdict::met);
}

RC_GTEST_PROP(Agents, Agt3_PointsAtTheOneThatWasOvertaken, ()) {
  auto all = some_sent();
  const auto later = std::find_if(all.begin(), all.end(), [](const Sent& s) { return s.later(); });
  std::vector<std::size_t> waited;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].waited()) waited.push_back(i);
  const auto which = static_cast<std::ptrdiff_t>(*rc::gen::elementOf(waited));
  const std::uint32_t overtaken = all[static_cast<std::size_t>(which)].number;
  const std::uint32_t ahead = later->number;
  std::rotate(all.begin() + which, all.begin() + which + 1, later + 1);
  history::History history;
  const Judgement judgement = handed_out(all, history);
  RC_ASSERT(judgement.finding() == "overtaken");
  RC_ASSERT(points_at_delivery(judgement, history, overtaken));
  RC_ASSERT(points_at_delivery(judgement, history, ahead));
}

/// Messages for the inbox and all who listen to it at once: session 1 has it both ways, session 2
/// only listens. With `copied`, the number of one, session 1 gets the topic's copy of that, too.
Sketch both_ways(std::uint32_t count, std::uint32_t copied) {
  Sketch sketch({}, {{"agents", boost::json::object{}}, {"topic", boost::json::object{}}});
  sketch.subscribe(1, 2, 100, 600'000, {.subscription = 1, .session = 1, .destination = kInbox});
  for (const std::uint32_t session : {1U, 2U})
    sketch.request(Action::subscribe, 3, 4,
                   {.subscription = session + 1,
                    .session = session,
                    .destination = kInbox,
                    .asked = {{"mode", "topic"}}});
  Millis now = 10;
  for (std::uint32_t m = 1; m <= count; ++m) {
    const Millis to = now + any_between<Millis>(1, 20);
    sketch.request(Action::publish, now, to,
                   {.message = m,
                    .subscription = 0,
                    .session = 3,
                    .destination = kInbox,
                    .asked = {{"mode", "both"}}});
    const auto some_time = [&] { return any_between(now, to + 20); };
    sketch.deliver(some_time(), {.message = m, .delivery = m, .subscription = 1, .session = 1});
    sketch.deliver(some_time(), {.message = m, .subscription = 3, .session = 2}, 0);
    if (m == copied)
      sketch.deliver(some_time(), {.message = m, .subscription = 2, .session = 1}, 0);
    now = to + any_between<Millis>(1, 20);
  }
  return sketch;
}

RC_GTEST_PROP(Agents, Agt4_AcceptsOneCopyForEachConnection, ()) {
  const auto count = any_between<std::uint32_t>(2, 9);
  RC_ASSERT(both_ways(count, 0).judged(judge_both_once).verdict() == Verdict::met);
}

RC_GTEST_PROP(Agents, Agt4_PointsAtTheOneThatCameTwice, ()) {
  const auto count = any_between<std::uint32_t>(2, 9);
  const auto copied = any_between<std::uint32_t>(1, count + 1);
  const Sketch sketch = both_ways(count, copied);
  const Judgement judgement = sketch.judged(judge_both_once);
  RC_ASSERT(judgement.finding() == "twice");
  RC_ASSERT(points_at_message(judgement, sketch.history(), copied));
  RC_ASSERT(points_at_delivery(judgement, sketch.history(), copied));
}

}  // namespace
}  // namespace busproof::checkers
