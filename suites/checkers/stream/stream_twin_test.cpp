// Method: a small bus is played, right and with faults, and what its clients see is judged twice:
// in one pass, and by the judges of the cases, which look back as far as they like and have twins
// that search through all interleavings. The pass must never call a promise broken that the play
// kept, unless the judge does; and of what the judge calls broken it must see most. (It may see
// more: it reckons with credit, too.)
#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "suites/checkers/delivery.hpp"
#include "suites/checkers/lease.hpp"
#include "suites/checkers/priority.hpp"
#include "suites/checkers/settling.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/checkers/stream/stream.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers::stream {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kLease = 40;

enum class Fault { none, loses, forgets_acks, makes_up, swaps, hurries, accepts_refused };

/// A bus of one queue with two members at the most, its clients, and the way between them.
class Play {
 public:
  Play(std::uint64_t seed, Fault fault)
      : random_(seed),
        fault_(fault),
        sketch_({{"lease_default_ms", kLease}, {"credit_default", 8}},
                {{"priority", boost::json::object{}}}) {
    const auto members = static_cast<std::uint32_t>(any(1, 2));
    for (std::uint32_t member = 1; member <= members; ++member) {
      const auto credit = any(1, 4);
      members_.push_back({member, credit, 0});
      sketch_.subscribe(0, 1, credit, kLease, {.subscription = member, .session = member});
    }
  }

  Sketch& play() {
    for (now_ = 2; now_ < 160; ++now_) {
      if (now_ < 100 && any(0, 3) == 0) publish(false);
      if (now_ == 120) publish(true);
      end_leases();
      hand_out();
      settle();
    }
    return sketch_;
  }

 private:
  struct Waiting {
    std::uint32_t message;
    std::int64_t priority;
    std::int32_t attempt;
    Millis order;
  };
  struct Held {
    Waiting what;
    std::uint32_t member, delivery;
    Millis received, until;
    bool asked_to_settle = false;
  };
  struct Member {
    std::uint32_t number;
    Millis credit, last_received;
  };

  Millis any(Millis least, Millis most) {
    return std::uniform_int_distribution<Millis>(least, most)(random_);
  }

  void publish(bool fence) {
    const std::uint32_t message = ++messages_;
    const Millis accepted = now_ + any(0, 2), answered = accepted + any(0, 3);
    const auto priority = fence ? 0 : any(0, 2);
    const bool refused = !fence && fault_ == Fault::accepts_refused && any(0, 3) == 0;
    sketch_.request(Action::publish, now_, answered,
                    {.message = message,
                     .subscription = 0,
                     .session = 9,
                     .error = refused ? "backpressure" : "",
                     .asked = {{"mode", "queue"}, {"priority", priority}}});
    if (fence) sketch_.mark(answered, "fence", message);
    if (fault_ == Fault::loses && !fence && any(0, 3) == 0) return;
    arriving_.push_back({accepted, {message, priority, 1, accepted * 1000 + message}});
  }

  void end_leases() {
    std::erase_if(held_, [&](const Held& held) {
      const Millis early = fault_ == Fault::hurries ? any(0, kLease) : 0;
      if (now_ < held.until - early) return false;
      Waiting again = held.what;
      ++again.attempt;
      waiting_.push_back(again);
      return true;
    });
    std::erase_if(arriving_, [&](const auto& entry) {
      if (entry.first > now_) return false;
      waiting_.push_back(entry.second);
      return true;
    });
  }

  /// The highest priority first, the oldest of those; with the fault any of them.
  std::size_t next() {
    std::size_t best = 0;
    for (std::size_t i = 1; i < waiting_.size(); ++i)
      if (waiting_[i].priority > waiting_[best].priority ||
          (waiting_[i].priority == waiting_[best].priority &&
           waiting_[i].order < waiting_[best].order))
        best = i;
    if (fault_ == Fault::swaps && any(0, 3) == 0)
      best = static_cast<std::size_t>(any(0, static_cast<Millis>(waiting_.size()) - 1));
    return best;
  }

  void hand_out() {
    for (Member& member : members_) {
      const auto outstanding = std::count_if(held_.begin(), held_.end(), [&](const Held& held) {
        return held.member == member.number;
      });
      if (waiting_.empty() || outstanding >= member.credit) continue;
      const std::size_t which = next();
      const Waiting what = waiting_[which];
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(which));
      member.last_received = std::max(member.last_received, now_ + any(0, 6));
      const bool strange = fault_ == Fault::makes_up && any(0, 5) == 0;
      const std::uint32_t delivery = ++deliveries_;
      sketch_.deliver(member.last_received,
                      {.message = strange ? 0 : what.message,
                       .delivery = delivery,
                       .subscription = member.number,
                       .session = member.number},
                      what.attempt);
      held_.push_back({what, member.number, delivery, member.last_received, now_ + kLease});
    }
  }

  void settle() {
    std::erase_if(held_, [&](Held& held) {
      if (held.asked_to_settle || now_ < held.received || any(0, 5) != 0) return false;
      held.asked_to_settle = true;
      if (any(0, 4) == 0) return false;  // Its consumer forgets it.
      sketch_.request(Action::ack, now_, now_ + any(0, 3),
                      {.message = held.what.message,
                       .delivery = held.delivery,
                       .subscription = held.member,
                       .session = held.member});
      if (fault_ == Fault::forgets_acks && any(0, 3) == 0) return false;
      return true;
    });
  }

  std::mt19937_64 random_;
  Fault fault_;
  Sketch sketch_;
  Millis now_ = 0;
  std::uint32_t messages_ = 0, deliveries_ = 0;
  std::vector<Member> members_;
  std::vector<std::pair<Millis, Waiting>> arriving_;
  std::vector<Waiting> waiting_;
  std::vector<Held> held_;
};

struct Twin {
  std::string_view promise;
  Judge judge;
  Fault fault;  ///< What breaks it.
  int both = 0, judge_alone = 0;
};

Verdict of(const std::vector<Promise>& promises, std::string_view name) {
  const auto found = std::find_if(promises.begin(), promises.end(),
                                  [&](const Promise& promise) { return promise.name == name; });
  return found->judgement.verdict();
}

/// Leases that end early make place for deliveries that nobody reckons with.
bool may_break(Fault fault, const Twin& twin) {
  return fault == twin.fault || (fault == Fault::hurries && twin.promise == "priority");
}

class StreamTwin : public testing::TestWithParam<Fault> {};

TEST_P(StreamTwin, CallsBrokenWhatTheJudgesDo) {
  std::vector<Twin> twins = {{"lost", judge_delivered, Fault::loses},
                             {"made_up", judge_delivered, Fault::makes_up},
                             {"duplicate", judge_acked_after_lease, Fault::forgets_acks},
                             {"definite", judge_refused_absent, Fault::accepts_refused},
                             {"order", judge_equals_in_order, Fault::swaps},
                             {"priority", judge_higher_first, Fault::swaps},
                             {"lease", judge_not_early, Fault::hurries}};
  int violated = 0;
  for (std::uint64_t seed = 1; seed <= (GetParam() == Fault::none ? 6000U : 1500U); ++seed) {
    Play play(seed, GetParam());
    const Sketch& sketch = play.play();
    const history::History history = sketch.history();
    const auto promises = judge(history, sketch.claims());
    for (Twin& twin : twins) {
      const bool pass = of(promises, twin.promise) == Verdict::violated;
      const bool judged = sketch.judged(twin.judge).verdict() == Verdict::violated;
      violated += pass ? 1 : 0;
      twin.both += pass && judged ? 1 : 0;
      twin.judge_alone += judged && !pass ? 1 : 0;
      ASSERT_TRUE(judged || !pass || may_break(GetParam(), twin))
          << twin.promise << " on seed " << seed << '\n'
          << history::to_json_lines(history);
    }
  }
  if (GetParam() == Fault::none) {
    EXPECT_EQ(violated, 0);
    return;
  }
  for (const Twin& twin : twins) {
    if (twin.fault != GetParam()) continue;
    EXPECT_GT(twin.both, 50) << twin.promise;
    EXPECT_LE(twin.judge_alone, twin.both) << twin.promise;
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, StreamTwin,
                         testing::Values(Fault::none, Fault::loses, Fault::forgets_acks,
                                         Fault::makes_up, Fault::swaps, Fault::hurries,
                                         Fault::accepts_refused));

}  // namespace
}  // namespace busproof::checkers::stream
