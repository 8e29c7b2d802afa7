// The small pure parts: base 64, times, ids, patterns, JSON strings.
//
// Method: properties against an independent, slower definition where there is one; the published
// examples where there is a standard.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "reference/core/base64.hpp"
#include "reference/core/glob.hpp"
#include "reference/core/ids.hpp"
#include "reference/core/json_rpc.hpp"
#include "reference/core/payload.hpp"
#include "reference/core/timestamp.hpp"

namespace reference::core {
namespace {

TEST(Base64, FollowsTheExamplesOfRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const auto* text : {"Z", "Zg", "Zg=", "Zg===", "=Zg=", "Z===", "Zh==", "Zm9=", "Zm 8=",
                           "Zm8=Zm8=", "Zm9v\n", "Zm9-"})
    EXPECT_FALSE(from_base64(text)) << text;
}

RC_GTEST_PROP(Base64, ComesBackAsItWas, (const std::string& bytes)) {
  RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

TEST(Timestamp, ReadsAndWritesRfc3339) {
  EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(from_rfc3339("1985-04-12T23:20:50.52Z"), 482'196'050'520);
  EXPECT_EQ(from_rfc3339("1996-12-19T16:39:57-08:00"), from_rfc3339("1996-12-20T00:39:57Z"));
  EXPECT_EQ(from_rfc3339("1990-12-31T23:59:60Z"), from_rfc3339("1991-01-01T00:00:00Z"));
  for (const auto* text : {"", "1985-04-12", "1985-04-31T00:00:00Z", "1985-04-12T24:00:00Z",
                           "1985-04-12T23:20:50", "1985-04-12T23:20:50.Z", "1985-04-12T23:20:50ZZ",
                           "85-04-12T23:20:50Z", "1985-04-12T23:60:00Z"})
    EXPECT_FALSE(from_rfc3339(text)) << text;
}

RC_GTEST_PROP(Timestamp, ComesBackAsItWas, ()) {
  const auto instant = *rc::gen::inRange<Instant>(0, 4'102'444'800'000);
  RC_ASSERT(from_rfc3339(to_rfc3339(instant)) == instant);
}

TEST(TransactionId, GrowsWithTimeAndKeepsEveryRandomBit) {
  EXPECT_LT(make_transaction_id(1, ~0ULL, ~0ULL), make_transaction_id(2, 0, 0));
  std::set<TransactionId> ids;
  for (unsigned bit = 0; bit < 122; ++bit)
    ids.insert(
        make_transaction_id(7, bit < 62 ? 1ULL << bit : 0, bit < 62 ? 0 : 1ULL << (bit - 62)));
  EXPECT_EQ(ids.size(), 122U);
  EXPECT_TRUE(is_transaction_id(*ids.begin()));
  EXPECT_FALSE(is_transaction_id(ids.begin()->substr(1)));
  EXPECT_FALSE(is_transaction_id(std::string(35, 'u')));
}

TEST(Digest, IsSha256AsRfc9530WritesIt) {
  EXPECT_EQ(digest_text(sha256("abc")), "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:");
  EXPECT_EQ(parse_digest(digest_text(sha256("x"))), sha256("x"));
  EXPECT_FALSE(parse_digest("sha-256=:AAAA=:"));
  EXPECT_FALSE(parse_digest("sha-512=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"));
}

TEST(Glob, MatchesAsRedisDoes) {
  const struct {
    const char* pattern;
    const char* name;
    bool matches;
  } rows[] = {{"*", "", true},
              {"agent:*", "agent:", true},
              {"agent:*", "agent", false},
              {"a?c", "abc", true},
              {"a?c", "ac", false},
              {"h[ae]llo", "hallo", true},
              {"h[ae]llo", "hillo", false},
              {"h[^e]llo", "hallo", true},
              {"h[^e]llo", "hello", false},
              {"h[a-b]llo", "hbllo", true},
              {"h[b-a]llo", "hallo", true},
              {"a\\*c", "a*c", true},
              {"a\\*c", "abc", false},
              {"[\\]]", "]", true},
              {"a[", "a", false},
              {"a\\", "a\\", true},
              {"", "", true},
              {"", "a", false},
              {"*a*b*", "xxaxxbxx", true},
              {"*a*b", "xbxa", false},
              {"[abc", "b", true}};
  for (const auto& row : rows)
    EXPECT_EQ(glob_matches(row.pattern, row.name), row.matches) << row.pattern << " " << row.name;
}

// Stars and single bytes by the definition: try every length.
bool by_definition(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t taken = 0; taken <= name.size(); ++taken)
      if (by_definition(pattern.substr(1), name.substr(taken))) return true;
    return false;
  }
  if (name.empty() || (pattern.front() != '?' && pattern.front() != name.front())) return false;
  return by_definition(pattern.substr(1), name.substr(1));
}

RC_GTEST_PROP(Glob, AgreesWithItsDefinition, ()) {
  const auto letters = [](std::string alphabet, int longest) {
    return *rc::gen::resize(longest, rc::gen::container<std::string>(rc::gen::elementOf(alphabet)));
  };
  const auto pattern = letters("ab*?", 8);
  const auto name = letters("ab", 10);
  RC_ASSERT(glob_matches(pattern, name) == by_definition(pattern, name));
}

TEST(Glob, IsNotSlowedDownByManyStars) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "*b", std::string(5'000, 'a')));
}

RC_GTEST_PROP(JsonString, IsReadBackByTheLibrary, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  std::string out;
  append_json_string(out, text);
  RC_ASSERT(boost::json::parse(out).as_string() == text);
}

TEST(Request, SaysWhatIsWrongWithAText) {
  const auto kind = [](std::string_view text) { return read_request(text, 64).fault->kind; };
  EXPECT_EQ(kind("{nope"), Kind::parse_error);
  EXPECT_EQ(kind(""), Kind::parse_error);
  EXPECT_EQ(kind("[]"), Kind::invalid_request);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1})"), Kind::invalid_request);
  EXPECT_EQ(kind(R"({"jsonrpc":"1.0","id":1,"method":"m"})"), Kind::invalid_request);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1.5,"method":"m"})"), Kind::invalid_request);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1,"method":"m","params":[]})"), Kind::invalid_params);
  EXPECT_EQ(kind(std::string(65, '[') + std::string(65, ']')), Kind::parse_error);
}

TEST(Request, SurvivesHalfASurrogatePair) {
  const auto reading =
      read_request(R"({"jsonrpc":"2.0","id":9,"method":"m","params":{"a":"\ud800x"}})", 64);
  ASSERT_TRUE(reading.request);
  EXPECT_TRUE(reading.request->lone_surrogate);
  EXPECT_EQ(reading.request->id.as_int64(), 9);
  const auto whole =
      read_request(R"({"jsonrpc":"2.0","id":9,"method":"m","params":{"a":"\ud83d\ude00"}})", 64);
  ASSERT_TRUE(whole.request);
  EXPECT_FALSE(whole.request->lone_surrogate);
}

}  // namespace
}  // namespace reference::core
