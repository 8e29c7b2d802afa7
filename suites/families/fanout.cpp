// DUR-7: publishes to several groups are under way when the bus is killed.
#include <array>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/fanout.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

constexpr std::int64_t kCredit = 100;
constexpr std::array kGroups = {"audit", "billing", "default"};

targets::Subscribe member(Stage& stage, const std::string& destination, const char* group) {
  return {.destination = destination, .group = group, .credit = stage.credit_for(kCredit)};
}

struct Round {
  std::size_t publishes;      ///< Sent at once;
  std::size_t enough;         ///< when that many are answered
  stage::milliseconds pause;  ///< and this has passed, the bus is killed.
};

/// The groups are there, without members. Returns how many publishes the kill left unanswered.
std::size_t killed_under_way(Stage& stage, const Round& round) {
  const std::string destination = stage.destination();
  Session& before = stage.connect();
  for (const char* group : kGroups) {
    const auto subscription = stage.subscribe(before, member(stage, destination, group));
    if (auto left = before.unsubscribe(subscription); !left)
      stage.give_up("bus/unsubscribe", left.error());
  }
  std::vector<std::uint32_t> publishes;
  for (std::size_t i = 0; i < round.publishes; ++i)
    publishes.push_back(before.start_publish(
        {.destination = destination, .payload = Payload::text(fmt::format("for all {}", i))}));
  std::size_t in_doubt = 0;
  for (std::size_t i = 0; i < publishes.size(); ++i) {
    if (i == round.enough) {
      stage.let_pass(round.pause);
      stage.kill_bus();
    }
    if (!before.await_publish(publishes[i])) ++in_doubt;  // Answered or not: both are right.
  }
  stage.start_bus();
  Session& after = stage.connect();
  std::vector<Consumer> consumers;
  for (const char* group : kGroups)
    consumers.emplace_back(stage, after, stage.subscribe(after, member(stage, destination, group)));
  // The second fence is behind all that came to any group before the first.
  for (int fences = 0; fences < 2; ++fences)
    for (Consumer& consumer : consumers) consumer.fence(destination);
  after.close();
  return in_doubt;
}

void reaches_all_or_none(Stage& stage) {
  // Answers come in bursts, one behind each commit: the kill is to fall between them, too. Where it
  // fell behind the last, more publishes are sent the next time.
  constexpr int kRounds = 3, kRoundsMax = 6;
  std::size_t publishes = 300, in_doubt = 0;
  for (int round = 0; round < kRounds || (in_doubt == 0 && round < kRoundsMax); ++round) {
    const std::size_t left =
        round == 0
            ? killed_under_way(stage, {publishes, static_cast<std::size_t>(stage.any(0, 40)), {}})
            : killed_under_way(stage, {publishes, 1, stage::milliseconds(stage.any(5, 40))});
    in_doubt += left;
    if (left == 0) publishes *= 2;
  }
}

constexpr JudgedCase kFanout[] = {{"DUR-7.fanout", checkers::judge_doubtful_fanout}};

constexpr std::array kScenarios = {
    Scenario{.name = "Restart.DUR_7_reaches_every_group_or_none",
             .cases = kFanout,
             .bus = stage::Bus::own,
             .run = reaches_all_or_none},
};

}  // namespace

std::span<const Scenario> fanout() { return kScenarios; }

}  // namespace busproof::families
