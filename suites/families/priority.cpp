// PRI: the higher first, equals in order. PRI-6 is judged with QUE-3 (queue.cpp): one program, two
// questions.
#include <algorithm>
#include <array>
#include <set>

#include "suites/checkers/priority.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Session;

/// Both ends of the range, the default, and some between; few enough that equals are common.
std::vector<std::int64_t> some_priorities(Stage& stage) {
  const std::int64_t least = stage.claims().limit("priority.min").value_or(0);
  const std::int64_t most = stage.claims().limit("priority.max").value_or(9);
  std::set<std::int64_t> chosen = {least, most,
                                   stage.claims().limit("priority.default").value_or(least)};
  for (int i = 0; i < 4; ++i) chosen.insert(stage.any(least, most));
  return {chosen.begin(), chosen.end()};
}

/// All wait before the first can be handed out: credit comes when the last has been accepted.
void waiting_messages(Stage& stage) {
  constexpr std::size_t kMessages = 60;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto held = stage.subscribe(session, {.destination = destination, .credit = 0});
  const auto priorities = some_priorities(stage);
  for (std::size_t i = 0; i < kMessages; ++i) {
    const auto which = stage.any(0, static_cast<std::int64_t>(priorities.size()) - 1);
    stage.publish(session, {.destination = destination,
                            .payload = targets::Payload::text("waits"),
                            .priority = priorities[static_cast<std::size_t>(which)]});
  }
  stage.credit(session, held, stage.credit_for(10));
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
}

constexpr JudgedCase kWaiting[] = {{"PRI-1.higher_first", checkers::judge_higher_first},
                                   {"PRI-2.in_order", checkers::judge_equals_in_order}};

constexpr std::array kScenarios = {
    Scenario{
        .name = "Priority.PRI_1_2_orders_what_waits", .cases = kWaiting, .run = waiting_messages},
};

}  // namespace

std::span<const Scenario> priority() { return kScenarios; }

}  // namespace busproof::families
