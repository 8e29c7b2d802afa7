// summary.md leads with what failed, fits GitHub's limit, and is not written by the bus.

#include "reports/markdown/summary.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "reports/support/records.hpp"

namespace busproof::reports {
namespace {

using contract::RunRecord;
using contract::Verdict;

bool comes_before(const std::string& text, std::string_view first, std::string_view second) {
  const std::size_t at = text.find(first);
  const std::size_t then = text.find(second);
  return at != std::string::npos && then != std::string::npos && at < then;
}

TEST(Summary, It_leads_with_the_verdict_and_what_failed) {
  const std::string text = markdown_summary(support::nonconformant_record());
  EXPECT_TRUE(text.starts_with("# ✗ Nonconformant: "));
  EXPECT_TRUE(comes_before(text, "QUE-4.golden\\_late", "## Inconclusive and unverified"));
  EXPECT_TRUE(comes_before(text, "## Inconclusive and unverified", "QUE-11.golden\\_credit"));
  EXPECT_TRUE(comes_before(text, "QUE-11.golden\\_credit", "## Rules"));
  EXPECT_NE(text.find("busproof run --only QUE-4.golden_late"), std::string::npos);
}

TEST(Summary, A_run_that_never_started_says_what_to_do) {
  const std::string text = markdown_summary(support::unreachable_record());
  EXPECT_NE(text.find("**Problem:** No answer"), std::string::npos) << text;
  EXPECT_NE(text.find("Start the bus first"), std::string::npos);
}

TEST(Summary, It_stays_below_the_limit_and_counts_the_rest) {
  RunRecord record = support::whole_contract_record();
  for (auto& rule : record.rules) {
    for (auto& part : rule.cases) {
      part.verdict = Verdict::violated;
      part.detail = std::string(5000, '<');
      part.evidence.assign(100, std::string(300, '`'));
    }
  }
  record.notes.assign(5000, std::string(3000, '<'));
  const std::string text = markdown_summary(record);
  EXPECT_LE(text.size(), kSummaryBytesMax);
  EXPECT_GT(text.size(), kSummaryBytesMax / 2);
  EXPECT_NE(text.find(" more are in report.html."), std::string::npos);
  EXPECT_NE(text.find("## Rules"), std::string::npos);
}

TEST(Summary, Text_can_neither_link_nor_mention_nor_mark_up) {
  EXPECT_EQ(markdown_text("<b>&"), "&lt;b&gt;&amp;");
  EXPECT_EQ(markdown_text("@user #12"), "@<!-- -->user #<!-- -->12");
  EXPECT_EQ(markdown_text("https://x www.x: y 09:08"), "https&#58;//x www&#46;x: y 09:08");
  EXPECT_EQ(markdown_text("![a](b) `c` *d* _e_ |f| ~g~ $h$ \\"),
            "!\\[a\\](b) \\`c\\` \\*d\\* \\_e\\_ \\|f\\| \\~g\\~ \\$h\\$ \\\\");
  EXPECT_EQ(markdown_text("a\n# b\x1b"), "a\\\\n#<!-- --> b\\\\x1b");
}

RC_GTEST_PROP(Summary, A_code_block_cannot_be_ended_from_within, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('`', '\n', 'x'));
  const std::string block = markdown_block(text);
  const std::string fence = block.substr(0, block.find("text\n"));
  RC_ASSERT(fence.size() >= 3U);
  RC_ASSERT(block.ends_with("\n" + fence + "\n"));
  const std::size_t inside = fence.size() + 5;
  const std::string held = block.substr(inside, block.size() - inside - fence.size() - 1);
  RC_ASSERT(held.find(fence) == std::string::npos);
}

}  // namespace
}  // namespace busproof::reports
