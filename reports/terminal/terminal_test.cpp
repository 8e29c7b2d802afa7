// The end of a run on a terminal: narrow, without colours, in ASCII, and not steered by the bus.

#include "reports/terminal/terminal.hpp"

#include <gtest/gtest.h>

#include "reports/support/records.hpp"
#include "reports/text.hpp"

namespace busproof::reports {
namespace {

using contract::RunRecord;
using contract::Verdict;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    out.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

// A terminal's line without its colours.
std::string without_colors(std::string line) {
  for (std::size_t at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b')) {
    line.erase(at, line.find('m', at) - at + 1);
  }
  return line;
}

TEST(Matrix, Lines_fit_the_terminal_save_commands_that_are_copied) {
  for (const int width : {60, 80, 120, 200}) {
    for (const auto& record : {support::conformant_record(), support::nonconformant_record(),
                               support::unreachable_record(), support::whole_contract_record()}) {
      for (const auto& line : lines_of(render_matrix(record, {true, width, true}))) {
        const std::string plain = without_colors(line);
        if (plain.starts_with("    repeat: ") || plain.starts_with("seed ")) continue;
        EXPECT_LE(columns(plain), static_cast<std::size_t>(width)) << plain;
        EXPECT_FALSE(plain.ends_with(' ')) << plain << "|";
      }
    }
  }
}

TEST(Matrix, A_pipe_gets_no_escape_sequences_whatever_the_bus_says) {
  for (const auto& record : {support::nonconformant_record(), support::whole_contract_record()}) {
    const std::string text = render_matrix(record, {false, 80, true});
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\0'), std::string::npos);
    EXPECT_EQ(text.find('\a'), std::string::npos);
  }
}

TEST(Matrix, With_colours_only_ours_are_in_it) {
  RunRecord record = support::nonconformant_record();
  record.rules[1].cases[0].detail = "\x1b]0;owned\x07 \x1b[2J";
  const std::string text = render_matrix(record, {true, 80, true});
  EXPECT_NE(text.find("\x1b[1;31m"), std::string::npos);
  for (const auto& line : lines_of(text)) {
    EXPECT_EQ(without_colors(line).find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find("\x1b]"), std::string::npos);
    EXPECT_EQ(line.find("\x1b[2J"), std::string::npos);
  }
}

TEST(Matrix, Ascii_is_ascii) {
  const std::string text = render_matrix(support::conformant_record(), {false, 80, false});
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  EXPECT_NE(text.find("  QUE  work queues                  ++X  2 met, 1 violated\n"),
            std::string::npos)
      << text;
}

TEST(Matrix, Findings_come_with_a_sentence_and_the_command_that_repeats_them) {
  const std::string text = render_matrix(support::nonconformant_record(), {false, 100, true});
  EXPECT_NE(text.find("blocked (1)\n  ■ QUE-5.golden_again  MUST\n"
                      "    publish failed: rate_limited\n"
                      "    repeat: busproof run --only QUE-5.golden_again"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("inconclusive (1)\n"), std::string::npos);
}

TEST(Matrix, The_last_lines_are_verdict_seed_and_reports) {
  const auto lines =
      lines_of(render_matrix(support::conformant_record(), {false, 100, true}, "out/x"));
  ASSERT_GE(lines.size(), 4U);
  EXPECT_TRUE(lines[lines.size() - 4].starts_with("CONFORMANT  Every MUST")) << lines.back();
  EXPECT_TRUE(lines[lines.size() - 2].starts_with("seed      18446744073709551615"));
  EXPECT_EQ(lines.back(), "reports   out/x/report.html");
}

TEST(Matrix, Many_findings_are_counted_rather_than_listed) {
  RunRecord record = support::whole_contract_record();
  std::size_t all = 0;
  for (auto& rule : record.rules) {
    for (auto& part : rule.cases) part.verdict = Verdict::violated, ++all;
  }
  const std::string text = render_matrix(record, {false, 80, true});
  EXPECT_NE(text.find("violated (" + grouped(all) + ")"), std::string::npos);
  EXPECT_NE(text.find("and " + grouped(all - 25) + " more"), std::string::npos);
}

TEST(Style, Colours_are_for_terminals_that_want_them) {
  Surroundings terminal{true, 132, "", "xterm-256color", "en_US.UTF-8"};
  EXPECT_TRUE(style_from(terminal).color);
  EXPECT_EQ(style_from(terminal).width, 132);
  EXPECT_TRUE(style_from(terminal).unicode);

  Surroundings refused = terminal;
  refused.no_color = "1";
  EXPECT_FALSE(style_from(refused).color);
  refused = terminal;
  refused.term = "dumb";
  EXPECT_FALSE(style_from(refused).color);

  Surroundings pipe = terminal;
  pipe.is_terminal = false;
  EXPECT_FALSE(style_from(pipe).color);
  EXPECT_EQ(style_from(pipe).width, 100);

  Surroundings plain = terminal;
  plain.locale = "C";
  EXPECT_FALSE(style_from(plain).unicode);
  plain.locale = "de_DE.utf8";
  EXPECT_TRUE(style_from(plain).unicode);
}

}  // namespace
}  // namespace busproof::reports
