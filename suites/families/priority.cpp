// PRI: the higher first, equals in order. PRI-6 is judged with QUE-3 (queue.cpp): one program, two
// questions.
#include <algorithm>
#include <array>
#include <set>

#include "suites/checkers/priority.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/waits.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Session;

struct Range {
  std::int64_t least, most;
  [[nodiscard]] std::int64_t middle() const { return least + (most - least) / 2; }
};

Range range_of(const Stage& stage) {
  return {stage.claims().limit("priority.min").value_or(0),
          stage.claims().limit("priority.max").value_or(9)};
}

/// Both ends of the range, the default, and some between; few enough that equals are common.
std::vector<std::int64_t> some_priorities(Stage& stage) {
  const Range range = range_of(stage);
  std::set<std::int64_t> chosen = {range.least, range.most,
                                   stage.claims().limit("priority.default").value_or(range.least)};
  for (int i = 0; i < 4; ++i) chosen.insert(stage.any(range.least, range.most));
  return {chosen.begin(), chosen.end()};
}

void publish(Stage& stage, Session& session, const std::string& destination,
             std::int64_t priority) {
  stage.publish(session, {.destination = destination,
                          .payload = targets::Payload::text("waits"),
                          .priority = priority});
}

void publish_some(Stage& stage, Session& session, const std::string& destination,
                  std::size_t count) {
  const auto priorities = some_priorities(stage);
  for (std::size_t i = 0; i < count; ++i) {
    const auto which = stage.any(0, static_cast<std::int64_t>(priorities.size()) - 1);
    publish(stage, session, destination, priorities[static_cast<std::size_t>(which)]);
  }
}

/// All wait before the first can be handed out: credit comes when the last has been accepted.
void waiting_messages(Stage& stage) {
  constexpr std::size_t kMessages = 60;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto held = stage.subscribe(session, {.destination = destination, .credit = 0});
  publish_some(stage, session, destination, kMessages);
  stage.credit(session, held, stage.credit_for(10));
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
}

void waiting_over_a_restart(Stage& stage) {
  constexpr std::size_t kMessages = 40;
  const std::string destination = stage.destination();
  publish_some(stage, stage.connect(), destination, kMessages);
  stage.stop_bus();
  stage.start_bus();
  Session& session = stage.connect();
  const auto held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(10)});
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
}

/// One is given back while others wait, above it, beside it and below it, from before and after.
void given_back(Stage& stage) {
  const Range range = range_of(stage);
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto held = stage.subscribe(session, {.destination = destination, .credit = 1});
  publish(stage, session, destination, range.middle());
  if (!stage.wait_count(session, held, 1)) return;
  stage.credit(session, held, 0);
  std::size_t waiting = 1;
  const auto add = [&](std::initializer_list<std::int64_t> priorities) {
    for (const std::int64_t priority : priorities) {
      publish(stage, session, destination, priority);
      ++waiting;
    }
  };
  add({range.middle(), range.least, range.most, range.middle()});
  give_back(stage, session, session.deliveries(held).front());
  add({range.middle(), range.least, range.most});
  let_wait_again(stage);
  stage.credit(session, held, stage.credit_for(5));
  Consumer consumer(stage, session, held, 1);
  consumer.count(1 + waiting);
}

/// Both ends of the range beside their neighbours, and what lies beyond.
void whole_range(Stage& stage) {
  const Range range = range_of(stage);
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto held = stage.subscribe(session, {.destination = destination, .credit = 0});
  std::size_t accepted = 0;
  for (int round = 0; round < 2; ++round)
    for (const std::int64_t priority :
         {range.least, range.most, std::min(range.least + 1, range.most),
          std::max(range.most - 1, range.least), range.middle()}) {
      auto published = session.publish({.destination = destination,
                                        .payload = targets::Payload::text("within"),
                                        .priority = priority});
      if (published) ++accepted;
    }
  for (const std::int64_t beyond : {range.least - 1, range.most + 1, range.most + 1000}) {
    auto refused = session.publish({.destination = destination,
                                    .payload = targets::Payload::text("beyond"),
                                    .priority = beyond});
    if (refused) ++accepted;  // Then it comes, too.
  }
  stage.credit(session, held, stage.credit_for(5));
  Consumer consumer(stage, session, held);
  consumer.count(accepted);
}

/// With a window of one that is full, whatever is next is chosen at the ack.
void comes_late(Stage& stage) {
  constexpr std::size_t kLow = 6, kRounds = 5;
  const Range range = range_of(stage);
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto held = stage.subscribe(session, {.destination = destination, .credit = 1});
  for (std::size_t i = 0; i < kLow; ++i) publish(stage, session, destination, range.least);
  for (std::size_t round = 0; round < kRounds; ++round) {
    if (!stage.wait_count(session, held, round + 1)) return;
    publish(stage, session, destination,
            stage.any(std::min(range.least + 1, range.most), range.most));
    stage.ack(session, session.deliveries(held)[round]);
  }
  Consumer consumer(stage, session, held, kRounds);
  consumer.count(kLow + kRounds);
}

constexpr JudgedCase kWaiting[] = {{"PRI-1.higher_first", checkers::judge_higher_first},
                                   {"PRI-2.in_order", checkers::judge_equals_in_order}};

constexpr JudgedCase kRestart[] = {{"PRI-3.restart", checkers::judge_order_after_restart}};
constexpr JudgedCase kGivenBack[] = {{"PRI-3.keeps_priority", checkers::judge_redelivered_priority},
                                     {"PRI-3.place", checkers::judge_redelivered_place}};
constexpr JudgedCase kRange[] = {{"PRI-4.range", checkers::judge_priority_range},
                                 {"PRI-4.outside", checkers::judge_priority_outside}};
constexpr JudgedCase kLate[] = {{"PRI-5.overtakes", checkers::judge_overtakes}};

constexpr std::array kScenarios = {
    Scenario{.name = "Priority.PRI_3_keeps_the_order_over_a_restart",
             .cases = kRestart,
             .bus = stage::Bus::own,
             .run = waiting_over_a_restart},
    Scenario{.name = "Priority.PRI_3_keeps_the_order_of_what_is_given_back",
             .cases = kGivenBack,
             .run = given_back},
    Scenario{.name = "Priority.PRI_4_the_whole_range_works", .cases = kRange, .run = whole_range},
    Scenario{.name = "Priority.PRI_5_the_late_high_one_is_next", .cases = kLate, .run = comes_late},
    Scenario{
        .name = "Priority.PRI_1_2_orders_what_waits", .cases = kWaiting, .run = waiting_messages},
};

}  // namespace

std::span<const Scenario> priority() { return kScenarios; }

}  // namespace busproof::families
