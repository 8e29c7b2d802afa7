// Text from a bus made fit to be shown. Method: examples of each kind of byte, then properties over
// random bytes, judged with Boost.JSON's own UTF-8 validation.

#include "reports/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "reports/support/records.hpp"

namespace busproof::reports {
namespace {

namespace json = boost::json;

// Random bytes with many near-misses of UTF-8 and of control characters.
std::string any_bytes() {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::oneOf(rc::gen::container<std::string>(rc::gen::arbitrary<char>()),
                     rc::gen::element<std::string>("\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                                   "\xc0\x80", "\xe2\x80\xae", "\xef\xbf\xbe", "ok",
                                                   "\x1b[2J", "\n", "\xc2\x9b", "\xe6\xbc\xa2")));
  std::string out;
  for (const auto& piece : pieces) out += piece;
  return out;
}

bool is_utf8(const std::string& text) {
  json::error_code failed;
  json::parse(json::serialize(json::string(text)), failed);
  return !failed;
}

TEST(Text, Bytes_that_are_no_utf8_are_shown_as_hex) {
  EXPECT_EQ(valid_utf8("a\xff"
                       "b"),
            "a\\xffb");
  EXPECT_EQ(valid_utf8("\xc0\x80"), "\\xc0\\x80") << "overlong";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "past U+10FFFF";
  EXPECT_EQ(valid_utf8("\xe2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(valid_utf8("\xf0\x9f\x8e\x89 \xe6\xbc\xa2"), "\xf0\x9f\x8e\x89 \xe6\xbc\xa2");
}

TEST(Text, What_has_no_face_gets_one) {
  EXPECT_EQ(visible(std::string_view("\0\x1b[31m\r\n\t\x7f", 10)),
            "\\x00\\x1b[31m\\x0d\n\t\\u{7f}");
  EXPECT_EQ(visible("\xc2\x9b"
                    "2J"),
            "\\u{9b}2J")
      << "an escape sequence's start in one character";
  EXPECT_EQ(visible("\xe2\x80\xae"
                    "abc"),
            "\\u{202e}abc");
  EXPECT_EQ(visible("\xef\xbf\xbf"), "\\u{ffff}");
  EXPECT_EQ(visible("\xef\xbb\xbf"), "\\u{feff}");
  EXPECT_EQ(visible_line("a\nb\tc"), "a\\nb\\tc");
}

RC_GTEST_PROP(Text, Visible_text_is_utf8_that_xml_allows, ()) {
  const std::string shown = visible(any_bytes());
  RC_ASSERT(is_utf8(shown));
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    RC_ASSERT(byte >= 0x20 || c == '\n' || c == '\t');
  }
  RC_ASSERT(shown.find("\xef\xbf\xbe") == std::string::npos);
  RC_ASSERT(visible(shown) == shown);
  RC_ASSERT(visible_line(shown).find('\n') == std::string::npos);
}

RC_GTEST_PROP(Text, Utf8_stays_as_it_is_where_it_was_valid, ()) {
  const std::string bytes = any_bytes();
  const std::string valid = valid_utf8(bytes);
  RC_ASSERT(is_utf8(valid));
  RC_ASSERT((valid == bytes) == is_utf8(bytes));
}

RC_GTEST_PROP(Text, Capped_text_is_short_whole_characters_and_says_so, ()) {
  const std::string text = valid_utf8(any_bytes());
  const auto most = *rc::gen::inRange<std::size_t>(40, 200);
  const std::string cut = capped(text, most);
  RC_ASSERT(cut.size() <= most);
  RC_ASSERT(is_utf8(cut));
  RC_ASSERT((cut == text) == (text.size() <= most));
  if (cut == text) return;
  const std::size_t kept = cut.rfind(" [");
  RC_ASSERT(cut.substr(0, kept) == text.substr(0, kept));
  RC_ASSERT(cut.substr(kept) == " [" + std::to_string(text.size() - kept) + " bytes more]");
}

TEST(Text, Columns_count_wide_and_combining_characters) {
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("\xe6\xbc\xa2\xe5\xad\x97"), 4U);
  EXPECT_EQ(columns("e\xcc\x81"), 1U);
  EXPECT_EQ(columns("\xf0\x9f\x8e\x89"), 2U);
}

RC_GTEST_PROP(Text, Wrapped_lines_fit_and_lose_no_word, ()) {
  const std::string text = visible_line(any_bytes());
  const auto width = *rc::gen::inRange<std::size_t>(8, 40);
  std::string joined;
  for (const auto& line : wrapped(text, width)) {
    RC_ASSERT(columns(line) <= width);
    joined += line;
  }
  const auto without_blanks = [](std::string all) {
    std::erase(all, ' ');
    return all;
  };
  RC_ASSERT(without_blanks(joined) == without_blanks(text));
}

TEST(Text, Wrapping_breaks_at_blanks) {
  EXPECT_EQ(wrapped("the quick  brown fox", 10),
            (std::vector<std::string>{"the quick", "brown fox"}));
  EXPECT_EQ(wrapped("", 10), std::vector<std::string>{""});
  EXPECT_EQ(wrapped("abcdefghijkl", 8), (std::vector<std::string>{"abcdefgh", "ijkl"}));
}

TEST(Text, Numbers_and_durations_are_for_people) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1 000");
  EXPECT_EQ(grouped(1234567), "1 234 567");
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(-1), "0 s");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "0 s");
  EXPECT_EQ(duration_text(0.25), "250 ms");
  EXPECT_EQ(duration_text(0.9999), "1.0 s");
  EXPECT_EQ(duration_text(9.99), "10 s");
  EXPECT_EQ(duration_text(59.7), "1 min");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(7260), "2 h 1 min");
}

}  // namespace
}  // namespace busproof::reports
