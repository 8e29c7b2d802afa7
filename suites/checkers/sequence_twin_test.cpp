// Method: short programs on one queue, carried out by a bus that sometimes does wrong, judged
// twice: by the judges of QUE-3 and PRI-6, and by stepping every state that a correct bus can be in
// through the history at once. No state is left: broken. The judges must never call broken what
// leaves one.
#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "suites/checkers/sequence.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr std::int64_t kLowest = 0;  // The fence's.

/// What a correct bus can hold of one message.
enum class Kept : std::uint8_t { nothing, waiting, returning, held };
using State = std::vector<Kept>;  // by message, in order of acceptance

struct Known {
  std::int64_t priority = 0;
  int times = 0;  ///< Deliveries so far.
  bool held = false;
};

/// Every state that explains the history so far.
class Explanations {
 public:
  void published(std::int64_t priority, bool answered) {
    std::set<State> next;
    for (State state : states_) {
      state.push_back(Kept::waiting);
      next.insert(state);
      state.back() = Kept::nothing;
      if (!answered) next.insert(state);
    }
    states_ = std::move(next);
    known_.push_back({priority, 0, false});
  }

  void delivered(std::size_t which) {
    std::set<State> next;
    for (const State& state : states_)
      for (State ready : with_some_returned(state)) {
        if (!is_first(ready, which)) continue;
        ready[which] = Kept::held;
        next.insert(ready);
      }
    states_ = std::move(next);
    ++known_[which].times;
  }

  void acked(std::size_t which, bool answered) {
    std::set<State> next;
    for (State state : states_) {
      state[which] = Kept::nothing;
      next.insert(state);
      state[which] = Kept::returning;
      if (!answered) next.insert(state);
    }
    states_ = std::move(next);
  }

  void rejected(std::size_t which) {
    std::set<State> next;
    for (State state : states_) {
      state[which] = Kept::returning;
      next.insert(state);
    }
    states_ = std::move(next);
  }

  /// All that was owed came before the fence: what is left is held or gone.
  void fenced() {
    std::erase_if(states_, [](const State& state) {
      return std::any_of(state.begin(), state.end(), [](Kept kept) {
        return kept == Kept::waiting || kept == Kept::returning;
      });
    });
  }

  [[nodiscard]] bool left() const { return !states_.empty(); }

 private:
  /// A message that returns may be back at any moment: each choice of those that are.
  static std::vector<State> with_some_returned(const State& state) {
    std::vector<State> all{state};
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (state[i] != Kept::returning) continue;
      for (std::size_t j = all.size(); j > 0; --j) {
        State back = all[j - 1];
        back[i] = Kept::waiting;
        all.push_back(back);
      }
    }
    return all;
  }

  [[nodiscard]] bool is_first(const State& state, std::size_t which) const {
    if (state[which] != Kept::waiting) return false;
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (i == which || state[i] != Kept::waiting) continue;
      if (known_[i].priority > known_[which].priority) return false;
      // Where a redelivered one stands among its equals is not said.
      const bool fresh = known_[i].times == 0 && known_[which].times == 0;
      if (known_[i].priority == known_[which].priority && fresh && i < which) return false;
    }
    return true;
  }

  std::set<State> states_{State{}};
  std::vector<Known> known_;
};

/// Carries out a random program on a bus that chooses wrongly now and then.
class Performance {
 public:
  explicit Performance(std::uint64_t seed)
      : random_(seed),
        sketch_({{"delay_grace_ms", 10}, {"lease_default_ms", 30'000}},
                {{"priority", boost::json::object{}}}) {
    sketch_.subscribe(0, 0, 0, 0);
    for (std::int64_t i = any(3, 9); i > 0; --i) step();
    drain();
  }

  [[nodiscard]] bool explained() const { return explanations_.left(); }
  [[nodiscard]] const Sketch& sketch() const { return sketch_; }

 private:
  std::int64_t any(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }

  void step() {
    switch (any(0, 5)) {
      case 0:
      case 1:
        return publish();
      case 2:
      case 3:
        return take();
      case 4:
        return ack();
      default:
        return reject();
    }
  }

  void publish() {
    if (known_.size() == 4) return;
    const std::int64_t priority = any(1, 2);
    const bool answered = any(1, 6) != 1;
    const auto number = static_cast<std::uint32_t>(known_.size() + 1);
    sketch_.publish(now_, answered ? now_ + 1 : -1, number, {{"priority", priority}});
    now_ += 2;
    explanations_.published(priority, answered);
    known_.push_back({priority, 0, false});
    kept_.push_back(answered || any(1, 2) == 1 ? Kept::waiting : Kept::nothing);
  }

  /// The message that the bus hands out: mostly the right one.
  std::optional<std::size_t> choice() {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < kept_.size(); ++i)
      if (kept_[i] == Kept::waiting && (!best || known_[i].priority > known_[*best].priority))
        best = i;
    if (!known_.empty() && any(1, 8) == 1)
      best = static_cast<std::size_t>(any(0, static_cast<std::int64_t>(known_.size()) - 1));
    return best;
  }

  void deliver(std::size_t which) {
    deliveries_.resize(known_.size());
    deliveries_[which] = ++delivery_;
    sketch_.deliver(now_++, about(which), ++known_[which].times);
    explanations_.delivered(which);
    known_[which].held = true;
    kept_[which] = Kept::held;
  }

  [[nodiscard]] About about(std::size_t which) const {
    return {.message = static_cast<std::uint32_t>(which + 1), .delivery = deliveries_[which]};
  }

  void take() {
    const auto which = choice();
    if (!which) return;
    sketch_.request(Action::credit, now_, now_ + 1, {.amount = 9});
    now_ += 2;
    deliver(*which);
    sketch_.request(Action::credit, now_, now_ + 1, {.amount = 0});
    now_ += 2;
  }

  std::optional<std::size_t> some_held() {
    std::vector<std::size_t> held;
    for (std::size_t i = 0; i < known_.size(); ++i)
      if (known_[i].held) held.push_back(i);
    if (held.empty()) return std::nullopt;
    return held[static_cast<std::size_t>(any(0, static_cast<std::int64_t>(held.size()) - 1))];
  }

  void ack() {
    if (const auto which = some_held()) ack(*which, any(1, 6) != 1);
  }

  void ack(std::size_t which, bool answered) {
    About asked = about(which);
    if (!answered) asked.error = "no_answer", asked.definite = false;
    sketch_.request(Action::ack, now_, now_ + 1, asked);
    now_ += 2;
    explanations_.acked(which, answered);
    known_[which].held = false;
    kept_[which] = answered || any(1, 2) == 1 ? Kept::nothing : Kept::waiting;
  }

  void reject() {
    const auto which = some_held();
    if (!which) return;
    About asked = about(*which);
    asked.amount = 1;
    asked.asked = {{"delay_ms", 0}};
    sketch_.request(Action::reject, now_, now_ + 1, asked);
    now_ += 2;
    explanations_.rejected(*which);
    known_[*which].held = false;
    kept_[*which] = Kept::waiting;
  }

  /// Acks what is held, takes all there is, and ends with the fence.
  void drain() {
    for (std::size_t i = 0; i < known_.size(); ++i)
      if (known_[i].held) ack(i, true);
    sketch_.request(Action::credit, now_, now_ + 1, {.amount = 20});
    now_ += 2;
    const bool loses = any(1, 8) == 1;
    for (int most = 12; most > 0; --most) {
      const auto which = choice();
      if (!which) break;
      if (loses && any(1, 2) == 1) {
        kept_[*which] = Kept::nothing;
        continue;
      }
      deliver(*which);
      ack(*which, true);
    }
    now_ += 1000;
    const auto fence = static_cast<std::uint32_t>(known_.size() + 1);
    sketch_.publish(now_, now_ + 1, fence, {{"priority", kLowest}}).mark(now_ + 1, "fence", fence);
    sketch_.deliver(now_ + 2, {.message = fence, .delivery = ++delivery_});
    explanations_.fenced();
  }

  std::mt19937_64 random_;
  Sketch sketch_;
  Explanations explanations_;
  std::vector<Known> known_;
  std::vector<Kept> kept_;  ///< What the bus that carries this out keeps.
  std::vector<std::uint32_t> deliveries_;
  std::uint32_t delivery_ = 0;
  Millis now_ = 1;
};

TEST(SequenceTwin, NothingThatCanBeExplainedIsCalledBroken) {
  int violated = 0, met = 0, lenient = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const Performance run(seed);
    const bool broken =
        run.sketch().judged(judge_sequence_settled).verdict() == Verdict::violated ||
        run.sketch().judged(judge_sequence_order).verdict() == Verdict::violated;
    if (run.explained()) {
      ASSERT_FALSE(broken) << history::to_json_lines(run.sketch().history());
    }
    (broken ? violated : met) += 1;
    lenient += !run.explained() && !broken ? 1 : 0;
  }
  RecordProperty("violated", violated);
  RecordProperty("lenient", lenient);
  EXPECT_GT(violated, 500);
  EXPECT_GT(met, 500);
  EXPECT_LE(lenient * 20, violated);
}

}  // namespace
}  // namespace busproof::checkers
