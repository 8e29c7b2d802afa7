// SUM-1, COMP-4: what the bus says of a payload, and what its sender said of it.
#include <array>

#include "suites/checkers/integrity.hpp"
#include "suites/contract/base64.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

/// Delivered, inspected and retrieved: every place where a size is stated.
void sizes(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(5)}));
  std::vector<Payload> payloads = with_nul_bytes();
  payloads.push_back(Payload::text("naïve façade, 数据"));
  payloads.push_back(Payload::text(""));
  payloads.push_back(Payload::json(R"({"b": [1, 2.5, null], "a": "é"})"));
  for (const std::size_t size : vouched_sizes(stage)) {
    payloads.push_back(Payload::binary(random_bytes(stage, size)));
    payloads.push_back(Payload::text(words(stage, size)));
  }
  std::size_t sent = 0;
  for (const Payload& payload : payloads) {
    if (!fits(stage.claims(), payload)) continue;
    const auto published = stage.publish(session, {.destination = destination, .payload = payload});
    consumer.count(++sent);
    if (!stage.claims().has("store")) continue;
    if (auto shown = session.inspect(published); !shown && session.closed()) return;
    if (auto read = session.retrieve(published); !read && session.closed()) return;
  }
}

struct Claim {
  const char* mark;
  boost::json::object attributes;
};

std::vector<Claim> own_claims(const std::string& bytes) {
  std::string other = bytes;
  other.back() = static_cast<char>(other.back() ^ 1);
  const std::string size = std::to_string(bytes.size());
  const std::string digest = contract::sha256_digest(bytes);
  return {
      {"own_right", {{"datasize", size}}},
      {"own_right", {{"datadigest", digest}}},
      {"own_right", {{"datasize", size}, {"datadigest", digest}}},
      {"own_digest_wrong", {{"datadigest", contract::sha256_digest(other)}}},
      {"own_size_wrong", {{"datasize", std::to_string(bytes.size() + 1)}}},
      {"own_size_wrong", {{"datasize", std::to_string(bytes.size() - 1)}, {"datadigest", digest}}}};
}

void senders_own(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(10)}));
  for (const std::size_t size : {std::size_t{5}, std::size_t{100'000}}) {
    const std::string bytes = random_bytes(stage, size);
    if (!fits(stage.claims(), Payload::binary(bytes))) continue;
    for (const Claim& claim : own_claims(bytes)) {
      stage.recorder().mark(claim.mark);
      auto published = session.publish({.destination = destination,
                                        .payload = Payload::binary(bytes),
                                        .attributes = claim.attributes});
      if (!published && session.closed()) stage.give_up("bus/publish", published.error());
    }
  }
  consumer.fence(destination);
}

constexpr JudgedCase kSizes[] = {{"SUM-1.size", checkers::judge_stated_sizes}};
constexpr JudgedCase kOwn[] = {{"SUM-1.senders_own", checkers::judge_senders_own},
                               {"SUM-1.senders_right", checkers::judge_senders_right}};

constexpr std::array kScenarios = {
    Scenario{.name = "Sum.SUM_1_states_the_size_of_the_payload", .cases = kSizes, .run = sizes},
    Scenario{
        .name = "Sum.SUM_1_refuses_what_its_sender_misstates", .cases = kOwn, .run = senders_own},
};

}  // namespace

std::span<const Scenario> integrity() { return kScenarios; }

}  // namespace busproof::families
