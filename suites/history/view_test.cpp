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

}  // namespace
}  // namespace busproof::history
