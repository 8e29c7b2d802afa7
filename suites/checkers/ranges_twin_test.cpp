// Method: ranges of small payloads, answered rightly and wrongly, judged twice: by the judge of
// STORE-1.range, which knows digests alone, and by making every answer that a correct bus can give.
// Both must agree on each.
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "suites/checkers/ranges.hpp"
#include "suites/checkers/sketch.hpp"
#include "suites/history/json_lines.hpp"

namespace busproof::checkers {
namespace {

namespace json = boost::json;
using contract::Verdict;
using history::Action;

struct Answer {
  std::string error = {};  ///< A refusal; else what came:
  std::int64_t offset = 0;
  std::string bytes = {};
  bool more = false;

  friend bool operator==(const Answer& a, const Answer& b) {
    if (!a.error.empty()) return a.error == b.error;
    return b.error.empty() && a.offset == b.offset && a.bytes == b.bytes && a.more == b.more;
  }
};

struct Case {
  std::string payload;
  std::int64_t offset = 0, length = 0;
  Answer answer = {};
};

/// All that a correct bus may say.
std::vector<Answer> right_answers(const Case& it) {
  const auto size = static_cast<std::int64_t>(it.payload.size());
  if (it.offset > size) return {{.error = "invalid_argument"}};
  if (it.offset == size) return {{.offset = size}};
  std::vector<Answer> all;
  for (std::int64_t end = it.offset + 1; end <= std::min(size, it.offset + it.length); ++end)
    all.push_back({.offset = it.offset,
                   .bytes = it.payload.substr(static_cast<std::size_t>(it.offset),
                                              static_cast<std::size_t>(end - it.offset)),
                   .more = end < size});
  return all;
}

Case any_case(std::mt19937_64& random) {
  const auto any = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  const auto some_bytes = [&](std::int64_t most) {
    std::string bytes;
    for (std::int64_t i = any(0, most); i > 0; --i) bytes += any(0, 1) == 0 ? 'a' : 'b';
    return bytes;
  };
  Case it{.payload = some_bytes(8)};
  const auto size = static_cast<std::int64_t>(it.payload.size());
  it.offset = any(0, size + 2);
  it.length = any(1, size + 2);
  const auto right = right_answers(it);
  it.answer = right[static_cast<std::size_t>(any(0, static_cast<std::int64_t>(right.size()) - 1))];
  switch (any(0, 9)) {
    case 0:
      it.answer.bytes = some_bytes(8);
      break;
    case 1:
      it.answer.more = !it.answer.more;
      break;
    case 2:
      if (it.offset < size) it.answer.offset = any(0, size);  // Of nothing the place is no matter.
      break;
    case 3:
      it.answer = {.error = any(0, 1) == 0 ? "invalid_argument" : "not_found"};
      break;
    case 4:
      it.answer.error = {};
      break;
    default:
      break;
  }
  return it;
}

Sketch sketch_of(const Case& it) {
  Sketch sketch(json::object{}, {{"store", json::object{}}});
  sketch.request(Action::publish, 1, 2,
                 {.message = 1,
                  .asked = {{"mode", "queue"}, {"size", it.payload.size()}},
                  .said = {{"transaction_id", "t"}}});
  About about{.error = it.answer.error,
              .asked = {{"method", "bus/retrieve"},
                        {"params",
                         {{"transaction_id", "t"}, {"offset", it.offset}, {"length", it.length}}}}};
  if (it.answer.error.empty())
    about.said = {{"offset", it.answer.offset},
                  {"size", it.answer.bytes.size()},
                  {"digest", it.answer.bytes},
                  {"more", it.answer.more}};
  sketch.request(Action::call, 3, 4, about);
  // As the scenario notes it: as many bytes as came, and the right ones.
  const auto at = std::min(static_cast<std::size_t>(it.offset), it.payload.size());
  const std::string slice = it.payload.substr(at, it.answer.bytes.size());
  if (it.answer.error.empty())
    sketch.mark(5, "slice",
                json::object{
                    {"tx", "t"}, {"offset", it.offset}, {"size", slice.size()}, {"digest", slice}});
  return sketch;
}

TEST(RangesTwin, Store1_IsDecidedExactly) {
  std::mt19937_64 random(31);
  int violated = 0, met = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Case it = any_case(random);
    const Sketch sketch = sketch_of(it);
    const Verdict verdict = sketch.judged(judge_message_ranges).verdict();
    const auto right = right_answers(it);
    const bool is_right = std::find(right.begin(), right.end(), it.answer) != right.end();
    ASSERT_EQ(verdict, is_right ? Verdict::met : Verdict::violated)
        << "\"" << it.payload << "\"\n"
        << history::to_json_lines(sketch.history());
    (is_right ? met : violated) += 1;
  }
  EXPECT_GT(met, 5'000);
  EXPECT_GT(violated, 5'000);
}

}  // namespace
}  // namespace busproof::checkers
