// Method: small histories of a few messages, in right and wrong orders, judged twice: by the judges
// of order and by a search through every instant at which a correct bus can have given each its
// place. A judge must never call broken what the search explains.
//
// Two kinds: a window of one that moves on with each ack, while others are still published; and a
// message that is given back, among others that wait until there is credit again.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "suites/checkers/order.hpp"
#include "suites/checkers/priority.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

/// One delivery, in order of receipt.
struct Entry {
  std::uint32_t message = 0;
  std::int64_t priority = 0;
  Millis from = 0, to = 0;  ///< When it took its place.
  Millis open = 0;          ///< No sooner was there room for it.
  Millis received = 0;
};

/// Whether some choice of places explains the order. Given the places, each is handed out as early
/// as it can be: waiting only lets others in.
bool explained(const std::vector<Entry>& all, bool by_priority, std::vector<Millis> places = {}) {
  if (places.size() < all.size()) {
    const Entry& next = all[places.size()];
    for (Millis at = next.from; at <= next.to; ++at) {
      places.push_back(at);
      if (explained(all, by_priority, places)) return true;
      places.pop_back();
    }
    return false;
  }
  Millis now = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    now = std::max({now, all[i].open, places[i]});
    if (now > all[i].received) return false;
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (places[j] > now) continue;
      if (by_priority && all[j].priority > all[i].priority) return false;
      if (all[j].priority == all[i].priority && places[j] < places[i]) return false;
    }
  }
  return true;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}
  Millis any(Millis least, Millis most) {
    return std::uniform_int_distribution<Millis>(least, most)(random_);
  }

  /// The entries in a right order by places drawn for them, or nearly.
  std::vector<Entry> ordered(std::vector<Entry> all) {
    std::vector<std::pair<Millis, Entry>> drawn;
    for (const Entry& entry : all) drawn.emplace_back(any(entry.from, entry.to), entry);
    std::sort(drawn.begin(), drawn.end(), [](const auto& a, const auto& b) {
      return a.second.priority != b.second.priority ? a.second.priority > b.second.priority
                                                    : a.first < b.first;
    });
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = drawn[i].second;
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
      if (any(1, 4) == 1) std::swap(all[i], all[i + 1]);
    return all;
  }

 private:
  std::mt19937_64 random_;
};

struct Case {
  std::vector<Entry> entries;
  history::History history;
  contract::Claims claims;
};

Sketch new_sketch(std::string_view redelivered) {
  return Sketch({{"lease_default_ms", 600'000}, {"delay_grace_ms", 0}},
                {{"priority", boost::json::object{}},
                 {"queue", boost::json::object{{"redelivered", redelivered}}}});
}

/// A window of one: each is acked some time after its receipt, and the next may come from then on.
Case moving_window(Random& random) {
  std::vector<Entry> all;
  for (std::uint32_t m = 1; m <= static_cast<std::uint32_t>(random.any(4, 5)); ++m) {
    const Millis from = random.any(2, 20);
    all.push_back({m, random.any(0, 1), from, from + random.any(0, 3)});
  }
  all = random.ordered(all);
  Sketch sketch = new_sketch("place");
  sketch.subscribe(0, 1, 1, 0);
  Millis open = 0;
  for (Entry& entry : all) {
    entry.open = open;
    entry.received = std::max(open, entry.from) + random.any(0, 3);
    sketch.publish(entry.from, entry.to, entry.message, {{"priority", entry.priority}});
    sketch.deliver(entry.received, {.message = entry.message, .delivery = entry.message});
    open = entry.received + random.any(1, 3);
    sketch.request(Action::ack, open, open + random.any(0, 2),
                   {.message = entry.message, .delivery = entry.message});
  }
  return {all, sketch.history(), sketch.claims()};
}

/// The first is delivered, given back while there is no credit, and comes again among the others.
Case given_back(Random& random, bool tail) {
  constexpr Millis kCredit = 300;
  const Millis reject = random.any(20, 30);
  const Entry first{1, random.any(0, 1), 1, 2};
  std::vector<Entry> all = {first};
  if (tail) all[0].from = reject, all[0].to = reject + 3;
  for (std::uint32_t m = 2; m <= static_cast<std::uint32_t>(random.any(3, 4)); ++m) {
    const Millis from = random.any(6, 40);
    all.push_back({m, random.any(0, 1), from, from + random.any(0, 3)});
  }
  Sketch sketch = new_sketch(tail ? "tail" : "place");
  sketch.subscribe(0, 1, 1, 0).publish(1, 2, 1, {{"priority", first.priority}});
  sketch.deliver(3, {.message = 1, .delivery = 1});
  sketch.request(Action::credit, 4, 5, {.amount = 0});
  sketch.request(Action::reject, reject, reject + 2,
                 {.message = 1, .delivery = 1, .amount = 1, .asked = {{"delay_ms", 0}}});
  sketch.request(Action::credit, kCredit, kCredit + 1, {.amount = 10});
  for (const Entry& entry : all)
    if (entry.message != 1)
      sketch.publish(entry.from, entry.to, entry.message, {{"priority", entry.priority}});
  all = random.ordered(all);
  Millis at = kCredit;
  for (Entry& entry : all) {
    entry.open = kCredit;
    entry.received = at += random.any(1, 3);
    sketch.deliver(at, {.message = entry.message, .delivery = 10 + entry.message},
                   entry.message == 1 ? 2 : 1);
  }
  return {all, sketch.history(), sketch.claims()};
}

struct Seen {
  int violated = 0, met = 0, missed = 0;
};

void compare(const Case& it, Judge judge, bool by_priority, Seen& seen) {
  const Verdict verdict = judge(history::View(it.history), it.claims).verdict();
  const bool right = explained(it.entries, by_priority);
  if (right) {
    ASSERT_NE(verdict, Verdict::violated) << history::to_json_lines(it.history);
  }
  seen.violated += verdict == Verdict::violated ? 1 : 0;
  seen.met += verdict == Verdict::met ? 1 : 0;
  seen.missed += !right && verdict != Verdict::violated ? 1 : 0;
}

constexpr int kCases = 3000;

TEST(OrderTwin, AWindowThatMovesOnIsNeverBlamedForWhatCanBeExplained) {
  Random random(31);
  Seen overtakes, first;
  for (int i = 0; i < kCases; ++i) {
    const Case it = moving_window(random);
    compare(it, judge_overtakes, true, overtakes);
    compare(it, judge_order_of_publisher, false, first);
  }
  EXPECT_GT(first.violated, 100);
  EXPECT_GT(overtakes.violated, 30);  // A late one among few is rare.
  for (const Seen& seen : {overtakes, first}) EXPECT_GT(seen.met, 100);
}

TEST(OrderTwin, OneGivenBackIsNeverBlamedForWhatCanBeExplained) {
  for (const bool tail : {false, true}) {
    Random random(tail ? 32 : 33);
    Seen place, priority, around;
    for (int i = 0; i < kCases; ++i) {
      const Case it = given_back(random, tail);
      compare(it, judge_redelivered_place, false, place);
      compare(it, judge_redelivered_priority, true, priority);
      compare(it, judge_order_around_reject, false, around);
    }
    for (const Seen& seen : {place, priority, around}) {
      EXPECT_GT(seen.violated, 100);
      EXPECT_GT(seen.met, 100);
    }
    // It looks at everything that the search does.
    EXPECT_LE(around.missed * 3, around.violated);
  }
}

}  // namespace
}  // namespace busproof::checkers
