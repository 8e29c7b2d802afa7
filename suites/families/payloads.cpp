#include "suites/families/payloads.hpp"

#include <array>

namespace busproof::families {

using targets::Payload;

std::string random_bytes(stage::Stage& stage, std::size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(stage.random()() & 0xFF);
  return bytes;
}

std::string words(stage::Stage& stage, std::size_t count) {
  constexpr std::array<std::string_view, 8> kWords = {"bus ", "queue ",   "topic ", "lease ",
                                                      "ack ", "message ", "group ", "credit "};
  std::string text;
  while (text.size() < count)
    text += kWords.at(static_cast<std::size_t>(stage.random()() % kWords.size()));
  text.resize(count);
  return text;
}

std::vector<std::size_t> vouched_sizes(stage::Stage& stage) {
  std::vector<std::size_t> sizes;
  const auto limit = stage.claims().limit("inline_bytes_max");
  if (!limit || stage.claims().trait("integrity", "inline") == "true") sizes = {1000, 70'000};
  if (limit) sizes.push_back(static_cast<std::size_t>(*limit) + 100);
  return sizes;
}

void read(stage::Stage& stage, targets::Session& session, const targets::Published& message) {
  auto bytes = session.retrieve(message);
  if (bytes || !session.closed()) return;
  if (stage.many_connections()) stage.connect();
  stage.give_up("bus/retrieve", bytes.error());
}

bool fits(const contract::Claims& claims, const Payload& payload) {
  constexpr std::int64_t kEnvelope = 2048;
  const auto size = static_cast<std::int64_t>(payload.bytes.size());
  const auto payload_max = claims.limit("payload_bytes_max");
  const auto message_max = claims.limit("message_bytes_max");
  if (payload_max && size > *payload_max) return false;
  return !message_max || size / 3 * 4 + kEnvelope <= *message_max;
}

std::vector<Payload> with_nul_bytes() {
  using namespace std::string_literals;
  return {Payload::binary("\0"s), Payload::binary("a\0b"s), Payload::binary("\0\0end"s),
          Payload::text("a\0b"s), Payload::binary(std::string(5000, '\0') + "x")};
}

std::vector<Payload> no_utf8() {
  return {Payload::binary("\xff\xfe"), Payload::binary("ab\xc3"), Payload::binary("\xed\xa0\x80"),
          Payload::binary("\xc0\xaf"), Payload::binary("text \x80 text")};
}

std::vector<Payload> json_values(const contract::Claims& claims) {
  std::vector<Payload> values;
  for (const char* text :
       {"null", "true", "0", "-1", "9007199254740991", "-9007199254740991", "0.1", "1e-7",
        "2.2250738585072014e-308", "1.7976931348623157e308", "[]", "{}", R"([1,"1",[1],{"1":1}])",
        R"({"":"","a":{"b":null},"\u0000":"\u0000","é":"数\ud83d\ude00","q\"\\":"\/\b"})"})
    values.push_back(Payload::json(text));
  // The event itself is nested in params and the message: leave room for that.
  const auto depth = claims.limit("json_depth_max").value_or(64) - 4;
  if (depth > 0)
    values.push_back(Payload::json(std::string(static_cast<std::size_t>(depth), '[') +
                                   std::string(static_cast<std::size_t>(depth), ']')));
  return values;
}

std::vector<Payload> size_classes(stage::Stage& stage) {
  std::vector<Payload> payloads;
  for (const std::size_t size : {1, 255, 256, 4095, 4096, 8191, 65'535, 65'536, 65'537, 262'144,
                                 1'048'575, 1'048'577, 4'194'304})
    payloads.push_back(Payload::binary(random_bytes(stage, size)));
  payloads.push_back(Payload::text(std::string(300'000, 'x')));
  if (const auto most = stage.claims().limit("payload_bytes_max"); most && *most <= 8 << 20)
    payloads.push_back(Payload::binary(random_bytes(stage, static_cast<std::size_t>(*most))));
  return payloads;
}

}  // namespace busproof::families
