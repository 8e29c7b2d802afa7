// Method: a small history by hand; the view joins what belongs together.
#include "suites/history/view.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "suites/history/json_lines.hpp"

namespace busproof::history {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kText =
    R"({"busproof_history": 1}
{"at_ms": 1, "phase": "invoke", "action": "publish", "op": 1, "message": 1, "detail": {"size": 3}}
{"at_ms": 2, "phase": "invoke", "action": "publish", "op": 2, "message": 2}
{"at_ms": 3, "phase": "ok", "action": "publish", "op": 1, "detail": {"route": "inline"}}
{"at_ms": 4, "phase": "note", "action": "deliver", "message": 1, "delivery": 1, "attempt": 1}
{"at_ms": 900, "phase": "note", "action": "stall", "amount": 300}
{"at_ms": 950, "phase": "note", "action": "mark", "error": "fence"}
)";

TEST(View, JoinsAnInvokeWithItsAnswer) {
  const auto history = from_json_lines(kText);
  ASSERT_TRUE(history.has_value());
  const View view(*history);
  const Operation* first = view.publish_of(1);
  ASSERT_NE(first, nullptr);
  EXPECT_TRUE(first->ok());
  EXPECT_EQ(first->answered, milliseconds(3));
  EXPECT_EQ(number_of(first->asked, "size"), 3);
  EXPECT_EQ(text_of(first->said, "route"), "inline");
}

TEST(View, AnInvokeWithoutAnswerMayHaveHappened) {
  const auto history = from_json_lines(kText);
  const View view(*history);
  ASSERT_NE(view.publish_of(2), nullptr);
  EXPECT_EQ(view.publish_of(2)->outcome, Phase::info);
  EXPECT_EQ(view.publish_of(2)->answered, kNever);
  EXPECT_EQ(view.publish_of(3), nullptr);
}

TEST(View, ShiftedTimeIsAnInterval) {
  constexpr std::string_view kHead =
      R"("phase": "invoke", "action": "control", "detail": {"method": "ctl/clock", "params": )";
  const auto advance = [&](int at, int op, int ms) {
    return fmt::format(R"({{"at_ms": {}, "op": {}, {}{{"advance_ms": {}}}}}}})", at, op, kHead,
                       ms) +
           "\n";
  };
  const auto answer = [](int at, int op, std::string_view phase) {
    return fmt::format(R"({{"at_ms": {}, "op": {}, "phase": "{}", "action": "control"}})", at, op,
                       phase) +
           "\n";
  };
  const auto history =
      from_json_lines("{\"busproof_history\": 1}\n" + advance(10, 1, 500) + answer(20, 1, "ok") +
                      advance(30, 2, 70) + answer(40, 2, "fail") + advance(50, 3, 3));
  ASSERT_TRUE(history.has_value());
  const View view(*history);
  const auto passed = [&](int from, int to) {
    return std::pair<Time, Time>(view.passed_at_least(milliseconds(from), milliseconds(to)),
                                 view.passed_at_most(milliseconds(from), milliseconds(to)));
  };
  const auto expected = [](int least, int most) {
    return std::pair<Time, Time>(milliseconds(least), milliseconds(most));
  };
  EXPECT_EQ(passed(0, 5), expected(5, 5));
  EXPECT_EQ(passed(0, 15), expected(15, 515));
  EXPECT_EQ(passed(0, 45), expected(545, 545));
  EXPECT_EQ(passed(15, 45), expected(30, 530));
  EXPECT_EQ(passed(25, 60), expected(35, 38));
}

TEST(View, AStallCountsWhereItOverlaps) {
  const auto history = from_json_lines(kText);
  const View view(*history);
  EXPECT_EQ(view.longest_stall(milliseconds(500), milliseconds(650)), milliseconds(300));
  EXPECT_EQ(view.longest_stall(milliseconds(100), milliseconds(550)), Time::zero());
  EXPECT_EQ(view.marks("fence").size(), 1U);
}

constexpr std::string_view kIndexed =
    R"({"busproof_history": 1}
{"at_ms": 10, "phase": "invoke", "action": "ack", "session": 1, "op": 1, "message": 7, )"
    R"("delivery": 3}
{"at_ms": 12, "phase": "ok", "action": "ack", "session": 1, "op": 1, "message": 7, "delivery": 3}
{"at_ms": 20, "phase": "invoke", "action": "ack", "session": 1, "op": 2, "message": 7, )"
    R"("delivery": 4}
{"at_ms": 30, "phase": "fail", "action": "ack", "session": 1, "op": 2, "message": 7, )"
    R"("delivery": 4, "error": "disconnected"}
{"at_ms": 40, "phase": "invoke", "action": "control", "op": 3, )"
    R"("detail": {"method": "ctl/clock", "params": {"advance_ms": 500}}}
{"at_ms": 42, "phase": "ok", "action": "control", "op": 3}
{"at_ms": 50, "phase": "note", "action": "mark", "error": "fence", "message": 9}
{"at_ms": 60, "phase": "note", "action": "deliver", "session": 1, "message": 7, "delivery": 4}
)";

TEST(View, FindsWhatIsAboutAMessageOrADelivery) {
  const auto history = from_json_lines(kIndexed);
  const View view(*history);
  EXPECT_EQ(view.on_message(Action::ack, 7).size(), 2);
  EXPECT_EQ(view.on_delivery(Action::ack, 4).front().number, 2U);
  EXPECT_TRUE(view.on_delivery(Action::reject, 4).empty());
  EXPECT_TRUE(view.on_message(Action::ack, 0).empty());
  EXPECT_EQ(view.deliveries_of(7).size(), 1);
  EXPECT_TRUE(view.is_marked("fence", 9));
  EXPECT_FALSE(view.is_marked("fence", 7));
}

TEST(View, ASessionWasKnownWhenARequestItAnsweredWasInvoked) {
  const auto history = from_json_lines(kIndexed);
  const View view(*history);
  EXPECT_EQ(view.last_known(1, milliseconds(11)), Time::zero());
  EXPECT_EQ(view.last_known(1, milliseconds(12)), milliseconds(10));
  EXPECT_EQ(view.last_known(1, milliseconds(90)), milliseconds(10)) << "no answer is no sign";
  EXPECT_EQ(view.last_known(2, milliseconds(90)), Time::zero());
}

TEST(View, TimePassesFasterWhenTheClockIsMoved) {
  const auto history = from_json_lines(kIndexed);
  const View view(*history);
  EXPECT_EQ(view.earliest_after(milliseconds(10), milliseconds(20)), milliseconds(30));
  EXPECT_EQ(view.earliest_after(milliseconds(10), milliseconds(100)), milliseconds(40));
  EXPECT_EQ(view.earliest_after(milliseconds(10), milliseconds(900)), milliseconds(410));
  EXPECT_EQ(view.earliest_after(milliseconds(43), milliseconds(900)), milliseconds(943));
}

}  // namespace
}  // namespace busproof::history
