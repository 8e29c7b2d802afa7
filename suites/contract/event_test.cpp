// The event: round trips over generated ones, what counts as the same payload, and rubbish.

#include "suites/contract/event.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "suites/contract/base64.hpp"

namespace busproof::contract {
namespace {

namespace json = boost::json;

json::value read(std::string_view text) { return json::parse(text); }

json::object minimal() {
  return read(R"({"specversion": "1.0", "id": "a", "source": "/s", "type": "t"})").as_object();
}

// Text that is UTF-8 by construction, of characters of one to four bytes.
rc::Gen<std::string> utf8() {
  const std::vector<std::string> characters = {
      "a", "\"", "\\", "\n", std::string("\0", 1), "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\x8C"};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(characters)),
                      [](const std::vector<std::string>& parts) {
                        std::string all;
                        for (const std::string& part : parts) all += part;
                        return all;
                      });
}

json::value any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::inRange<std::int64_t>(-(1LL << 53), 1LL << 53);
    case 3:
      return static_cast<double>(*rc::gen::inRange(-1000, 1000)) / 8;
    case 4:
      return json::string(*utf8());
    case 5: {
      json::array list;
      const int size = *rc::gen::inRange(0, 4);
      for (int i = 0; i < size; ++i) list.push_back(any_value(depth - 1));
      return list;
    }
    default: {
      json::object object;
      const int size = *rc::gen::inRange(0, 4);
      for (int i = 0; i < size; ++i) object[*utf8()] = any_value(depth - 1);
      return object;
    }
  }
}

Payload any_payload() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return {};
    case 1:
      return Text{*utf8()};
    case 2:
      return Bytes{*rc::gen::arbitrary<std::string>()};
    default: {
      json::value value = any_value(3);
      if (value.is_string()) value = json::array{value};  // A bare string would be Text.
      return Value{value};
    }
  }
}

Event any_event() {
  Event event;
  event.id = "i" + *utf8();
  event.source = "/s" + *utf8();
  event.type = "t" + *utf8();
  for (const char* name : {"time", "correlationid", "datasize", "mine"})
    if (*rc::gen::arbitrary<bool>()) event.attributes[name] = json::string(*utf8());
  if (*rc::gen::arbitrary<bool>()) event.attributes["priority"] = *rc::gen::inRange(-9, 9);
  event.payload = any_payload();
  return event;
}

RC_GTEST_PROP(EventRoundTrip, ThroughJsonTextIsTheSameEvent, ()) {
  const Event event = any_event();
  const auto back = parse_event(json::parse(json::serialize(to_json(event))));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == event);
}

RC_GTEST_PROP(EventRoundTrip, APayloadIsTheSameAsItsOwnBytes, ()) {
  const Payload payload = any_payload();
  const auto bytes = payload_bytes(payload);
  RC_ASSERT(bytes.has_value() != std::holds_alternative<Value>(payload));
  const std::string retrieved = bytes ? *bytes : json::serialize(std::get<Value>(payload).json);
  RC_ASSERT(same_payload(payload, retrieved));
  if (bytes) RC_ASSERT(!same_payload(payload, retrieved + "x"));
  if (!bytes) RC_ASSERT(!same_payload(payload, "[" + retrieved + "]"));
}

RC_GTEST_PROP(Base64RoundTrip, GivesTheBytesBack, (const std::string& bytes)) {
  const std::string text = to_base64(bytes);
  RC_ASSERT(text.size() == (bytes.size() + 2) / 3 * 4);
  RC_ASSERT(from_base64(text) == bytes);
}

RC_GTEST_PROP(Base64RoundTrip, AnySignOutsideTheAlphabetIsRefused, ()) {
  std::string text = to_base64(*rc::gen::nonEmpty(rc::gen::arbitrary<std::string>()));
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  text[at] = *rc::gen::elementOf(std::string("-_ \n=\0\x80", 7));
  RC_PRE(text[at] != '=' || at + 2 < text.size());  // At the end it may be padding.
  RC_ASSERT(!from_base64(text));
}

TEST(Base64, KnowsTheVectorsOfItsSpecification) {
  for (const auto& [bytes, text] :
       {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="},
        std::pair{"foo", "Zm9v"}, std::pair{"foob", "Zm9vYg=="}, std::pair{"fooba", "Zm9vYmE="},
        std::pair{"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  for (const char* bad : {"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "=Zg=", "Zm9v\n"})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

TEST(Sha256, KnowsTheEmptyDigest) {
  EXPECT_EQ(sha256_digest(""), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
}

TEST(ParseEvent, KeepsEveryAttribute) {
  json::object object = minimal();
  object["time"] = "2026-01-01T00:00:00Z";
  object["priority"] = 7;
  object["datasize"] = "12";
  object["flag"] = true;
  object["mine"] = "x";
  object["absent"] = nullptr;
  object["dataref"] = "busproof:1";
  const Event event = parse_event(object).value();
  EXPECT_EQ(event.attributes.size(), 6U);
  EXPECT_EQ(event.text("mine"), "x");
  EXPECT_EQ(event.text("priority"), std::nullopt);
  EXPECT_EQ(event.integer("priority"), 7);
  EXPECT_EQ(event.integer("datasize"), 12);
  EXPECT_EQ(event.integer("mine"), std::nullopt);
  EXPECT_EQ(event.integer("absent"), std::nullopt);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(event.payload));
  EXPECT_EQ(payload_bytes(event.payload), "");
}

TEST(ParseEvent, TellsTheKindsOfPayloadApart) {
  json::object object = minimal();
  object["data"] = "h\xC3\xA9";
  EXPECT_EQ(payload_bytes(parse_event(object)->payload), "h\xC3\xA9");
  EXPECT_FALSE(same_payload(parse_event(object)->payload, "h\xC3\xA8"));
  object["data"] = nullptr;
  EXPECT_TRUE(same_payload(parse_event(object)->payload, " null "));
  object["data"] = {{"a", 1}, {"b", {1.0, 2}}};
  EXPECT_TRUE(same_payload(parse_event(object)->payload, R"({"b": [1, 2.0], "a": 1})"));
  EXPECT_FALSE(same_payload(parse_event(object)->payload, R"({"b": [2, 1], "a": 1})"));
  EXPECT_FALSE(same_payload(parse_event(object)->payload, R"({"a": 1})"));
  EXPECT_FALSE(same_payload(parse_event(object)->payload, "rubbish"));
  object.erase("data");
  object["data_base64"] = "AP8=";
  EXPECT_EQ(payload_bytes(parse_event(object)->payload), std::string("\0\xFF", 2));
}

TEST(ParseEvent, RefusesWhatIsNoEvent) {
  const auto refuses = [](auto change, std::string_view named) {
    json::object object = minimal();
    change(object);
    const auto event = parse_event(object);
    ASSERT_FALSE(event) << json::serialize(object);
    EXPECT_EQ(event.error().kind(), "invalid_argument");
    EXPECT_EQ(event.error().effect(), Effect::did_not_happen);
    EXPECT_NE(event.error().detail().find(named), std::string::npos) << event.error().detail();
  };
  for (const char* name : {"id", "source", "type", "specversion"}) {
    refuses([&](json::object& object) { object.erase(name); }, name);
    refuses([&](json::object& object) { object[name] = 1; }, name);
    refuses([&](json::object& object) { object[name] = ""; }, name);
  }
  refuses([](json::object& object) { object["specversion"] = "0.3"; }, "specversion");
  refuses([](json::object& object) { object["data_base64"] = "no!"; }, "data_base64");
  refuses([](json::object& object) { object["data_base64"] = 1; }, "data_base64");
  refuses([](json::object& object) { object["data"] = object["data_base64"] = ""; }, "not both");
  refuses([](json::object& object) { object["Mine"] = "x"; }, "Mine");
  refuses([](json::object& object) { object[""] = "x"; }, "''");
  refuses([](json::object& object) { object["mine"] = json::object(); }, "mine");
  refuses([](json::object& object) { object["mine"] = 1.5; }, "mine");
  for (const char* text : {"null", "[]", "\"x\"", "1"}) EXPECT_FALSE(parse_event(read(text)));
}

TEST(SameValue, ComparesNumbersAsDoublesAndMembersInAnyOrder) {
  EXPECT_TRUE(same_value(read("1"), read("1.0")));
  EXPECT_TRUE(same_value(read("18446744073709551615"), read("1.8446744073709552e19")));
  EXPECT_FALSE(same_value(read("1"), read("\"1\"")));
  EXPECT_FALSE(same_value(read("0"), read("false")));
  EXPECT_FALSE(same_value(read("null"), read("{}")));
  EXPECT_FALSE(same_value(read("[1]"), read("[1, 1]")));
  EXPECT_FALSE(same_value(read("{}"), read(R"({"a": 1})")));
  EXPECT_FALSE(same_value(read(R"({"a": 1})"), read("{}")));
  EXPECT_TRUE(same_value(read(R"({"a": {"b": 1, "c": 2}})"), read(R"({"a": {"c": 2, "b": 1}})")));
  EXPECT_FALSE(same_value(read(R"({"a": 1})"), read(R"({"b": 1})")));
}

}  // namespace
}  // namespace busproof::contract
