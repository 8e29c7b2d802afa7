// ROUTE, BRK-7: what becomes of large payloads while their store is away.
#include "suites/checkers/fallback.hpp"

#include <array>

#include "suites/checkers/breaker.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/store_faults.hpp"
#include "suites/families/uploading.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

Payload large(Stage& stage) {
  const auto declared = stage.claims().limit("inline_bytes_max");
  if (!declared) throw Abandoned{Verdict::unverified, "inline_bytes_max is not declared"};
  const auto limit = static_cast<std::size_t>(*declared);
  Payload payload =
      Payload::text(words(stage, limit + 1 + static_cast<std::size_t>(stage.any(0, 1'000))));
  if (!fits(stage.claims(), payload))
    throw Abandoned{Verdict::unverified, "no message carries a payload above the inline limit"};
  return payload;
}

/// Messages of one queue, some of them for a store that comes and goes.
class Mixed {
 public:
  Mixed(Stage& stage, Session& session)
      : stage_(stage), session_(session), destination_(stage.destination()) {}

  /// Refused or not.
  void publish(Payload payload) {
    auto done = session_.publish({.destination = destination_, .payload = std::move(payload)});
    if (done)
      accepted_.insert(done->message);
    else if (done.error().kind() == "disconnected")
      stage_.give_up("bus/publish", done.error());
  }
  void publish_small() { publish(Payload::text("goes inline")); }
  void publish_large() { publish(large(stage_)); }

  void take() { take_all(stage_, session_, destination_, accepted_); }

 private:
  Stage& stage_;
  Session& session_;
  std::string destination_;
  std::set<std::uint32_t> accepted_;
};

constexpr JudgedCase kTrip[] = {{"ROUTE-8.store_down", checkers::judge_inline_while_down},
                                {"ROUTE-8.breaker_open", checkers::judge_inline_while_open},
                                {"ROUTE-12.fallback", checkers::judge_mixed_fallback},
                                {"BRK-7.lost", checkers::judge_none_lost_across_trip},
                                {"BRK-7.doubled", checkers::judge_none_doubled_across_trip}};

/// Whether all of those are told that can be told of this bus.
bool is_told(Stage& stage) {
  const auto& claims = stage.claims();
  const bool falls_back = claims.trait_is("routing", "fallback", "inline");
  std::vector<checkers::Judge> judges;
  if (falls_back) judges = {checkers::judge_inline_while_down, checkers::judge_mixed_fallback};
  if (falls_back && claims.has("breaker")) judges.push_back(checkers::judge_inline_while_open);
  if (claims.has("breaker"))
    judges.insert(judges.end(), {checkers::judge_none_lost_across_trip,
                                 checkers::judge_none_doubled_across_trip});
  return stage.met_so_far(judges);
}

/// Up, down until the breaker opens, open with the store well again, and up.
void across_a_trip(Stage& stage, PayloadStore& store, Session& session, std::int64_t failures) {
  Mixed mixed(stage, session);
  mixed.publish_small();
  mixed.publish_large();
  store.down();
  mixed.publish_small();
  for (std::int64_t i = 0; i < std::max<std::int64_t>(failures, 1); ++i) mixed.publish_large();
  store.up();
  if (stage.claims().has("breaker")) {
    mixed.publish_large();
    mixed.publish_small();
    const std::int64_t open = stage.claims().limit("breaker.open_ms").value_or(0);
    if (auto moved = stage.control("ctl/clock", {{"advance_ms", open + open / 10}}); !moved)
      stage.give_up("ctl/clock", moved.error());
  }
  mixed.publish_large();
  mixed.publish_small();
  mixed.publish_large();
  mixed.take();
}

/// Again where a busy machine made a call so slow that it tells nothing of the breaker.
void trips(Stage& stage) {
  constexpr std::int64_t kFailuresMost = 20;
  constexpr int kRounds = 4;
  const std::int64_t failures = stage.claims().limit("breaker.failures").value_or(0);
  if (failures > kFailuresMost)
    throw Abandoned{Verdict::unverified, "it takes too many failures to open it"};
  PayloadStore store(stage);
  Session& session = stage.connect();
  for (int round = 0; round < kRounds && !is_told(stage); ++round)
    across_a_trip(stage, store, session, failures);
}

/// The store is down, and what is refused is never seen.
void refuses(Stage& stage) {
  PayloadStore store(stage);
  Mixed mixed(stage, stage.connect());
  mixed.publish_large();
  store.down();
  for (int i = 0; i < 3; ++i) mixed.publish_large();
  mixed.publish_small();
  store.up();
  mixed.take();
}

/// A payload above what a message carries, of a bus whose messages are small.
std::string beyond_a_message(Stage& stage) {
  constexpr std::int64_t kMessageMost = 4 << 20;
  constexpr std::string_view kSmall = "message.small";
  const auto most = [&] {
    return stage.claims().limit("message_bytes_max").value_or(kMessageMost);
  };
  if (most() >= kMessageMost) {
    stage.need_variant(kSmall);
    stage.stop_bus();
    stage.start_bus(kSmall);
  }
  if (most() >= kMessageMost) throw Abandoned{Verdict::unverified, "a message carries too much"};
  const auto payload_most = stage.claims().limit("payload_bytes_max");
  if (payload_most && *payload_most <= most())
    throw Abandoned{Verdict::unverified, "a message carries every payload"};
  return random_bytes(stage, static_cast<std::size_t>(most() + 1));
}

/// Uploads before and while the store is down, and publishes of one.
void uploads_refused(Stage& stage) {
  stage.need_own_bus();
  const std::string bytes = beyond_a_message(stage);
  PayloadStore store(stage);
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Upload whole = open(stage, session, bytes), waiting = open(stage, session, bytes);
  const Upload begun = open(stage, session, bytes);
  const bool ready = append_rest(stage, session, whole, 0) && commit(stage, session, whole) &&
                     append_rest(stage, session, waiting, 0);
  if (!ready) throw Abandoned{Verdict::blocked, "an upload was refused while its store was well"};
  std::set<std::uint32_t> accepted;
  const auto publish = [&] {
    auto done =
        session.publish({.destination = destination, .attributes = {{"dataref", whole.dataref}}});
    if (done)
      accepted.insert(done->message);
    else
      go_on(stage, session, done.error());
  };
  store.down();
  publish();
  publish();
  append(stage, session, begun, 0, part_bytes(stage));
  commit(stage, session, waiting);
  store.up();
  take_all(stage, session, destination, accepted);
}

constexpr JudgedCase kUploads[] = {
    {"ROUTE-9.refused", checkers::judge_upload_refused_while_down},
    {"ROUTE-9.nothing_delivered", checkers::judge_upload_refused_stays_away}};
constexpr JudgedCase kRefuses[] = {
    {"ROUTE-10.refused", checkers::judge_refused_while_down},
    {"ROUTE-10.definite", checkers::judge_refused_definitely},
    {"ROUTE-10.nothing_delivered", checkers::judge_refused_stays_away}};

constexpr std::array kScenarios = {
    Scenario{.name = "Fallback.ROUTE_8_12_BRK_7_one_queue_across_a_trip",
             .cases = kTrip,
             .bus = stage::Bus::own,
             .run = trips},
    Scenario{.name = "Fallback.ROUTE_9_uploads_refused",
             .cases = kUploads,
             .bus = stage::Bus::own,
             .run = uploads_refused},
    Scenario{.name = "Fallback.ROUTE_10_refused_without_fallback",
             .cases = kRefuses,
             .bus = stage::Bus::own,
             .run = refuses,
             .variant = "fallback.off"},
};

}  // namespace

std::span<const Scenario> fallback() { return kScenarios; }

}  // namespace busproof::families
