// Reading what a bus says, and what a history keeps of payloads.

#include "suites/targets/answers.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::targets {
namespace {

namespace json = boost::json;
using contract::Effect;
using history::Action;

json::object object(std::string_view text) { return json::parse(text).as_object(); }

contract::Result<json::object> read(std::string_view text) {
  json::object said;
  return read_answer(object(text), said);
}

TEST(ReadAnswer, AResultIsGivenOut) {
  const auto answer = read(R"({"id":1,"result":{"a":1}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, object(R"({"a":1})"));
}

TEST(ReadAnswer, AnErrorStatesItsEffect) {
  const auto definite = read(R"({"id":1,"error":{"code":1012,"message":"full",
      "data":{"kind":"backpressure","definite":true,"retryable":true}}})");
  ASSERT_FALSE(definite);
  EXPECT_EQ(definite.error().kind(), "backpressure");
  EXPECT_EQ(definite.error().effect(), Effect::did_not_happen);
  const auto open = read(R"({"id":1,"error":{"code":1041,"message":"?",
      "data":{"kind":"store_unavailable"}}})");
  EXPECT_EQ(open.error().effect(), Effect::may_have_happened) << "definite is left out";
  EXPECT_EQ(read(R"({"id":1,"error":{"code":-32602,"message":"no"}})").error().effect(),
            Effect::did_not_happen);
}

TEST(ReadAnswer, WhatIsNeitherIsInDoubt) {
  for (const char* text : {R"({"id":1})", R"({"id":1,"result":7})", R"({"id":1,"error":"no"})"}) {
    const auto answer = read(text);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().kind(), "malformed_answer");
    EXPECT_EQ(answer.error().effect(), Effect::may_have_happened);
  }
}

TEST(ReadAnswer, AHistoryKeepsCodeAndWhatIsWrongWithItsForm) {
  json::object said;
  EXPECT_FALSE(read_answer(object(R"({"error":{"code":1012,"message":"m",
      "data":{"kind":"not_found","definite":true}}})"),
                           said));
  EXPECT_EQ(said.at("code"), 1012);
  EXPECT_EQ(said.at("definite"), true);
  EXPECT_TRUE(said.contains("malformed")) << "code and kind do not belong together";
}

TEST(ResultDetail, KeepsNamesAndCountsAndNoPayload) {
  const auto result = object(R"({"transaction_id":"t","route":"inline","data_base64":"AAAA"})");
  const auto nobody = [](std::string_view) { return 0U; };
  EXPECT_EQ(result_detail(Action::publish, result, nobody),
            object(R"({"transaction_id":"t","route":"inline"})"));
  EXPECT_TRUE(result_detail(Action::ack, result, nobody).empty());
}

TEST(ReadDelivery, MembersOfTheWrongTypeReadAsNothing) {
  const auto got = read_delivery(object(R"({"delivery_id":7,"transaction_id":"t","attempt":2})"));
  EXPECT_EQ(got.transaction_id, "t");
  EXPECT_EQ(got.attempt, 2);
  EXPECT_EQ(got.route, "");
}

TEST(Payload, BytesAreTheSameInEveryForm) {
  const std::string bytes("a\0b", 3);
  json::object text, encoded;
  put_payload(text, Payload::text(bytes));
  put_payload(encoded, Payload::binary(bytes));
  EXPECT_EQ(event_detail(text), event_detail(encoded));
  EXPECT_EQ(event_detail(text), payload_detail(Payload::text(bytes)));
  EXPECT_EQ(event_detail(text).at("size"), 3);
  EXPECT_EQ(event_detail(text).at("digest"), json::value(contract::sha256_digest(bytes)));
}

TEST(Payload, NoneIsEmptyAndAReferenceIsUnknown) {
  EXPECT_EQ(event_detail({}).at("size"), 0);
  EXPECT_FALSE(event_detail(object(R"({"dataref":"urn:x"})")).contains("size"));
  EXPECT_TRUE(event_detail(object(R"({"data_base64":"!"})")).contains("unreadable"));
}

TEST(Payload, ADeclaredSizeIsReadAsTextAndAsNumber) {
  EXPECT_EQ(event_detail(object(R"({"dataref":"u","datasize":"12"})")).at("datasize"), 12);
  EXPECT_EQ(event_detail(object(R"({"dataref":"u","datasize":12})")).at("datasize"), 12);
  EXPECT_EQ(event_detail(object(R"({"dataref":"u","datasize":"x"})")).at("datasize"), -1);
}

TEST(JsonFingerprint, EqualValuesHaveOne) {
  EXPECT_EQ(json_fingerprint(R"({"a":1,"b":[true,null]})"),
            json_fingerprint(R"({ "b" : [true, null], "a" : 1.0 })"));
  EXPECT_NE(json_fingerprint("[1,2]"), json_fingerprint("[2,1]"));
  EXPECT_NE(json_fingerprint(R"({"a":"1"})"), json_fingerprint(R"({"a":1})"));
  EXPECT_NE(json_fingerprint("[[1],2]"), json_fingerprint("[[1,2]]"));
  EXPECT_EQ(json_fingerprint("no json"), "");
}

}  // namespace
}  // namespace busproof::targets
