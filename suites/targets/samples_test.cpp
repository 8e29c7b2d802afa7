// Prometheus' text format: what is a sample, and what is told of a line that is none.
#include "suites/targets/samples.hpp"

#include <gtest/gtest.h>

namespace busproof::targets {
namespace {

TEST(Samples, NamesValuesLabelsAndTimes) {
  const Samples read = read_samples(
      "# HELP a_total what it is\n# TYPE a_total counter\na_total 3\n\n"
      "b 1.5e3 1395066363000\r\n"
      "c{of=\"x\"} 2\nc{of=\"a } in \\\" quotes\",} 5\n"
      "d +Inf\n e:f  \t-4\n");
  EXPECT_EQ(read.unreadable, "");
  EXPECT_EQ(read.values.size(), 5U);
  EXPECT_EQ(read.values.at("a_total"), 3);
  EXPECT_EQ(read.values.at("b"), 1500);
  EXPECT_EQ(read.values.at("c"), 7) << "label sets are added up";
  EXPECT_GT(read.values.at("d"), 1e300);
  EXPECT_EQ(read.values.at("e:f"), -4);
}

TEST(Samples, TheFirstLineThatIsNoneIsTold) {
  for (const char* line :
       {"a", "a b", "1a 2", "a{b=\"c\" 2", "{a=\"b\"} 2", "a 1 later", "<html>"}) {
    const Samples read = read_samples(std::string("x 1\n") + line + "\ny 2\n");
    EXPECT_EQ(read.unreadable, line);
    EXPECT_EQ(read.values.size(), 2U);
  }
}

}  // namespace
}  // namespace busproof::targets
