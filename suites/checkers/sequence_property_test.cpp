// Method: a history that is right by construction is accepted; with exactly one fault planted in it
// the judge names the fault and points at it. QUE-3.any_sequence, PRI-6.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/sequence.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr std::uint32_t kFence = 90, kPlanted = 800;

struct Message {
  std::int64_t priority = 0;
  std::int32_t attempt = 0;
  std::uint32_t delivery = 0;
  enum class Kept { waiting, held, acked } kept = Kept::waiting;
};

/// A correct bus and its one consumer, who takes a delivery at a time.
class Course {
 public:
  Course() { sketch.subscribe(0, 0, 0, 0); }

  /// Some operations: publishes, takes, acks, rejects.
  void go_on() {
    for (int i = any_between(5, 20); i > 0; --i) {
      const int what = any_between(0, 6);
      if (what < 2) publish(any_between(1, 4));
      if (what == 2 || what == 3) take(best());
      if (what > 3)
        if (const auto which = some(Message::Kept::held)) what == 4 ? ack(*which) : reject(*which);
    }
  }

  /// Acks what is held and takes the rest, save `lost`; then the fence.
  void drain(std::optional<std::size_t> lost = {}) {
    while (const auto which = some(Message::Kept::held)) ack(*which);
    if (lost) messages[*lost].kept = Message::Kept::acked;
    while (const auto which = best()) {
      take(which);
      ack(*which);
    }
    now += 1000;
    credit(5);
    sketch.fence(now, now + 2, kFence, 900);
    now += 10;
  }

  std::size_t publish(std::int64_t priority) {
    messages.push_back({.priority = priority});
    sketch.publish(now, now + 1, static_cast<std::uint32_t>(messages.size()),
                   {{"priority", priority}});
    now += 2;
    return messages.size() - 1;
  }

  /// The one to be delivered: the highest; among equals fresh ones in order, others anywhere.
  [[nodiscard]] std::optional<std::size_t> best() const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (messages[i].kept == Message::Kept::waiting &&
          (!found || messages[i].priority > messages[*found].priority))
        found = i;
    return found;
  }

  void take(std::optional<std::size_t> which) {
    if (!which) return;
    credit(9);
    deliver(*which, ++delivery);
    credit(0);
  }

  void deliver(std::size_t which, std::uint32_t as) {
    Message& message = messages[which];
    message.delivery = as;
    message.kept = Message::Kept::held;
    sketch.deliver(now++, about(which), ++message.attempt);
  }

  void ack(std::size_t which) {
    sketch.request(Action::ack, now, now + 1, about(which));
    now += 2;
    messages[which].kept = Message::Kept::acked;
  }

  void reject(std::size_t which) {
    About asked = about(which);
    asked.amount = 1;
    asked.asked = {{"delay_ms", 0}};
    sketch.request(Action::reject, now, now + 1, asked);
    now += 2;
    messages[which].kept = Message::Kept::waiting;
  }

  std::optional<std::size_t> some(Message::Kept kept) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (messages[i].kept == kept) found.push_back(i);
    if (found.empty()) return std::nullopt;
    return *rc::gen::elementOf(found);
  }

  [[nodiscard]] About about(std::size_t which) const {
    return {.message = static_cast<std::uint32_t>(which + 1), .delivery = messages[which].delivery};
  }

  void credit(std::int64_t amount) {
    sketch.request(Action::credit, now, now + 1, {.amount = amount});
    now += 2;
  }

  Sketch sketch{{{"delay_grace_ms", 10}, {"lease_default_ms", 600'000}},
                {{"priority", boost::json::object{}}}};
  std::vector<Message> messages;
  std::uint32_t delivery = 0;
  Millis now = 1;
};

bool is_fault(const Course& course, Judge judge, std::string_view finding,
              std::uint32_t delivery_shown) {
  const Judgement judgement = course.sketch.judged(judge);
  return judgement.finding() == finding &&
         points_at_delivery(judgement, course.sketch.history(), delivery_shown);
}

RC_GTEST_PROP(Sequence, AcceptsEveryLegalCourse, ()) {
  Course course;
  course.go_on();
  course.drain();
  RC_ASSERT(course.sketch.judged(judge_sequence_settled).verdict() != Verdict::violated);
  RC_ASSERT(course.sketch.judged(judge_sequence_order).verdict() == Verdict::met);
}

RC_GTEST_PROP(Sequence, PointsAtTheAckedOneThatCameAgain, ()) {
  Course course;
  course.go_on();
  course.take(course.publish(9));
  course.ack(*course.some(Message::Kept::held));
  const auto acked = course.some(Message::Kept::acked);
  course.credit(9);
  course.deliver(*acked, kPlanted);
  course.messages[*acked].kept = Message::Kept::acked;
  course.go_on();
  course.drain();
  RC_ASSERT(is_fault(course, judge_sequence_settled, "acked_came_again", kPlanted));
}

RC_GTEST_PROP(Sequence, PointsAtTheOneThatCameWhileItWasHeld, ()) {
  Course course;
  course.go_on();
  course.take(course.publish(9));
  const auto held = course.some(Message::Kept::held);
  course.credit(9);
  course.deliver(*held, kPlanted);
  course.drain();
  RC_ASSERT(is_fault(course, judge_sequence_order, "held_twice", kPlanted));
}

RC_GTEST_PROP(Sequence, PointsAtTheLowerThatCameFirst, ()) {
  Course course;
  course.go_on();
  const std::size_t low = course.publish(0);
  course.publish(5);
  course.credit(9);
  course.deliver(low, kPlanted);
  course.credit(0);
  course.drain();
  RC_ASSERT(is_fault(course, judge_sequence_order, "lower_first", kPlanted));
}

RC_GTEST_PROP(Sequence, PointsAtTheEqualsOutOfOrder, ()) {
  Course course;
  course.go_on();
  course.publish(5);
  const std::size_t second = course.publish(5);
  course.credit(9);
  course.deliver(second, kPlanted);
  course.credit(0);
  course.drain();
  RC_ASSERT(is_fault(course, judge_sequence_order, "equals_out_of_order", kPlanted));
}

RC_GTEST_PROP(Sequence, PointsAtTheOneMadeUp, ()) {
  Course course;
  course.go_on();
  course.sketch.deliver(course.now++, {.message = 77, .delivery = kPlanted});
  course.drain();
  RC_ASSERT(is_fault(course, judge_sequence_order, "made_up", kPlanted));
}

RC_GTEST_PROP(Sequence, PointsAtTheLostOne, ()) {
  Course course;
  course.go_on();
  course.publish(1);
  const auto lost = course.some(Message::Kept::waiting);
  course.drain(lost);
  const Judgement judgement = course.sketch.judged(judge_sequence_order);
  RC_ASSERT(judgement.finding() == "lost");
  RC_ASSERT(
      points_at_message(judgement, course.sketch.history(), static_cast<std::uint32_t>(*lost + 1)));
}

}  // namespace
}  // namespace busproof::checkers
