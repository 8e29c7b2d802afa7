// CFG: what a bus is started with, and how it starts.
#include "suites/checkers/configuration.hpp"

#include <array>

#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

void started_with_nothing_set(Stage& stage) {
  stage.mark_documented();
  stage.connect();
}

void names_no_credit(Stage& stage) {
  constexpr std::int64_t kDefaultMost = 2'000, kMore = 5;
  const auto credit = stage.claims().limit("credit_default");
  if (!credit || *credit > kDefaultMost)
    throw Abandoned{Verdict::unverified, "credit_default is no number that can be used up here"};
  const std::string destination = stage.destination();
  Session& session = stage.connect();
  for (std::int64_t i = 0; i < *credit + kMore; ++i)
    stage.publish(session, {.destination = destination, .payload = Payload::text("waits")});
  const Subscribed held = stage.subscribe(session, {.destination = destination});
  const auto window = static_cast<std::size_t>(*credit);
  stage.wait_count(session, held, window);
  // Whatever comes beyond it comes before this, if it is to come at all.
  const std::string other = stage.destination("beside");
  stage.fence(session, stage.subscribe(session, {.destination = other, .credit = 1}), other);
  // More than the most that may be asked for is no way to see whether it was fewer.
  if (stage.credit_for(*credit + kMore) <= *credit) return;
  stage.credit(session, held, stage.credit_for(*credit + kMore));
  stage.wait_count(session, held, window + 1);
}

void starts_with_wrong_values(Stage& stage) {
  stage.need_own_bus();
  const auto wrong = stage.variants("bad_config");
  if (wrong.empty())
    throw Abandoned{Verdict::unverified, "variant: the target names no bad_config.*"};
  stage.stop_bus();
  // What a sound start writes tells nobody what is allowed.
  if (!stage.try_start_bus())
    throw Abandoned{Verdict::blocked, "the bus does not start again as it was"};
  stage.stop_bus();
  for (const std::string& variant : wrong)
    if (stage.try_start_bus(variant)) stage.stop_bus();
}

constexpr JudgedCase kDeclared[] = {{"CFG-1.declared", checkers::judge_defaults_declared}};
constexpr JudgedCase kInForce[] = {{"CFG-1.in_force", checkers::judge_default_credit}};
constexpr JudgedCase kWrong[] = {{"CFG-2.stops", checkers::judge_wrong_value_stops},
                                 {"CFG-2.says_why", checkers::judge_wrong_value_told}};

constexpr std::array kScenarios = {
    Scenario{.name = "Configuration.CFG_1_declares_what_is_documented",
             .cases = kDeclared,
             .run = started_with_nothing_set},
    Scenario{.name = "Configuration.CFG_1_gives_the_declared_credit",
             .cases = kInForce,
             .run = names_no_credit},
    Scenario{.name = "Configuration.CFG_2_does_not_start_with_wrong_values",
             .cases = kWrong,
             .bus = stage::Bus::own,
             .run = starts_with_wrong_values},
};

}  // namespace

std::span<const Scenario> configuration() { return kScenarios; }

}  // namespace busproof::families
