// TTL: not gone before its time, gone after it.
#include <array>

#include "suites/checkers/lives.hpp"
#include "suites/checkers/ttl.hpp"
#include "suites/families/families.hpp"
#include "suites/families/ttl_program.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Session;

constexpr std::int64_t kTtlMs = 1200;
constexpr milliseconds kBetweenReads{20};

void expires_on_time(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto published = stage.publish(
      session,
      {.destination = destination, .payload = targets::Payload::text("mortal"), .ttl_ms = kTtlMs});
  const auto accepted = history::now();
  const milliseconds over(kTtlMs + stage.claims().limit("ttl_grace_ms").value_or(0) +
                          stage.claims().limit("time_granularity_ms").value_or(1));
  // Read on until it is gone, or until it should long have been.
  for (bool there = true; there && history::now() < accepted + over;) {
    there = session.retrieve(published).has_value();
    stage.let_pass(kBetweenReads);
  }
  const auto late = accepted + over + milliseconds(20) - history::now();
  if (late > history::Time::zero()) stage.let_pass(std::chrono::ceil<milliseconds>(late));
  for (int i = 0; i < 3; ++i)
    if (auto read = session.retrieve(published); read) break;
}

constexpr JudgedCase kExpiry[] = {{"TTL-2.early", checkers::judge_not_expired_early},
                                  {"TTL-2.late", checkers::judge_not_readable_late}};

constexpr JudgedCase kLives[] = {{"TTL-2.any_sequence", checkers::judge_lives}};

constexpr std::array kScenarios = {
    Scenario{.name = "Ttl.TTL_2_any_sequence_agrees_with_the_model",
             .cases = kLives,
             .bus = stage::Bus::own,
             .generate = program::generate_lives_program,
             .perform = perform_ttl_program,
             .programs_max = 10},
    Scenario{.name = "Ttl.TTL_2_expires_on_time", .cases = kExpiry, .run = expires_on_time},
};

}  // namespace

std::span<const Scenario> ttl() { return kScenarios; }

}  // namespace busproof::families
