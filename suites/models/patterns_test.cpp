// Method: the grammars' own published examples, and for Redis' glob a search of another kind over
// random patterns and names: by trying every split of the name at every star.
#include "suites/models/patterns.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace busproof::models {
namespace {

struct Example {
  std::string_view grammar, pattern, name;
  std::optional<bool> matches;
};

constexpr std::optional<bool> kYes = true, kNo = false, kOpen = std::nullopt;

constexpr Example kExamples[] = {
    {"redis_glob", "h?llo", "hallo", kYes},
    {"redis_glob", "h?llo", "hllo", kNo},
    {"redis_glob", "h*llo", "hllo", kYes},
    {"redis_glob", "h*llo", "heeeello", kYes},
    {"redis_glob", "h*llo", "heeeell", kNo},
    {"redis_glob", "h[ae]llo", "hillo", kNo},
    {"redis_glob", "h[^e]llo", "hallo", kYes},
    {"redis_glob", "h[^e]llo", "hello", kNo},
    {"redis_glob", "h[a-c]llo", "hbllo", kYes},
    {"redis_glob", "h[a-c]llo", "hdllo", kNo},
    {"redis_glob", "h\\*llo", "h*llo", kYes},
    {"redis_glob", "h\\*llo", "hello", kNo},
    {"redis_glob", "[\\]]", "]", kYes},
    {"redis_glob", "*", "", kYes},
    {"redis_glob", "a.*.c", "a.b.b.c", kYes},
    {"redis_glob", "é*", "é1", kYes},
    {"redis_glob", "?", "é", kOpen},
    {"redis_glob", "[c-a]", "b", kOpen},
    {"redis_glob", "[abc", "a", kOpen},
    {"redis_glob", "[!a]", "b", kOpen},
    {"redis_glob", "[\\a-c]", "b", kOpen},
    {"redis_glob", "a\\", "a\\", kOpen},
    {"redis_glob", "", "", kOpen},
    {"nats", "time.*.east", "time.us.east", kYes},
    {"nats", "time.*.east", "time.us.east.atlanta", kNo},
    {"nats", "time.us.>", "time.us.east.atlanta", kYes},
    {"nats", "time.us.>", "time.us", kNo},
    {"nats", "time.>.us", "time.a.us", kOpen},
    {"nats", "fo*", "foo", kOpen},
    {"mqtt", "sport/tennis/player1/#", "sport/tennis/player1", kYes},
    {"mqtt", "sport/tennis/player1/#", "sport/tennis/player1/score/x", kYes},
    {"mqtt", "sport/+", "sport", kNo},
    {"mqtt", "sport/+", "sport/", kYes},
    {"mqtt", "+/+", "/finance", kYes},
    {"mqtt", "#", "$SYS/x", kOpen},
    {"amqp", "*.orange.*", "quick.orange.rabbit", kYes},
    {"amqp", "*.orange.*", "quick.orange.new.rabbit", kNo},
    {"amqp", "lazy.#", "lazy", kYes},
    {"amqp", "lazy.#", "lazy.orange.new.rabbit", kYes},
    {"amqp", "#.b.#", "b", kYes},
    {"amqp", "#.b.#", "a.b.c.d", kYes},
    {"amqp", "#.b.#", "a.c", kNo},
    {"klingon", "*", "a", kOpen},
};

TEST(Patterns, MatchAsTheirGrammarsSay) {
  for (const Example& example : kExamples)
    EXPECT_EQ(pattern_matches(example.grammar, example.pattern, example.name), example.matches)
        << example.grammar << " " << example.pattern << " " << example.name;
}

TEST(Patterns, AreValidAsTheirGrammarsSay) {
  using namespace std::string_view_literals;
  EXPECT_EQ(pattern_valid("redis_glob", ""), false);
  EXPECT_EQ(pattern_valid("redis_glob", "a\0b"sv), false);
  EXPECT_EQ(pattern_valid("redis_glob", "[a"), true);
  EXPECT_EQ(pattern_valid("nats", "a..b"), false);
  EXPECT_EQ(pattern_valid("nats", "a.>.b"), false);
  EXPECT_EQ(pattern_valid("nats", "a*.b"), std::nullopt);
  EXPECT_EQ(pattern_valid("mqtt", "a/#/b"), false);
  EXPECT_EQ(pattern_valid("mqtt", "a#"), false);
  EXPECT_EQ(pattern_valid("mqtt", "a//b"), true);
  EXPECT_EQ(pattern_valid("amqp", "a.#.b"), true);
  EXPECT_EQ(pattern_valid("amqp", ""), std::nullopt);
  EXPECT_EQ(pattern_valid("klingon", "a"), std::nullopt);
}

/// Tries every run for the first star.
bool glob_by_trying(std::string_view glob, std::string_view name) {
  if (glob.empty()) return name.empty();
  if (glob[0] == '*') {
    for (std::size_t run = 0; run <= name.size(); ++run)
      if (glob_by_trying(glob.substr(1), name.substr(run))) return true;
    return false;
  }
  if (name.empty()) return false;
  if (glob[0] == '?') return glob_by_trying(glob.substr(1), name.substr(1));
  if (glob[0] == '\\') return glob[1] == name[0] && glob_by_trying(glob.substr(2), name.substr(1));
  return glob[0] == name[0] && glob_by_trying(glob.substr(1), name.substr(1));
}

RC_GTEST_PROP(Patterns, StarsAgreeWithTrying, ()) {
  // Few signs: trying takes a time that grows with the power of the stars.
  const auto signs = *rc::gen::resize(
      8, rc::gen::container<std::vector<std::string>>(
             rc::gen::element<std::string>("a", "b", "*", "?", "\\*", "\\?", "\\a", ".")));
  const auto name = *rc::gen::resize(
      10, rc::gen::container<std::string>(rc::gen::element('a', 'b', '*', '?', '.')));
  std::string glob;
  for (const std::string& sign : signs) glob += sign;
  RC_PRE(!glob.empty());
  RC_ASSERT(pattern_matches("redis_glob", glob, name) == glob_by_trying(glob, name));
}

RC_GTEST_PROP(Patterns, ANameEscapedMatchesItselfAlone, ()) {
  const auto any = rc::gen::container<std::string>(
      rc::gen::element('a', '*', '?', '[', ']', '\\', '^', '-', '!'));
  const auto name = *any;
  const auto other = *any;
  RC_PRE(!name.empty());
  const auto pattern = pattern_of_name("redis_glob", name);
  RC_ASSERT(pattern.has_value());
  RC_ASSERT(pattern_matches("redis_glob", *pattern, name) == true);
  RC_ASSERT(pattern_matches("redis_glob", *pattern, other) == (name == other));
}

}  // namespace
}  // namespace busproof::models
