// TTL: what becomes of messages whose life is over.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/expired.hpp"
#include "suites/checkers/expiry.hpp"
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
using targets::Subscribed;

constexpr std::int64_t kTtlMs = 300;
constexpr std::int64_t kLongMs = 60'000;

std::int64_t grace(const Stage& stage) { return stage.claims().limit("ttl_grace_ms").value_or(0); }

std::int64_t settle(const Stage& stage) {
  return stage.claims().limit_or_default("counts_settle_ms");
}

/// Waits until what was published by now with `ttl_ms` is over, and so much longer.
void outlive(Stage& stage, std::int64_t ttl_ms, std::int64_t longer_ms) {
  const auto granularity = stage.claims().limit("time_granularity_ms").value_or(1);
  stage.let_pass(milliseconds(ttl_ms + longer_ms + granularity + 5));
}

Published publish_mortal(Stage& stage, Session& session, const std::string& destination,
                         std::int64_t ttl_ms = kTtlMs) {
  return stage.publish(
      session, {.destination = destination, .payload = Payload::text("mortal"), .ttl_ms = ttl_ms});
}

void ask(Session& session, std::string_view method, const std::string& destination) {
  if (auto answer = session.call(method, {{"destination", destination}}); !answer) return;
}

/// One is among the dead letters when its time comes.
void dead_letter_one(Stage& stage, Session& session, const std::string& destination) {
  const Subscribed holder = stage.subscribe(session, {.destination = destination, .credit = 1});
  publish_mortal(stage, session, destination);
  if (!stage.wait_count(session, holder, 1)) return;
  if (auto done = session.reject(session.deliveries(holder).front(), false); !done) return;
  if (auto done = session.unsubscribe(holder); !done)
    stage.give_up("bus/unsubscribe", done.error());
}

void expired_is_gone(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  if (stage.claims().has("dead_letter")) dead_letter_one(stage, session, destination);
  for (int i = 0; i < 5; ++i) publish_mortal(stage, session, destination);
  if (stage.claims().has("delay"))
    stage.publish(session,
                  {.destination = destination, .ttl_ms = kTtlMs, .delay_ms = kTtlMs + 100});
  outlive(stage, kTtlMs, grace(stage) + settle(stage));
  if (auto counts = session.pending(destination); !counts && session.closed()) return;
  if (stage.claims().has("dead_letter")) ask(session, "bus/dead_letters", destination);
  if (stage.claims().has("stats")) ask(session, "bus/stats", destination);
  const Subscribed late =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)});
  stage.fence(session, late, destination);
  // Whoever counts when it is found out again, by a consumer or another sweep, shows now.
  if (stage.claims().has("stats")) ask(session, "bus/stats", destination);
}

void expired_is_dead(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  for (int i = 0; i < 5; ++i) publish_mortal(stage, session, destination);
  for (int i = 0; i < 2; ++i) publish_mortal(stage, session, destination, kLongMs);
  if (stage.claims().has("delay"))
    stage.publish(session,
                  {.destination = destination, .ttl_ms = kTtlMs, .delay_ms = kTtlMs + 100});
  outlive(stage, kTtlMs, grace(stage) + settle(stage));
  ask(session, "bus/dead_letters", destination);
  // A consumer comes, for those that live; and what is found out again is no second letter.
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)}));
  consumer.fence(destination);
  ask(session, "bus/dead_letters", destination);
}

Subscribed hold_long(Stage& stage, Session& session, const std::string& destination,
                     std::int64_t at_least_ms) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(10),
                                   .lease_ms = lease_for(stage, at_least_ms)});
}

void expires_under_its_lease(Stage& stage) {
  constexpr std::size_t kHeld = 6;
  constexpr std::int64_t kLifeMs = 600;  // Time enough to be received.
  const std::string destination = stage.destination();
  Session& session = stage.connect();
  const Subscribed holder = hold_long(stage, session, destination, kLifeMs + grace(stage) + 10'000);
  for (std::size_t i = 0; i < kHeld; ++i) publish_mortal(stage, session, destination, kLifeMs);
  if (!stage.wait_count(session, holder, kHeld)) return;
  outlive(stage, kLifeMs, grace(stage));
  const auto held = session.deliveries(holder);
  for (std::size_t i = 0; i < kHeld / 3; ++i)
    if (auto done = session.ack(held[i]); !done && session.closed()) return;
  for (std::size_t i = kHeld / 3; i < 2 * kHeld / 3; ++i)
    if (auto done = session.reject(held[i], true); !done && session.closed()) return;
  if (!stage.many_connections()) {
    stage.fence(session, holder, destination);
    return;
  }
  // The last ones come back by their holder's end.
  session.close();
  Session& after = stage.connect();
  Consumer consumer(stage, after, hold_long(stage, after, destination, kLongMs));
  consumer.fence(destination);
}

void runs_on_over_a_restart(Stage& stage) {
  constexpr std::int64_t kDownMs = 900;
  const std::string destination = stage.destination(), lasting = stage.destination("lasting");
  std::vector<Published> kept, mortal;
  {
    Session& session = stage.connect();
    for (const std::optional<std::int64_t> ttl_ms :
         {std::optional<std::int64_t>(kLongMs), std::optional<std::int64_t>()})
      kept.push_back(stage.publish(session, {.destination = lasting, .ttl_ms = ttl_ms}));
    for (const Published& message : kept)
      if (auto seen = session.inspect(message); !seen) stage.give_up("bus/inspect", seen.error());
    for (int i = 0; i < 4; ++i)
      mortal.push_back(publish_mortal(stage, session, destination, kDownMs));
  }
  stage.stop_bus();
  outlive(stage, kDownMs, grace(stage));
  stage.start_bus();
  Session& after = stage.connect();
  for (const Published& message : kept)
    if (auto seen = after.inspect(message); !seen && after.closed()) return;
  if (stage.claims().has("store"))
    for (const Published& message : mortal)
      if (auto read = after.retrieve(message); !read && after.closed()) return;
  if (!stage.claims().has("queue")) return;
  Consumer consumer(stage, after, hold_long(stage, after, destination, kLongMs));
  consumer.fence(destination);
}

constexpr JudgedCase kGone[] = {{"TTL-3.not_delivered", checkers::judge_expired_not_delivered},
                                {"TTL-3.dropped", checkers::judge_expired_dropped},
                                {"TTL-3.counted_once", checkers::judge_expired_counted}};
constexpr JudgedCase kUnderLease[] = {
    {"TTL-5.ack", checkers::judge_expired_acked},
    {"TTL-5.no_redelivery", checkers::judge_expired_not_redelivered}};
constexpr JudgedCase kRestart[] = {{"TTL-6.expires", checkers::judge_expired_while_down},
                                   {"TTL-6.kept", checkers::judge_restart_keeps}};

constexpr JudgedCase kDead[] = {{"TTL-3.dead_lettered", checkers::judge_expired_dead_lettered}};

constexpr std::array kScenarios = {
    Scenario{.name = "Ttl.TTL_3_expired_is_a_dead_letter",
             .cases = kDead,
             .run = expired_is_dead,
             .variant = "ttl.dead_letter"},
    Scenario{.name = "Ttl.TTL_3_expired_is_gone", .cases = kGone, .run = expired_is_gone},
    Scenario{.name = "Ttl.TTL_5_expires_under_its_lease",
             .cases = kUnderLease,
             .run = expires_under_its_lease},
    Scenario{.name = "Ttl.TTL_6_runs_on_over_a_restart",
             .cases = kRestart,
             .bus = stage::Bus::own,
             .run = runs_on_over_a_restart},
};

}  // namespace

std::span<const Scenario> expired() { return kScenarios; }

}  // namespace busproof::families
