// STA-1.queues, STA-2.balance. Method: a bus of a few lines does random work and counts as it goes;
// its own numbers must be accepted, and each of them, moved by one, pointed at.
#include <array>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/sketch.hpp"
#include "suites/checkers/statistics.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;

constexpr int kAttemptsMax = 3;
constexpr std::array<const char*, 8> kNames = {"accepted", "acked", "ready",   "leased",
                                               "delayed",  "dead",  "expired", "deleted"};

json::object call(std::string_view method) {
  return {{"method", method}, {"params", json::object{{"destination", "q"}}}};
}

/// One queue that is asked one thing at a time.
class Bus {
 public:
  Bus()
      : sketch_({{"attempts_max", kAttemptsMax},
                 {"counts_settle_ms", 100},
                 {"lease_default_ms", 3'600'000},
                 {"delay_grace_ms", 50}},
                {{"dead_letter", json::object()}, {"delay", json::object()}}) {
    sketch_.subscribe(1, 2, 100, 0);
  }

  void step(int what, std::size_t which) {
    now_ += 10;
    if (what == 0) return publish(false);
    if (what == 1) return publish(true);
    if (what == 2) return take(which);
    if (what == 3 || what == 4 || what == 5) return settle(what, which);
    if (what == 6) return remove(which);
    for (auto& [message, state] : states_) {
      if (state != "dead") continue;
      state = what == 7 ? "ready" : "deleted";
      attempts_[message] = 0;
    }
    sketch_.request(Action::call, now_, now_ + 1,
                    {.asked = call(what == 7 ? "bus/redrive" : "bus/purge")});
  }

  [[nodiscard]] std::map<std::string, std::int64_t> counts() const {
    std::map<std::string, std::int64_t> counted;
    for (const char* name : kNames) counted[name] = 0;
    counted["accepted"] = static_cast<std::int64_t>(states_.size());
    for (const auto& [message, state] : states_) ++counted[state];
    return counted;
  }

  Sketch told(const std::map<std::string, std::int64_t>& counts) const {
    json::object numbers;
    for (const auto& [name, count] : counts) numbers[name] = count;
    Sketch sketch = sketch_;
    sketch.request(Action::call, now_ + 1'000, now_ + 1'001,
                   {.asked = call("bus/stats"),
                    .said = {{"destinations",
                              {{"q", {{"groups", {{"default", numbers}}}, {"subscribers", 1}}}}}}});
    return sketch;
  }

 private:
  struct Held {
    std::uint32_t message, delivery;
  };

  void publish(bool later) {
    const auto message = static_cast<std::uint32_t>(states_.size() + 1);
    states_[message] = later ? "delayed" : "ready";
    json::object asked{{"mode", "queue"}};
    if (later) asked["delay_ms"] = 3'600'000;
    sketch_.publish(now_, now_ + 1, message, asked);
  }

  void take(std::size_t which) {
    const auto message = pick({"ready"}, which);
    if (message == 0) return;
    states_[message] = "leased";
    held_.push_back({message, ++deliveries_});
    sketch_.deliver(now_, {.message = message, .delivery = deliveries_}, ++attempts_[message]);
  }

  void settle(int what, std::size_t which) {
    if (held_.empty()) return;
    const auto its = held_.begin() + static_cast<std::ptrdiff_t>(which % held_.size());
    const Held held = *its;
    held_.erase(its);
    const bool again = what == 4;
    const bool used_up = attempts_[held.message] >= kAttemptsMax;
    states_[held.message] = what == 3 ? "acked" : again && !used_up ? "ready" : "dead";
    About about{.message = held.message, .delivery = held.delivery, .amount = again ? 1 : 0};
    if (again) about.asked = {{"delay_ms", 0}};
    sketch_.request(what == 3 ? Action::ack : Action::reject, now_, now_ + 1, about);
  }

  void remove(std::size_t which) {
    const auto message = pick({"ready", "delayed", "dead"}, which);
    if (message == 0) return;
    states_[message] = "deleted";
    sketch_.request(Action::remove, now_, now_ + 1, {.message = message});
  }

  std::uint32_t pick(const std::vector<std::string>& among, std::size_t which) const {
    std::vector<std::uint32_t> found;
    for (const auto& [message, state] : states_)
      for (const std::string& one : among)
        if (state == one) found.push_back(message);
    return found.empty() ? 0 : found[which % found.size()];
  }

  Sketch sketch_;
  Millis now_ = 10;
  std::map<std::uint32_t, std::string> states_;
  std::map<std::uint32_t, int> attempts_;
  std::vector<Held> held_;
  std::uint32_t deliveries_ = 0;
};

Bus worked() {
  Bus bus;
  bus.step(0, 0);
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::weightedElement<int>(
                        {{6, 0}, {1, 1}, {8, 2}, {3, 3}, {4, 4}, {3, 5}, {1, 6}, {1, 7}, {1, 8}}),
                    rc::gen::inRange(0, 20)));
  for (const auto& [what, which] : steps) bus.step(what, static_cast<std::size_t>(which));
  return bus;
}

RC_GTEST_PROP(Statistics, AcceptTheNumbersOfABusThatCounts, ()) {
  const Bus bus = worked();
  const Sketch told = bus.told(bus.counts());
  RC_ASSERT(told.judged(judge_group_counts).verdict() == Verdict::met);
  RC_ASSERT(told.judged(judge_balance).verdict() == Verdict::met);
  RC_ASSERT(told.judged(judge_subscribers).verdict() == Verdict::met);
}

RC_GTEST_PROP(Statistics, PointAtAnyNumberThatIsOffByOne, ()) {
  const Bus bus = worked();
  auto counts = bus.counts();
  counts[*rc::gen::elementOf(kNames)] += *rc::gen::element<std::int64_t>(-1, 1);
  const Sketch told = bus.told(counts);
  const Judgement judgement = told.judged(judge_group_counts);
  RC_ASSERT(judgement.verdict() == Verdict::violated);
  RC_ASSERT(judgement.finding() == "wrong_count");
  RC_ASSERT(told.judged(judge_balance).finding() == "unbalanced");
}

RC_GTEST_PROP(Statistics, KnowOneFateFromAnother, ()) {
  const Bus bus = worked();
  auto counts = bus.counts();
  const auto from = *rc::gen::elementOf(kNames), to = *rc::gen::elementOf(kNames);
  RC_PRE(from != to && std::string(from) != "accepted" && std::string(to) != "accepted");
  RC_PRE(counts[from] > 0);
  --counts[from];
  ++counts[to];
  const Sketch told = bus.told(counts);
  RC_ASSERT(told.judged(judge_group_counts).verdict() == Verdict::violated);
  RC_ASSERT(told.judged(judge_balance).verdict() == Verdict::met);
}

}  // namespace
}  // namespace busproof::checkers
