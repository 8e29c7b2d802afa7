// Header fields as clients write them, well and badly. Source: RFC 9110 sections 13, 14; RFC 9530.
#include "reference/server/http_fields.hpp"

#include <gtest/gtest.h>

namespace reference::server {
namespace {

std::string range(std::string_view field, std::uint64_t size) {
  const auto read = read_range(field, size);
  if (std::holds_alternative<std::monostate>(read)) return "whole";
  const auto* slice = std::get_if<Slice>(&read);
  if (slice == nullptr) return "unsatisfiable";
  return std::to_string(slice->offset) + "+" + std::to_string(slice->length);
}

TEST(Fields, ARangeIsWhatItSays) {
  EXPECT_EQ(range("bytes=0-0", 10), "0+1");
  EXPECT_EQ(range("bytes=3-", 10), "3+7");
  EXPECT_EQ(range("bytes=-4", 10), "6+4");
  EXPECT_EQ(range("Bytes = 2 - 5", 10), "2+4");
  EXPECT_EQ(range("bytes=5-99", 10), "5+5");
  EXPECT_EQ(range("bytes=-99", 10), "0+10");
  EXPECT_EQ(range("bytes=9-99999999999999999999999999", 10), "9+1");
}

TEST(Fields, ARangeBehindTheEndCannotBeSatisfied) {
  for (const char* field : {"bytes=10-", "bytes=10-11", "bytes=-0", "bytes=18446744073709551616-"})
    EXPECT_EQ(range(field, 10), "unsatisfiable") << field;
  EXPECT_EQ(range("bytes=0-", 0), "unsatisfiable");
  EXPECT_EQ(range("bytes=-1", 0), "unsatisfiable");
}

TEST(Fields, WhatIsNoRangeMeansTheWhole) {
  for (const char* field : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "lines=1-2",
                            "bytes=0-1,3-4", "bytes=--1", "bytes=+1-2", "bytes=0x1-2"})
    EXPECT_EQ(range(field, 10), "whole") << field;
}

TEST(Fields, AContentRangeTellsWhereABodyBegins) {
  EXPECT_EQ(read_content_range(""), 0U);
  EXPECT_EQ(read_content_range("bytes 7-9/10"), 7U);
  EXPECT_EQ(read_content_range("bytes 7-9/*"), 7U);
  for (const char* field : {"bytes */10", "bytes 9-7/10", "bytes=7-9/10", "7-9/10", "bytes 7/10"})
    EXPECT_FALSE(read_content_range(field)) << field;
}

TEST(Fields, ADigestIsFoundAmongOthers) {
  const auto digest = core::sha256("x");
  const auto text = core::digest_text(digest);
  for (const std::string& field : {text, "sha-512=:AAAA:, " + text}) {
    const auto read = read_repr_digest(field);
    ASSERT_TRUE(read && *read) << field;
    EXPECT_EQ(**read, digest);
  }
  for (const char* none : {"", "sha-512=:AAAA:"}) {
    const auto read = read_repr_digest(none);
    ASSERT_TRUE(read) << none;
    EXPECT_FALSE(*read) << none;
  }
  EXPECT_FALSE(read_repr_digest("sha-256=:AAAA:"));
  EXPECT_FALSE(read_repr_digest("nonsense"));
}

TEST(Fields, EntityTagsAreTheBytesOwn) {
  const auto etag = etag_of(core::sha256("x"));
  EXPECT_EQ(etag.size(), 66U);
  EXPECT_NE(etag, etag_of(core::sha256("y")));
  EXPECT_TRUE(names_etag("\"a\", " + etag, etag, false));
  EXPECT_TRUE(names_etag("*", etag, false));
  EXPECT_TRUE(names_etag("W/" + etag, etag, true));
  EXPECT_FALSE(names_etag("W/" + etag, etag, false));
  EXPECT_FALSE(names_etag("", etag, true));
  EXPECT_FALSE(names_etag(etag.substr(1), etag, true));
}

TEST(Fields, EscapesAreUndone) {
  EXPECT_EQ(unescape("urn%3Abusproof"), "urn:busproof");
  EXPECT_EQ(unescape("a%00b"), std::string("a\0b", 3));
  for (const char* text : {"%", "%4", "%zz", "a%"}) EXPECT_FALSE(unescape(text)) << text;
}

}  // namespace
}  // namespace reference::server
