// Method: a history that is right by construction is accepted; with exactly one fault planted in it
// the judge names the fault and points at it. QUE-3.after_lease and QUE-4.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/checkers/any_between.hpp"
#include "suites/checkers/lease.hpp"
#include "suites/checkers/settling.hpp"
#include "suites/checkers/sketch.hpp"

namespace busproof::checkers {
namespace {

using contract::Verdict;
using history::Action;

constexpr Millis kLease = 500, kGrace = 60, kGranularity = 2, kWay = 100;
constexpr std::uint32_t kFence = 50, kPlanted = 800;

struct Sent {
  Millis sent = 0, received = 0;
  Millis rejected = -1;  ///< When its reject was invoked, if it was.
};

/// One message on one connection: each delivery is sent when the lease before it is over, by its
/// term or by a reject, and is read a little later.
struct Message {
  Millis published = 0;
  std::vector<Sent> deliveries;
  [[nodiscard]] const Sent& last() const { return deliveries.back(); }
};

Message any_message(Millis from) {
  Message message{from + any_between(0, 50), {}};
  Millis sent = message.published + any_between(0, 20);
  for (int left = any_between(1, 5); left > 0; --left) {
    Sent one{.sent = sent, .received = sent + any_between(0, 50)};
    const bool rejects = left > 1 && any_between(0, 4) == 0;
    if (rejects) one.rejected = one.received + any_between(0, 100);
    sent = rejects ? one.rejected + any_between(1, 20)
                   : sent + kLease + any_between(0, static_cast<int>(kGrace));
    sent = std::max(sent, one.received);  // One connection keeps the order.
    message.deliveries.push_back(one);
  }
  return message;
}

struct Made {
  Sketch sketch{{{"redelivery_grace_ms", kGrace}, {"time_granularity_ms", kGranularity}}};
  std::uint32_t delivery = 0;

  Made() { sketch.subscribe(0, 1, 20, kLease); }

  /// Gives the number of the last delivery.
  std::uint32_t add(std::uint32_t number, const Message& message) {
    sketch.publish(message.published, message.published + 5, number);
    std::int32_t attempt = 0;
    for (const Sent& one : message.deliveries) {
      const About about{.message = number, .delivery = ++delivery};
      sketch.deliver(one.received, about, ++attempt);
      if (one.rejected < 0) continue;
      About reject = about;
      reject.amount = 1;
      sketch.request(Action::reject, one.rejected, one.rejected + 2, reject);
    }
    return delivery;
  }

  void plant(Millis at, std::uint32_t number, std::int32_t attempt) {
    sketch.deliver(at, {.message = number, .delivery = kPlanted}, attempt);
  }
};

bool is_fault(const Sketch& sketch, Judge judge, std::string_view finding, std::uint32_t delivery) {
  const Judgement judgement = sketch.judged(judge);
  return judgement.finding() == finding &&
         points_at_delivery(judgement, sketch.history(), delivery);
}

Made some_legal() {
  Made made;
  const auto count = static_cast<std::uint32_t>(any_between(1, 5));
  for (std::uint32_t m = 1; m <= count; ++m) made.add(m, any_message(10 * m));
  return made;
}

RC_GTEST_PROP(Lease, AcceptsEveryLegalCourse, ()) {
  const Made made = some_legal();
  for (const Judge judge : {judge_attempts, judge_not_early, judge_not_late}) {
    const Verdict verdict = made.sketch.judged(judge).verdict();
    RC_ASSERT(verdict == Verdict::met || verdict == Verdict::inconclusive);
  }
}

RC_GTEST_PROP(Lease, PointsAtTheEarlyOne, ()) {
  Made made = some_legal();
  const Millis published = 10'000;
  const Millis first = published + any_between(0, 200);
  made.add(40, {published, {{.sent = published, .received = first}}});
  const Millis latest = published + kLease - kGranularity - 1;
  made.plant(any_between(first + 1, latest + 1), 40, 2);
  RC_ASSERT(is_fault(made.sketch, judge_not_early, "early_redelivery", kPlanted));
}

RC_GTEST_PROP(Lease, PointsAtTheEarlyOneOfAChain, ()) {
  Made made;
  Message message = any_message(10);
  // Each lease can have begun no earlier than the one before it can have ended.
  Millis start = message.published;
  for (const Sent& one : message.deliveries)
    if (&one != &message.last())
      start = one.rejected < 0 ? start + kLease - kGranularity
                               : std::min(start + kLease - kGranularity, one.rejected);
  const Millis latest = start + kLease - kGranularity - 1;
  RC_PRE(message.last().received < latest);
  made.add(1, message);
  made.plant(any_between(message.last().received + 1, latest + 1), 1, 9);
  RC_ASSERT(is_fault(made.sketch, judge_not_early, "early_redelivery", kPlanted));
}

RC_GTEST_PROP(Lease, PointsAtTheLateOne, ()) {
  Made made = some_legal();
  const Message message = any_message(10);
  made.add(40, message);
  const Millis latest = message.last().received + kLease + kGrace + kGranularity + kWay;
  made.plant(latest + any_between(1, 3000), 40, 9);
  RC_ASSERT(is_fault(made.sketch, judge_not_late, "late_redelivery", kPlanted));
}

RC_GTEST_PROP(Lease, PointsAtTheOneThatNeverCameAgain, ()) {
  Made made;
  const Message message = any_message(10);
  const std::uint32_t last = made.add(1, message);
  const Millis latest = message.last().received + kLease + kGrace + kGranularity + kWay;
  const Millis fence = latest + any_between(1, 3000);
  made.sketch.fence(fence, fence + 2, kFence, 900);
  RC_ASSERT(is_fault(made.sketch, judge_not_late, "never_redelivered", last));
}

RC_GTEST_PROP(Lease, PointsAtTheAttemptThatWasNotRaised, ()) {
  Made made = some_legal();
  const Message message = any_message(10);
  made.add(40, message);
  const auto attempts = static_cast<std::int32_t>(message.deliveries.size());
  made.plant(message.last().received + kLease + 10, 40, any_between(0, attempts + 1));
  RC_ASSERT(is_fault(made.sketch, judge_attempts, "attempt_not_raised", kPlanted));
}

/// A message acked within its last lease; gives when that was answered.
Millis add_acked(Made& made, std::uint32_t number, const Message& message) {
  const std::uint32_t last = made.add(number, message);
  Millis start = message.published;
  for (const Sent& one : message.deliveries)
    if (&one != &message.last())
      start = one.rejected < 0 ? start + kLease - kGranularity
                               : std::min(start + kLease - kGranularity, one.rejected);
  const Millis latest = start + kLease - kGranularity - 1;
  RC_PRE(message.last().received + 3 < latest);
  const Millis answered = any_between(message.last().received + 3, latest + 1);
  made.sketch.request(Action::ack, answered - 2, answered, {.message = number, .delivery = last});
  return answered;
}

RC_GTEST_PROP(Acked, AcceptsSilenceAndPointsAtTheOneThatCameAgain, ()) {
  Made made;
  const auto count = static_cast<std::uint32_t>(any_between(1, 4));
  Millis last = 0;
  std::uint32_t planted = 0;
  Millis planted_from = 0;
  for (std::uint32_t m = 1; m <= count; ++m) {
    const Millis answered = add_acked(made, m, any_message(10 * m));
    last = std::max(last, answered);
    if (planted == 0 || *rc::gen::arbitrary<bool>()) planted = m, planted_from = answered;
  }
  const Millis fence = last + 2 * kLease + 1;
  made.sketch.fence(fence, fence + 1, kFence, 900);
  RC_ASSERT(made.sketch.judged(judge_acked_after_lease).verdict() == Verdict::met);
  const Millis at = planted_from + any_between(1, static_cast<int>(3 * kLease));
  made.plant(at, planted, any_between(1, 9));
  RC_ASSERT(is_fault(made.sketch, judge_acked_after_lease, "acked_came_again", kPlanted));
}

RC_GTEST_PROP(Acked, PointsAtTheOneThatCameAgainOnALaterConnection, ()) {
  Made made;
  const Millis answered = add_acked(made, 1, any_message(10));
  const Millis later = answered + any_between(1, 500);
  made.sketch.mark(later, "leaving", 0, 1).disconnected(later + 1, 1);
  made.sketch.subscribe(later + 2, later + 3, 20, kLease, {.subscription = 2, .session = 2});
  made.sketch.fence(later + 900, later + 901, kFence, 900, 2, 2);
  RC_ASSERT(made.sketch.judged(judge_acked_on_later_connection).verdict() == Verdict::met);
  made.sketch.deliver(later + any_between(4, 900),
                      {.message = 1, .delivery = kPlanted, .subscription = 2, .session = 2},
                      any_between(1, 9));
  RC_ASSERT(is_fault(made.sketch, judge_acked_on_later_connection, "acked_came_again", kPlanted));
}

}  // namespace
}  // namespace busproof::checkers
