// QUE-24.counted. Method: a full queue of a few lines drops as it declares and counts it; its own
// number must be accepted, and one more, one less, and drops at its other end pointed at.
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/overflow.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;

class FullQueue {
 public:
  /// Drops at one end, and says so unless `says` has it say otherwise.
  FullQueue(std::size_t most, bool oldest, bool says)
      : most_(most),
        oldest_(oldest),
        sketch_({{"counts_settle_ms", 100}, {"lease_default_ms", 3'600'000}},
                {{"queue",
                  {{"overflow", says ? "drop_oldest" : "drop_newest"}, {"messages_max", most}}},
                 {"stats", json::object()}}) {}

  void publish() {
    now_ += 10;
    sketch_.publish(now_, now_ + 1, ++published_);
    if (waiting_.size() < most_) return waiting_.push_back(published_);
    ++dropped_;
    if (!oldest_) return;
    waiting_.pop_front();
    waiting_.push_back(published_);
  }

  void subscribe() {
    now_ += 10;
    sketch_.subscribe(now_, now_ + 1, 1, 0);
  }

  void take() {
    if (waiting_.empty()) return;
    now_ += 10;
    const About about{.message = waiting_.front(), .delivery = ++deliveries_};
    waiting_.pop_front();
    sketch_.deliver(now_, about);
    sketch_.request(Action::ack, now_ + 1, now_ + 2, about);
  }

  [[nodiscard]] std::int64_t dropped() const { return dropped_; }

  /// Drains what is left and tells that number of drops.
  Judgement judged(std::int64_t told) {
    while (!waiting_.empty()) take();
    now_ += 10;
    sketch_.fence(now_, now_ + 2, ++published_, ++deliveries_);
    sketch_.request(Action::ack, now_ + 3, now_ + 4,
                    {.message = published_, .delivery = deliveries_});
    const json::object counts{{"accepted", published_}, {"deleted", told}};
    sketch_.request(Action::call, now_ + 1'000, now_ + 1'001,
                    {.asked = {{"method", "bus/stats"}, {"params", {{"destination", "q"}}}},
                     .said = {{"destinations", {{"q", {{"groups", {{"default", counts}}}}}}}}});
    return sketch_.judged(judge_drops_counted);
  }

 private:
  std::size_t most_;
  bool oldest_;
  Sketch sketch_;
  Millis now_ = 0;
  std::uint32_t published_ = 0, deliveries_ = 0;
  std::int64_t dropped_ = 0;
  std::deque<std::uint32_t> waiting_;
};

/// More than fits, and then a consumer that comes and takes; between further publishes where that
/// goes on.
FullQueue used(bool oldest, bool says, bool goes_on = true) {
  const auto most = *rc::gen::inRange<std::size_t>(1, 7);
  FullQueue queue(most, oldest, says);
  const auto sent = most + *rc::gen::inRange<std::size_t>(1, 7);
  for (std::size_t i = 0; i < sent; ++i) queue.publish();
  queue.subscribe();
  if (!goes_on) return queue;
  for (const bool takes : *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>()))
    takes ? queue.take() : queue.publish();
  return queue;
}

RC_GTEST_PROP(Drops, QUE_24_AcceptsWhatIsDroppedAsDeclaredAndCounted, (bool oldest)) {
  FullQueue queue = used(oldest, oldest);
  RC_ASSERT(queue.judged(queue.dropped()).verdict() == Verdict::met);
}

RC_GTEST_PROP(Drops, QUE_24_PointsAtOneTooFewAndOneTooMany, (bool oldest, bool more)) {
  FullQueue queue = used(oldest, oldest);
  const Judgement judgement = queue.judged(queue.dropped() + (more ? 1 : -1));
  RC_ASSERT(judgement.verdict() == Verdict::violated);
  RC_ASSERT(judgement.finding() == (more ? "overcounted" : "uncounted"));
}

RC_GTEST_PROP(Drops, QUE_24_PointsAtDropsAtTheOtherEnd, (bool oldest)) {
  FullQueue queue = used(oldest, !oldest, false);
  const Judgement judgement = queue.judged(queue.dropped());
  RC_ASSERT(judgement.verdict() == Verdict::violated);
  RC_ASSERT(judgement.finding() == "dropped_other");
}

}  // namespace
}  // namespace busproof::checkers
