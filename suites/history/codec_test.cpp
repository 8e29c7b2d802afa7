// Method: any history, written in either form, reads back the same; damage is told, never guessed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/history/binary.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::history {
namespace {

Event any_event(History& history) {
  Event event;
  event.at = std::chrono::microseconds(*rc::gen::inRange(0, 1 << 30));
  event.phase = static_cast<Phase>(*rc::gen::inRange(0, 1 + static_cast<int>(Phase::note)));
  event.action = static_cast<Action>(*rc::gen::inRange(0, 1 + static_cast<int>(Action::stall)));
  event.session = *rc::gen::arbitrary<std::uint16_t>();
  event.op = *rc::gen::arbitrary<std::uint16_t>();
  event.message = *rc::gen::arbitrary<std::uint16_t>();
  event.subscription = *rc::gen::arbitrary<std::uint8_t>();
  event.delivery = *rc::gen::arbitrary<std::uint16_t>();
  event.attempt = *rc::gen::arbitrary<std::int16_t>();
  event.amount = *rc::gen::arbitrary<std::int32_t>();
  event.destination = history.intern(*rc::gen::element<std::string>("", "q", "a\nb\"c"));
  event.error = history.intern(*rc::gen::element<std::string>("", "not_found"));
  event.detail = history.intern(*rc::gen::element<std::string>("", R"({"size":7})"));
  return event;
}

History any_history() {
  History history;
  history.header = {"Some.scenario", *rc::gen::arbitrary<std::uint64_t>(), R"({"a":1})", "note",
                    *rc::gen::arbitrary<bool>()};
  const int count = *rc::gen::inRange(0, 20);
  for (int i = 0; i < count; ++i) history.events.push_back(any_event(history));
  return history;
}

RC_GTEST_PROP(HistoryCodec, BinaryReadsBackTheSame, ()) {
  const History history = any_history();
  const auto back = from_file_text(to_binary(history));
  RC_ASSERT(back.has_value());
  RC_ASSERT(to_binary(*back) == to_binary(history));
  RC_ASSERT(back->header.seed == history.header.seed);
}

RC_GTEST_PROP(HistoryCodec, JsonLinesReadBackTheSame, ()) {
  const History history = any_history();
  const auto back = from_file_text(to_json_lines(history));
  RC_ASSERT(back.has_value());
  RC_ASSERT(to_json_lines(*back) == to_json_lines(history));
}

RC_GTEST_PROP(HistoryCodec, ATornFileIsToldNotRead, ()) {
  const std::string whole = to_binary(any_history());
  const auto kept = *rc::gen::inRange<std::size_t>(0, whole.size());
  RC_ASSERT(!from_binary(whole.substr(0, kept)).has_value());
}

TEST(HistoryCodec, NamesTheLineThatIsNoEvent) {
  const auto read = from_json_lines("{\"busproof_history\":1}\n{\"at_ms\":1}\n");
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().detail().find("line 2"), std::string::npos) << read.error().detail();
}

}  // namespace
}  // namespace busproof::history
