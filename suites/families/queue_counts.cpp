// QUE: what bus/pending counts, and delayed messages.
#include <algorithm>
#include <array>

#include "suites/checkers/counts.hpp"
#include "suites/checkers/delay.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

/// Lets the counts come to rest.
void let_settle(Stage& stage) {
  constexpr std::int64_t kMarginMs = 250;
  stage.let_pass(milliseconds(stage.claims().limit_or_default("counts_settle_ms") + kMarginMs));
}

void ask(Stage& stage, Session& session, const std::string& destination,
         const std::string& group = {}) {
  if (auto answer = session.pending(destination, group); !answer)
    stage.give_up("bus/pending", answer.error());
}

std::int64_t within(std::int64_t wanted, std::optional<std::int64_t> most) {
  return most ? std::min(wanted, *most) : wanted;
}

/// Some of each kind at once, no two kinds alike in number; then all that was held is acked.
void some_of_each(Stage& stage) {
  constexpr std::size_t kDead = 2, kPublished = 9, kDelayed = 4;
  constexpr std::int64_t kHeld = 3, kLongMs = 60'000;
  const auto& claims = stage.claims();
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(kHeld)};
  if (claims.trait("queue", "lease") == "timed")
    wanted.lease_ms = within(kLongMs, claims.limit("lease_max_ms"));
  const Subscribed held = stage.subscribe(session, wanted);
  const bool other = claims.has("groups");
  if (other) stage.subscribe(session, {.destination = destination, .group = "other", .credit = 0});
  std::size_t seen = 0;
  if (claims.has("dead_letter")) {
    publish_many(stage, session, destination, kDead);
    for (; seen < kDead && stage.wait_count(session, held, seen + 1); ++seen)
      if (auto done = session.reject(session.deliveries(held)[seen], false); !done)
        stage.give_up("bus/reject", done.error());
  }
  publish_many(stage, session, destination, kPublished);
  if (!stage.wait_count(session, held, seen + static_cast<std::size_t>(*wanted.credit))) return;
  stage.ack(session, session.deliveries(held)[seen++]);
  if (!stage.wait_count(session, held, seen + static_cast<std::size_t>(*wanted.credit))) return;
  if (claims.has("delay"))
    for (std::size_t i = 0; i < kDelayed; ++i)
      stage.publish(session, {.destination = destination,
                              .payload = Payload::text("later"),
                              .delay_ms = within(kLongMs, claims.limit("delay_max_ms"))});
  let_settle(stage);
  ask(stage, session, destination);
  if (other) ask(stage, session, destination, "other");
  Consumer consumer(stage, session, held, seen);
  consumer.count((claims.has("dead_letter") ? kDead : 0) + kPublished);
  let_settle(stage);
  ask(stage, session, destination);
}

/// Delayed ones beside others that are not; they are counted while they wait, and then come.
void waits_for_its_time(Stage& stage) {
  constexpr std::size_t kMessages = 6;
  constexpr std::int64_t kTogetherMs = 350;
  const auto& claims = stage.claims();
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(50)});
  const std::int64_t least = claims.limit_or_default("counts_settle_ms") + 3 * kTogetherMs;
  for (std::size_t i = 0; i < kMessages; ++i) {
    const std::int64_t delay_ms = least + stage.any(0, kTogetherMs / 2);
    stage.publish(session, {.destination = destination,
                            .payload = Payload::text("waits"),
                            .delay_ms = within(delay_ms, claims.limit("delay_max_ms"))});
    stage.publish(session, {.destination = destination, .payload = Payload::text("does not")});
  }
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
  if (claims.trait("queue", "counts") != "none") {
    let_settle(stage);
    ask(stage, session, destination);
  }
  if (consumer.count(2 * kMessages)) return;
  // Late or lost: which of the two, a fence tells.
  consumer.fence(destination);
}

constexpr JudgedCase kCounts[] = {{"QUE-13.ready", checkers::judge_count_ready},
                                  {"QUE-13.leased", checkers::judge_count_leased},
                                  {"QUE-13.delayed", checkers::judge_count_delayed},
                                  {"QUE-13.dead", checkers::judge_count_dead}};
constexpr JudgedCase kDelay[] = {{"QUE-17.early", checkers::judge_delay_not_early},
                                 {"QUE-17.late", checkers::judge_delay_not_late},
                                 {"QUE-17.counted", checkers::judge_delayed_not_ready}};

constexpr std::array kScenarios = {
    Scenario{.name = "Queue.QUE_13_counts_agree_with_the_history",
             .cases = kCounts,
             .run = some_of_each},
    Scenario{.name = "Queue.QUE_17_a_delayed_message_waits_for_its_time",
             .cases = kDelay,
             .run = waits_for_its_time},
};

}  // namespace

std::span<const Scenario> queue_counts() { return kScenarios; }

}  // namespace busproof::families
