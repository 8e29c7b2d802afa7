// Method: any program reads back the same; shrinking finds a planted minimum, keeps failing, and
// stops at its budget.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "suites/program/program.hpp"
#include "suites/program/shrink.hpp"

namespace busproof::program {
namespace {

const Bounds kBounds{0, 9, true, 30};

RC_GTEST_PROP(Program, ReadsBackTheSame, (std::uint64_t seed)) {
  const Program program = generate_queue_program(seed, kBounds);
  const auto back = parse(to_json(program));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == program);
}

RC_GTEST_PROP(Program, TheSameSeedGivesTheSameProgram, (std::uint64_t seed)) {
  RC_ASSERT(generate_queue_program(seed, kBounds) == generate_queue_program(seed, kBounds));
}

TEST(Program, SeedsReachEveryOperation) {
  std::set<Kind> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const Operation& operation : generate_queue_program(seed, kBounds))
      seen.insert(operation.kind);
  EXPECT_EQ(seen.size(), 5U);
}

TEST(Program, NamesTheOperationItCannotRead) {
  const auto read = parse({"publish 1", "swallow"});
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().detail().find("swallow"), std::string::npos);
  EXPECT_FALSE(parse({"publish"}).has_value());
}

std::ptrdiff_t count(const Program& program, Kind kind) {
  return std::count_if(program.begin(), program.end(),
                       [&](const Operation& operation) { return operation.kind == kind; });
}

// The planted bug shows with two takes and one reject, wherever they stand.
bool planted(const Program& program) {
  return count(program, Kind::take) >= 2 && count(program, Kind::reject) >= 1;
}

RC_GTEST_PROP(Shrink, FindsThePlantedMinimum, (std::uint64_t seed)) {
  const Program program = generate_queue_program(seed, kBounds);
  RC_PRE(planted(program));
  const Shrunk shrunk = shrink(program, planted, {});
  RC_ASSERT(planted(shrunk.program));
  RC_ASSERT(shrunk.minimal);
  RC_ASSERT(shrunk.program.size() == 3U);
}

TEST(Shrink, StopsAtItsBudget) {
  const Program program(100, Operation{Kind::publish, 5});
  const Shrunk shrunk =
      shrink(program, [](const Program& p) { return p.size() == 100; }, {.runs_max = 7});
  EXPECT_EQ(shrunk.runs, 7);
  EXPECT_FALSE(shrunk.minimal);
  EXPECT_EQ(shrunk.program.size(), 100U);
}

}  // namespace
}  // namespace busproof::program
