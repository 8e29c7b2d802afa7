// Method: a small history by hand; the view joins what belongs together.
#include "suites/history/view.hpp"

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

TEST(View, AStallCountsWhereItOverlaps) {
  const auto history = from_json_lines(kText);
  const View view(*history);
  EXPECT_EQ(view.longest_stall(milliseconds(500), milliseconds(650)), milliseconds(300));
  EXPECT_EQ(view.longest_stall(milliseconds(100), milliseconds(550)), Time::zero());
  EXPECT_EQ(view.marks("fence").size(), 1U);
}

}  // namespace
}  // namespace busproof::history
