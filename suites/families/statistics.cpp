// STA: what is counted, against a model of what was done.
#include <array>

#include "suites/checkers/metrics.hpp"
#include "suites/checkers/statistics.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/statistics_program.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;

/// The statistics from before anything was counted: what grows, grows from there.
Session& begin(Stage& stage) {
  stage.need_own_bus();
  Session& session = stage.connect();
  if (auto told = session.call("bus/stats", {}); !told) stage.give_up("bus/stats", told.error());
  return session;
}

/// A message that expires while it waits, where messages do.
void let_one_expire(Stage& stage, Session& session) {
  constexpr std::int64_t kTtlMs = 300;
  if (!stage.claims().has("ttl")) return;
  stage.publish(session, {.destination = stage.destination("expires"),
                          .payload = Payload::text("mortal"),
                          .ttl_ms = kTtlMs});
  stage.let_pass(milliseconds(kTtlMs + stage.claims().limit("ttl_grace_ms").value_or(1000) +
                              stage.claims().limit("time_granularity_ms").value_or(1) +
                              stage.claims().limit_or_default("counts_settle_ms")));
}

void topic_traffic(Stage& stage, Session& session) {
  if (!stage.claims().has("topic")) return;
  const std::string topic = stage.destination("topic");
  const auto heard = stage.subscribe(session, {.destination = topic, .mode = "topic"});
  for (int i = 0; i < 5; ++i)
    stage.publish(session,
                  {.destination = topic, .mode = "topic", .payload = Payload::text("live")});
  stage.wait_count(session, heard, 5);
}

void totals(Stage& stage) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_totals};
  constexpr int kPrograms = 8;
  Session& session = begin(stage);
  topic_traffic(stage, session);
  // One connection cannot be ended and used again.
  program::Bounds bounds{.reconnect = stage.many_connections()};
  bounds.priority_max = stage.claims().limit("priority.max").value_or(0);
  bounds.priority_min = stage.claims().limit("priority.min").value_or(0);
  std::string destination = stage.destination();
  if (stage.many_connections())
    for (int i = 0; i < kPrograms; ++i)
      destination =
          perform_counted(stage, program::generate_statistics_program(stage.random()(), bounds))
              .destination;
  let_one_expire(stage, session);
  ask_statistics(stage, session, destination, kJudges);
}

/// Payloads of distinct contents, by reference where the bus routes: those certainly are kept.
void usage(Stage& stage) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_usage};
  constexpr std::size_t kSmall = 10'000;
  Session& session = begin(stage);
  const std::string destination = stage.destination();
  const auto inline_max = stage.claims().limit("inline_bytes_max");
  const bool routes = stage.claims().has("routing") && inline_max;
  const std::size_t least = routes ? static_cast<std::size_t>(*inline_max) + 1 : kSmall;
  std::vector<Published> kept;
  for (std::size_t i = 0; i < 5; ++i) {
    std::string text(least + 7 * i, 'x');
    for (char& c : text) c = static_cast<char>('a' + stage.any(0, 25));
    kept.push_back(stage.publish(
        session, {.destination = destination, .payload = Payload::text(std::move(text))}));
  }
  ask_statistics(stage, session, destination, kJudges);
  for (std::size_t i = 0; i < 2; ++i)
    if (auto removed = session.remove(kept[i]); !removed)
      stage.give_up("bus/delete", removed.error());
  ask_statistics(stage, session, destination, kJudges);
}

/// The page between two answers of bus/stats; false where it cannot be had.
bool look_at_page(Stage& stage, Session& session) {
  const auto ask = [&] {
    if (auto told = session.call("bus/stats", {}); !told) stage.give_up("bus/stats", told.error());
  };
  ask();
  const bool came = stage.ask_metrics();
  ask();
  return came;
}

/// Some of each that counts, so that no two of the totals need be the same.
void move_the_totals(Stage& stage, Session& session) {
  if (!stage.claims().has("queue")) return;
  const std::string destination = stage.destination();
  const auto held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)});
  const std::int64_t sent = stage.any(9, 15);
  for (std::int64_t i = 0; i < sent; ++i)
    stage.publish(session, {.destination = destination, .payload = Payload::text("counted")});
  std::size_t seen = 0;
  for (; seen < 6 && stage.wait_count(session, held, seen + 1); ++seen) {
    const auto delivery = session.deliveries(held)[seen];
    if (seen % 3 != 2)
      stage.ack(session, delivery);
    else if (auto done = session.reject(delivery, false); !done)
      stage.give_up("bus/reject", done.error());
  }
}

void page(Stage& stage) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_metrics_agree};
  stage.need_own_bus();
  Session& session = stage.connect();
  if (!look_at_page(stage, session)) return;
  topic_traffic(stage, session);
  move_the_totals(stage, session);
  const milliseconds settle(stage.claims().limit_or_default("counts_settle_ms"));
  const auto until = std::chrono::steady_clock::now() + settle;
  while (look_at_page(stage, session) && !stage.met_so_far(kJudges) &&
         std::chrono::steady_clock::now() < until)
    stage.let_pass(milliseconds(20));
  if (stage.met_so_far(kJudges)) return;
  stage.let_pass(milliseconds(200));  // What the judges allow the harness itself.
  look_at_page(stage, session);
}

constexpr JudgedCase kPage[] = {{"STA-3.agree", checkers::judge_metrics_agree}};
constexpr JudgedCase kProgram[] = {{"STA-1.queues", checkers::judge_group_counts},
                                   {"STA-1.subscribers", checkers::judge_subscribers},
                                   {"STA-2.balance", checkers::judge_balance}};
constexpr JudgedCase kTotals[] = {{"STA-1.totals", checkers::judge_totals}};
constexpr JudgedCase kUsage[] = {{"STA-3.usage", checkers::judge_usage}};

constexpr std::array kScenarios = {
    Scenario{.name = "Statistics.STA_1_2_agree_with_a_model",
             .cases = kProgram,
             .generate = program::generate_statistics_program,
             .perform = perform_statistics_program},
    Scenario{.name = "Statistics.STA_1_totals_agree_with_a_model",
             .cases = kTotals,
             .bus = stage::Bus::own,
             .run = totals},
    Scenario{.name = "Statistics.STA_3_the_metrics_page_agrees",
             .cases = kPage,
             .bus = stage::Bus::own,
             .run = page},
    Scenario{.name = "Statistics.STA_3_counts_what_is_kept",
             .cases = kUsage,
             .bus = stage::Bus::own,
             .run = usage},
};

}  // namespace

std::span<const Scenario> statistics() { return kScenarios; }

}  // namespace busproof::families
