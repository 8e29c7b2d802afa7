// Method: small histories of a few messages that wait for credit, in right and wrong orders, judged
// twice: by the judges of PRI-1 and PRI-2 and by a search through every instant at which a correct
// bus can have accepted each message and handed it out. A judge must never call broken what the
// search explains.
//
// Where the judges are more lenient: they look at two messages at a time, and at what was accepted
// before the first credit alone.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "suites/checkers/priority.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

struct Message {
  std::int64_t priority = 0;
  Millis invoked = 0, answered = 0;
  Millis received = 0;
};

struct Case {
  Millis credit = 0;
  std::vector<Message> messages;  ///< In order of receipt.
};

Sketch sketch_of(const Case& it) {
  Sketch sketch({}, {{"priority", boost::json::object{}}});
  sketch.subscribe(0, 0, 0, 0);
  sketch.request(Action::credit, it.credit, it.credit + 1, {.amount = 10});
  std::uint32_t number = 0;
  for (const Message& message : it.messages) {
    sketch.publish(message.invoked, message.answered, ++number, {{"priority", message.priority}});
    sketch.deliver(message.received, {.message = number, .delivery = number});
  }
  return sketch;
}

enum class Question { higher, equals };

class Search {
 public:
  Search(const Case& it, Question question) : it_(it), question_(question) {}
  bool explains() { return accept(0); }

 private:
  bool accept(std::size_t i) {
    if (i == it_.messages.size()) return hand_out(0, it_.credit);
    for (Millis at = it_.messages[i].invoked; at <= it_.messages[i].answered; ++at) {
      accepted_.resize(i);
      accepted_.push_back(at);
      if (accept(i + 1)) return true;
      accepted_.resize(i + 1);
    }
    return false;
  }

  bool hand_out(std::size_t i, Millis from) {
    if (i == it_.messages.size()) return true;
    for (Millis at = std::max(from, accepted_[i]); at <= it_.messages[i].received; ++at)
      if (is_right(i, at) && hand_out(i + 1, at)) return true;
    return false;
  }

  /// Whether the bus may choose message `i` at that instant: those behind it still wait.
  bool is_right(std::size_t i, Millis at) const {
    for (std::size_t j = i + 1; j < it_.messages.size(); ++j) {
      if (accepted_[j] > at) continue;
      const std::int64_t mine = it_.messages[i].priority, other = it_.messages[j].priority;
      if (question_ == Question::higher && other > mine) return false;
      if (question_ == Question::equals && other == mine && accepted_[j] < accepted_[i])
        return false;
    }
    return true;
  }

  const Case& it_;
  Question question_;
  std::vector<Millis> accepted_;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}
  std::int64_t any(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  Case any_case() {
    Case it;
    it.credit = any(6, 14);
    for (std::int64_t i = any(2, 4); i > 0; --i) {
      const Millis invoked = any(1, 12);
      it.messages.push_back({any(0, 2), invoked, invoked + any(0, 3), 0});
    }
    const auto before = [](const Message& a, const Message& b) {
      return a.priority != b.priority ? a.priority > b.priority : a.invoked < b.invoked;
    };
    std::sort(it.messages.begin(), it.messages.end(), before);
    for (std::size_t i = 0; i + 1 < it.messages.size(); ++i)
      if (any(1, 5) == 1) std::swap(it.messages[i], it.messages[i + 1]);
    Millis at = it.credit + 1;
    for (Message& message : it.messages) {
      at = std::max(at, message.invoked) + any(0, 2);
      message.received = at;
    }
    return it;
  }

 private:
  std::mt19937_64 random_;
};

void compare(Judge judge, Question question, std::uint64_t seed) {
  Random random(seed);
  int violated = 0, met = 0, lenient = 0;
  for (int i = 0; i < 4000; ++i) {
    const Case it = random.any_case();
    const bool explained = Search(it, question).explains();
    const Verdict verdict = sketch_of(it).judged(judge).verdict();
    if (explained) {
      ASSERT_NE(verdict, Verdict::violated) << history::to_json_lines(sketch_of(it).history());
    }
    violated += verdict == Verdict::violated ? 1 : 0;
    met += verdict == Verdict::met ? 1 : 0;
    lenient += !explained && verdict != Verdict::violated ? 1 : 0;
  }
  EXPECT_GT(violated, 100);
  EXPECT_GT(met, 300);
  EXPECT_LE(lenient * 4, violated) << "what the search finds broken the judge mostly does, too";
  testing::Test::RecordProperty("violated", violated);
  testing::Test::RecordProperty("lenient", lenient);
}

TEST(PriorityTwin, LowerFirstIsNeverCalledWhatCanBeExplained) {
  compare(judge_higher_first, Question::higher, 21);
}

TEST(PriorityTwin, OutOfOrderIsNeverCalledWhatCanBeExplained) {
  compare(judge_equals_in_order, Question::equals, 22);
}

}  // namespace
}  // namespace busproof::checkers
