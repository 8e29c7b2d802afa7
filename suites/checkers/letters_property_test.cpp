// Method: a bus with dead letters is played, one instant after the other: what fails for good or
// for the last time is listed from then on, until it is redriven or purged. That is accepted by
// every judge of dead letters; one thing wrong is named and pointed at. QUE-6 and QUE-7.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/letters.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;

constexpr Millis kLease = 20'000, kGrace = 60, kSettle = 50;
constexpr std::int32_t kAttemptsMax = 3;
constexpr std::uint32_t kPlanted = 800;

bool one_in(int n) { return any_between(0, n) == 0; }

struct Message {
  std::uint32_t number = 0, delivery = 0;
  std::int32_t attempt = 0;
  std::string reason = {};  ///< Of a dead one.
  Millis died = 0;
};

class Bus {
 public:
  Bus() { sketch.subscribe(0, 1, 90, kLease); }

  void step() {
    now_ += any_between<Millis>(1, 30);
    const int what = any_between(0, 12);
    if (what < 4 || (held_.empty() && dead_.empty())) return publish();
    if (what < 9) return held_.empty() ? list() : settle(pick(held_));
    if (what == 9) return list();
    if (!dead_.empty()) take_out(what == 10 ? "bus/redrive" : "bus/purge");
  }

  void publish() {
    Message made{.number = ++messages_};
    sketch.request(Action::publish, now_, now_ + 2,
                   {.message = made.number,
                    .subscription = 0,
                    .asked = {{"mode", "queue"}, {"digest", digest(made.number)}},
                    .said = {{"transaction_id", transaction(made.number)}}});
    now_ += 3;
    deliver(made);
  }

  /// Gives one that has just been rejected for good.
  Message dead() {
    publish();
    const Message last = held_.back();
    held_.pop_back();
    bury(last, "spoiled");
    return dead_.back();
  }

  void list() {
    json::array letters;
    for (const Message& one : dead_) letters.push_back(letter(one));
    list(std::move(letters));
  }

  void list(json::array letters) {
    const Millis from = now_ + any_between<Millis>(0, 5);
    now_ = from + any_between<Millis>(0, 5);
    call("bus/dead_letters", from, {}, {{"messages", std::move(letters)}});
  }

  static json::object letter(const Message& one) {
    return {{"message", one.number},
            {"transaction_id", transaction(one.number)},
            {"attempts", one.attempt},
            {"reason", one.reason},
            {"event", json::object{{"digest", digest(one.number)}}}};
  }

  void call(std::string_view method, Millis from, json::object params, json::object said) {
    params["destination"] = "q";
    sketch.request(
        Action::call, from, now_,
        {.asked = {{"method", method}, {"params", std::move(params)}}, .said = std::move(said)});
    now_ += 1;
  }

  void take_out(std::string_view method) {
    const Millis from = now_;
    now_ += any_between<Millis>(1, 8);
    json::object params;
    auto taken = dead_;
    if (one_in(2)) {
      taken = {pick(dead_)};
      params["transaction_ids"] = json::array{json::value(transaction(taken.front().number))};
    } else {
      dead_.clear();
    }
    call(method, from, std::move(params), {{"count", taken.size()}});
    for (Message& one : taken) {
      one.attempt = 0;
      if (method == "bus/redrive") deliver(one);
    }
  }

  void deliver(Message one) {
    one.delivery = ++deliveries_;
    sketch.deliver(now_ += any_between<Millis>(0, 5), about(one), ++one.attempt);
    held_.push_back(one);
  }

  void let_pass(Millis time) { now_ += time; }
  [[nodiscard]] Millis now() const { return now_; }

  static About about(const Message& one) {
    return {
        .message = one.number, .delivery = one.delivery, .said = {{"digest", digest(one.number)}}};
  }

  /// Long after all else, so that whatever was in somebody's hands is none of ours any more.
  void fence() {
    settle_all();
    now_ += 1000;
    sketch.fence(now_, now_ + 2, 700, 900);
    now_ += 3;
  }

  Sketch sketch{{{"attempts_max", kAttemptsMax},
                 {"redelivery_grace_ms", kGrace},
                 {"counts_settle_ms", kSettle}},
                {{"dead_letter", json::object{}}, {"redrive", json::object{}}}};

 private:
  static std::string digest(std::uint32_t number) { return "d" + std::to_string(number); }
  static std::string transaction(std::uint32_t number) { return "t" + std::to_string(number); }

  static Message pick(std::vector<Message>& from) {
    const auto place = any_between<std::size_t>(0, from.size());
    Message picked = from[place];
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(place));
    return picked;
  }

  void settle(Message one) {
    const Millis from = now_;
    About request = about(one);
    switch (any_between(0, 3)) {
      case 0:
        sketch.request(Action::ack, from, now_ += 2, request);
        return;
      case 1:
        return bury(one, one_in(2) ? "spoiled" : "");
      default:
        request.amount = 1;
        sketch.request(Action::reject, from, now_ += 2, request);
        if (one.attempt < kAttemptsMax) return deliver(one);
        one.reason = "attempts_exhausted";
        dead_.push_back(one);
    }
  }

  void bury(Message one, const std::string& reason) {
    About request = about(one);
    if (!reason.empty()) request.asked["reason"] = reason;
    sketch.request(Action::reject, now_, now_ + 2, request);
    now_ += 3;
    // Who fails for good at the last attempt may have died of either.
    one.reason = !reason.empty()                            ? reason
                 : one.attempt == kAttemptsMax && one_in(2) ? "attempts_exhausted"
                                                            : "rejected";
    dead_.push_back(one);
  }

  void settle_all() {
    for (const Message& one : held_) sketch.request(Action::ack, now_, now_ + 1, about(one));
    held_.clear();
  }

  std::vector<Message> held_, dead_;
  std::uint32_t messages_ = 0, deliveries_ = 0;
  Millis now_ = 10;
};

/// No lease runs out meanwhile.
Bus some_bus() {
  Bus bus;
  for (int left = any_between(1, 12); left > 0; --left) bus.step();
  return bus;
}

constexpr std::array<Judge, 10> kJudges = {
    judge_rejected_dies,   judge_attempts_used, judge_listed_once,    judge_reason,
    judge_letter_attempts, judge_letter_whole,  judge_letters_listed, judge_redrive,
    judge_redrive_attempt, judge_purge};

void expect_fault(const Bus& bus, Judge judge, std::string_view finding, std::uint32_t message) {
  const Judgement judgement = bus.sketch.judged(judge);
  RC_ASSERT(judgement.finding() == finding);
  RC_ASSERT(message == 0 || points_at_message(judgement, bus.sketch.history(), message));
}

RC_GTEST_PROP(Letters, AcceptsEveryLegalCourse, ()) {
  Bus bus = some_bus();
  bus.list();
  bus.fence();
  bus.list();
  for (const Judge judge : kJudges) {
    const Judgement judgement = bus.sketch.judged(judge);
    if (judgement.verdict() == Verdict::violated) RC_FAIL(judgement.says());
  }
}

RC_GTEST_PROP(Letters, PointsAtTheOneThatIsNotListed, ()) {
  Bus bus = some_bus();
  const Message lost = bus.dead();
  bus.let_pass(kSettle + 110);
  bus.list(json::array{});
  // The first of those that are missing is named.
  expect_fault(bus, judge_letters_listed, "dead_letter_missing", 0);
  expect_fault(bus, judge_rejected_dies, "not_dead_lettered", 0);
  RC_ASSERT(lost.number != 0);
}

RC_GTEST_PROP(Letters, PointsAtTheOneThatIsListedTwice, ()) {
  Bus bus = some_bus();
  const Message twice = bus.dead();
  bus.list({Bus::letter(twice), Bus::letter(twice)});
  expect_fault(bus, judge_listed_once, "listed_twice", 0);
}

RC_GTEST_PROP(Letters, PointsAtTheWrongEntry, ()) {
  const int what = any_between(0, 3);
  // Of which attempts a bus counts after a redrive nothing is said.
  Bus bus = what == 1 ? Bus() : some_bus();
  const Message one = bus.dead();
  auto letter = Bus::letter(one);
  if (what == 0) letter["reason"] = "another";
  if (what == 1) letter["attempts"] = one.attempt + (one_in(2) ? 1 : -1);
  if (what == 2) letter["event"] = json::object{{"digest", "another"}};
  bus.list({letter});
  constexpr std::array<Judge, 3> kBy = {judge_reason, judge_letter_attempts, judge_letter_whole};
  constexpr std::array<std::string_view, 3> kFindings = {"wrong_reason", "wrong_attempts",
                                                         "payload_altered"};
  const auto which = static_cast<std::size_t>(what);
  expect_fault(bus, kBy.at(which), kFindings.at(which), 0);
}

RC_GTEST_PROP(Letters, PointsAtTheOneThatIsNoDeadLetter, ()) {
  Bus bus = some_bus();
  bus.fence();
  bus.publish();
  Message alive{.number = 700, .attempt = 1, .reason = "rejected"};
  bus.list({Bus::letter(alive)});
  expect_fault(bus, judge_letters_listed, "not_a_dead_letter", 700);
}

RC_GTEST_PROP(Letters, PointsAtTheDeadThatCameAgain, ()) {
  Bus bus;
  const Message dead = bus.dead();
  bus.sketch.deliver(bus.now() + any_between<Millis>(1, 500),
                     {.message = dead.number, .delivery = kPlanted}, 2);
  expect_fault(bus, judge_rejected_dies, "dead_came_again", dead.number);
}

RC_GTEST_PROP(Letters, PointsAtThePurgedThatCameAgain, ()) {
  Bus bus;
  const Message dead = bus.dead();
  bus.take_out("bus/purge");
  bus.sketch.deliver(bus.now() + any_between<Millis>(1, 500),
                     {.message = dead.number, .delivery = kPlanted}, 1);
  expect_fault(bus, judge_purge, "purged_came_again", dead.number);
}

RC_GTEST_PROP(Letters, PointsAtTheOneStillListed, ()) {
  Bus bus;
  const Message dead = bus.dead();
  const bool purged = one_in(2);
  bus.take_out(purged ? "bus/purge" : "bus/redrive");
  bus.let_pass(kSettle + 120);
  bus.list({Bus::letter(dead)});
  expect_fault(bus, purged ? judge_purge : judge_redrive, "still_listed", 0);
}

}  // namespace
}  // namespace busproof::checkers
