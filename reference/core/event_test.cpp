// Events: what is refused, and that everything else comes back.
#include "reference/core/event.hpp"

#include <gtest/gtest.h>

#include "reference/core/base64.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

json::object event(const std::string& more) {
  return json::parse(R"({"specversion":"1.0","id":"1","source":"s","type":"t")" + more + "}")
      .as_object();
}

std::optional<Fault> fault_of(const std::string& more) {
  auto given = event(more);
  auto read = read_event(given, Limits());
  if (auto* fault = std::get_if<Fault>(&read)) return *fault;
  return std::nullopt;
}

Event read(const std::string& more) {
  auto given = event(more);
  return std::get<Event>(read_event(given, Limits()));
}

TEST(Event, RefusesWhatIsWrongInside) {
  for (const auto* more :
       {R"(,"data":1,"data_base64":"")", R"(,"data_base64":5)", R"(,"data_base64":"A")",
        R"(,"dataref":"http://elsewhere")", R"(,"priority":11)", R"(,"priority":-1)",
        R"(,"priority":"1")", R"(,"priority":1.5)", R"(,"expirytime":"soon")", R"(,"time":7)",
        R"(,"correlationid":7)", R"(,"data":"abc","datasize":"4")", R"(,"datasize":0)",
        R"(,"datadigest":"md5=:x:")", R"(,"specversion":"0.3")", R"(,"id":"")", R"(,"type":null)"})
    EXPECT_TRUE(fault_of(more) && fault_of(more)->kind == Kind::invalid_argument) << more;
  auto bare = json::object{{"specversion", "1.0"}};
  EXPECT_TRUE(std::holds_alternative<Fault>(read_event(bare, Limits())));
}

TEST(Event, TakesEachKindOfPayloadAsBytes) {
  EXPECT_EQ(read("").body.kind, BodyKind::none);
  const auto text = read(R"(,"data":"\u00e9\u0000x")");
  EXPECT_EQ(text.body.kind, BodyKind::text);
  EXPECT_EQ(text.body.bytes, std::string("\xc3\xa9\0x", 4));
  EXPECT_EQ(read(R"(,"data_base64":"AP8=")").body.bytes, std::string("\0\xff", 2));
  EXPECT_EQ(read(R"(,"data":null)").body.bytes, "null");
  EXPECT_EQ(read(R"(,"data":{"a":[1,2.5]})").body.kind, BodyKind::json);
}

TEST(Event, ComesBackWithEveryAttributeAndItsPayload) {
  for (const std::string payload :
       {R"(,"data":"quote \" slash \\ tab \t nul \u0000 é")", R"(,"data":{"a":[1,2.5,null]})",
        R"(,"data":null)", R"(,"data_base64":"AP8=")", ""}) {
    const std::string all = payload + R"(,"mine":"x","n":7,"correlationid":"c","priority":3)";
    const auto parts = read(all);
    EXPECT_EQ(json::parse(with_body(parts.text, parts.body)), json::value(event(all))) << payload;
  }
}

TEST(Event, ByReferenceNamesSizeAndDigestOnce) {
  const auto parts = read(R"(,"data":"abc")");
  const auto digest = sha256("abc");
  auto out = json::parse(with_reference(parts, "id", 3, digest)).as_object();
  EXPECT_FALSE(out.contains("data"));
  EXPECT_EQ(out.at("datasize").as_string(), "3");
  EXPECT_EQ(out.at("datadigest").as_string(), digest_text(digest));
  const auto given =
      read(R"(,"data":"abc","datasize":"3","datadigest":")" + digest_text(digest) + "\"");
  const auto text = with_reference(given, "id", 3, digest);
  EXPECT_EQ(text.find("datasize"), text.rfind("datasize"));
  EXPECT_EQ(text.find("datadigest"), text.rfind("datadigest"));
}

}  // namespace
}  // namespace reference::core
