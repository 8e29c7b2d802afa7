// TTL-10: the node's wall clock is set an hour ahead, or back, under leases and lives.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "suites/checkers/wall_clock.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;

constexpr milliseconds kHour{3'600'000};
constexpr std::int64_t kLeaseMs = 600, kTtlMs = 1200;
constexpr milliseconds kBetweenReads{25};

/// Reads each until it is gone, or until all should long have been.
void read_until_gone(Stage& stage, Session& session, std::vector<Published> mortal) {
  const milliseconds grace(stage.claims().limit("ttl_grace_ms").value_or(1000));
  const auto over = history::now() + milliseconds(kTtlMs) + grace + milliseconds(50);
  const std::vector<Published> all = mortal;
  while (!mortal.empty() && history::now() < over) {
    std::erase_if(mortal,
                  [&](const Published& message) { return !session.retrieve(message).has_value(); });
    stage.let_pass(kBetweenReads);
  }
  if (const auto left = over - history::now(); left > history::Time::zero())
    stage.let_pass(std::chrono::ceil<milliseconds>(left));
  for (const Published& message : all)
    if (auto read = session.retrieve(message); read) break;
}

template <int Hours>
void clock_is_set(Stage& stage) {
  stage.hold_clock();
  Session& session = stage.connect();
  const std::string destination = stage.destination(), mortals = stage.destination("mortal");
  const auto lease = lease_for(stage, kLeaseMs);
  const auto held = stage.subscribe(
      session, {.destination = destination, .credit = stage.credit_for(10), .lease_ms = lease});
  const auto publish_mortal = [&] {
    return stage.publish(
        session, {.destination = mortals, .payload = Payload::text("mortal"), .ttl_ms = kTtlMs});
  };
  std::vector<Published> mortal;
  mortal.push_back(publish_mortal());
  stage.publish(session, {.destination = destination, .payload = Payload::text("held")});
  if (!stage.wait_count(session, held, 1)) return;
  stage.set_clock(Hours * kHour);
  mortal.push_back(publish_mortal());
  read_until_gone(stage, session, mortal);
  if (!lease) return;
  const milliseconds grace(stage.claims().limit("redelivery_grace_ms").value_or(1000));
  if (!session.wait(held, milliseconds(kLeaseMs) + grace,
                    [](const auto& deliveries) { return deliveries.size() >= 2; }))
    stage.fence(session, held, destination);
}

constexpr JudgedCase kForward[] = {{"TTL-10.forward", checkers::judge_clock_forward}};
constexpr JudgedCase kBack[] = {{"TTL-10.back", checkers::judge_clock_back}};

constexpr std::array kScenarios = {
    Scenario{.name = "Ttl.TTL_10_a_clock_set_ahead_ends_nothing_early",
             .cases = kForward,
             .bus = stage::Bus::own,
             .run = clock_is_set<1>},
    Scenario{.name = "Ttl.TTL_10_a_clock_set_back_makes_nothing_immortal",
             .cases = kBack,
             .bus = stage::Bus::own,
             .run = clock_is_set<-1>},
};

}  // namespace

std::span<const Scenario> wall_clock() { return kScenarios; }

}  // namespace busproof::families
