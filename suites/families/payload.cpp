// ROUTE, STORE, SUM: which way payloads go, that they stay the same, that damage is found.
#include <algorithm>
#include <array>

#include "suites/checkers/payload.hpp"
#include "suites/checkers/ranges.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/ranges.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

/// Publishes each, takes its delivery, retrieves it.
void through_and_back(Stage& stage, const std::vector<Payload>& payloads) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(5)}));
  std::size_t sent = 0;
  for (const Payload& payload : payloads) {
    if (!fits(stage.claims(), payload)) continue;
    const auto published = stage.publish(session, {.destination = destination, .payload = payload});
    consumer.count(++sent);
    if (stage.claims().has("store"))
      if (auto read = session.retrieve(published); !read && session.closed()) return;
  }
}

std::int64_t inline_limit(Stage& stage) {
  const auto limit = stage.claims().limit("inline_bytes_max");
  if (!limit) throw Abandoned{Verdict::unverified, "inline_bytes_max is not declared"};
  return *limit;
}

/// Both forms whose bytes are judged, at that size.
void at_size(Stage& stage, std::int64_t size) {
  if (size < 0) throw Abandoned{Verdict::unverified, "no payload is smaller than the limit"};
  const auto bytes = static_cast<std::size_t>(size);
  through_and_back(
      stage, {Payload::text(std::string(bytes, 'a')), Payload::binary(random_bytes(stage, bytes))});
}

void below_limit(Stage& stage) { at_size(stage, inline_limit(stage) - 1); }
void at_limit(Stage& stage) { at_size(stage, inline_limit(stage)); }
void above_limit(Stage& stage) { at_size(stage, inline_limit(stage) + 1); }

/// As many bytes as the limit and one more, in two-byte characters: half as many characters.
void multibyte(Stage& stage) {
  const auto limit = static_cast<std::size_t>(inline_limit(stage));
  std::string at;
  while (at.size() + 2 <= limit) at += "é";
  if (at.size() < limit) at += "a";
  through_and_back(stage, {Payload::text(at), Payload::text(at + "a"), Payload::text(at + "é")});
}

void store_empty(Stage& stage) {
  through_and_back(stage, {Payload::text(""), Payload::binary(""), Payload{}});
}
void store_nul(Stage& stage) { through_and_back(stage, with_nul_bytes()); }
void store_invalid_utf8(Stage& stage) { through_and_back(stage, no_utf8()); }
void store_json(Stage& stage) { through_and_back(stage, json_values(stage.claims())); }
void store_large(Stage& stage) { through_and_back(stage, size_classes(stage)); }

/// Messages that go either way, and one of many pieces.
void store_ranges(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const auto inline_most = stage.claims().limit("inline_bytes_max").value_or(4'096);
  for (const std::size_t edge :
       {std::size_t{100}, static_cast<std::size_t>(inline_most) / 3 + 1, std::size_t{40'000}}) {
    const std::string bytes = random_bytes(stage, 3 * edge + 11);
    if (!fits(stage.claims(), Payload::binary(bytes))) continue;
    const auto published = stage.publish(
        session, {.destination = stage.destination(), .payload = Payload::binary(bytes)});
    read_ranges(stage, session, bytes, published.transaction_id, edge);
  }
}

void digests(Stage& stage) {
  auto payloads = with_nul_bytes();
  payloads.push_back(Payload::text("plain"));
  payloads.push_back(Payload::text("naïve façade, 数据"));
  payloads.push_back(Payload::json(R"({"b": [1, 2.5, null], "a": "x"})"));
  payloads.push_back(Payload::binary(random_bytes(stage, 100'000)));
  if (const auto limit = stage.claims().limit("inline_bytes_max"))
    payloads.push_back(Payload::binary(random_bytes(stage, static_cast<std::size_t>(*limit) + 1)));
  through_and_back(stage, payloads);
}

void flip_and_read(Stage& stage, Session& session, std::size_t size, std::size_t at) {
  const auto published = stage.publish(
      session,
      {.destination = stage.destination(), .payload = Payload::binary(random_bytes(stage, size))});
  stage.corrupt(published, {.at = static_cast<std::int64_t>(at)});
  if (auto read = session.retrieve(published); !read && session.closed())
    stage.give_up("bus/retrieve", read.error());
}

void flipped_bit(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  for (const std::size_t size : vouched_sizes(stage.claims()))
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1})
      flip_and_read(stage, session, size, at);
}

constexpr JudgedCase kBelow[] = {{"ROUTE-3.below_limit", checkers::judge_routes}};
constexpr JudgedCase kAt[] = {{"ROUTE-3.at_limit", checkers::judge_routes}};
constexpr JudgedCase kAbove[] = {{"ROUTE-3.above_limit", checkers::judge_routes}};
constexpr JudgedCase kMultibyte[] = {{"ROUTE-3.multibyte", checkers::judge_routes}};
constexpr JudgedCase kEmpty[] = {{"STORE-1.empty", checkers::judge_retrieved_same}};
constexpr JudgedCase kNul[] = {{"STORE-1.nul", checkers::judge_retrieved_same}};
constexpr JudgedCase kUtf8[] = {{"STORE-1.invalid_utf8", checkers::judge_retrieved_same}};
constexpr JudgedCase kJson[] = {{"STORE-1.json", checkers::judge_retrieved_same}};
constexpr JudgedCase kLarge[] = {{"STORE-1.large", checkers::judge_retrieved_same}};
constexpr JudgedCase kRange[] = {{"STORE-1.range", checkers::judge_message_ranges}};
constexpr JudgedCase kDigest[] = {{"SUM-1.sha256", checkers::judge_stated_digests}};
constexpr JudgedCase kFlip[] = {{"SUM-2.flipped_bit", checkers::judge_corruption_found}};

constexpr std::array kScenarios = {
    Scenario{.name = "Route.ROUTE_3_just_below_the_limit", .cases = kBelow, .run = below_limit},
    Scenario{.name = "Route.ROUTE_3_just_at_the_limit", .cases = kAt, .run = at_limit},
    Scenario{.name = "Route.ROUTE_3_just_above_the_limit", .cases = kAbove, .run = above_limit},
    Scenario{.name = "Route.ROUTE_3_counts_bytes", .cases = kMultibyte, .run = multibyte},
    Scenario{.name = "Store.STORE_1_keeps_nothing_at_all", .cases = kEmpty, .run = store_empty},
    Scenario{.name = "Store.STORE_1_keeps_nul_bytes", .cases = kNul, .run = store_nul},
    Scenario{.name = "Store.STORE_1_keeps_invalid_utf8", .cases = kUtf8, .run = store_invalid_utf8},
    Scenario{.name = "Store.STORE_1_keeps_json_values", .cases = kJson, .run = store_json},
    Scenario{.name = "Store.STORE_1_keeps_every_size", .cases = kLarge, .run = store_large},
    Scenario{.name = "Store.STORE_1_gives_any_range", .cases = kRange, .run = store_ranges},
    Scenario{.name = "Sum.SUM_1_states_sha256_of_the_payload", .cases = kDigest, .run = digests},
    Scenario{.name = "Sum.SUM_2_finds_a_flipped_bit", .cases = kFlip, .run = flipped_bit},
};

}  // namespace

std::span<const Scenario> payload() { return kScenarios; }

}  // namespace busproof::families
