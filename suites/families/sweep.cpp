// TTL: sweeps, and what goes on beside them.
#include <algorithm>
#include <array>

#include "suites/checkers/expired.hpp"
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

constexpr milliseconds kBetweenSweeps{20};

std::string some_bytes(Stage& stage, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(stage.any(0, 255));
  return bytes;
}

void sweep(Stage& stage) {
  if (auto swept = stage.control("ctl/sweep", {}); !swept)
    stage.give_up("ctl/sweep", swept.error());
}

void read_all(Session& session, const std::vector<Published>& messages) {
  for (const Published& message : messages)
    if (auto read = session.retrieve(message); !read && session.closed()) return;
}

void sweeps_what_is_over(Stage& stage) {
  constexpr std::int64_t kLifeMs = 300, kLivesOnMs = 60'000;
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  std::vector<Published> alive, mortal;
  const auto publish = [&](std::optional<std::int64_t> ttl_ms) {
    return stage.publish(
        session,
        {.destination = destination, .payload = Payload::text("swept or not"), .ttl_ms = ttl_ms});
  };
  for (int i = 0; i < 5; ++i) {
    alive.push_back(publish({}));
    alive.push_back(publish(kLivesOnMs));
    for (int j = 0; j < 4; ++j) mortal.push_back(publish(stage.any(kLifeMs / 4, kLifeMs)));
  }
  // Swept while they fall due, one by one, and once more when all of them have.
  const auto granularity = stage.claims().limit("time_granularity_ms").value_or(1);
  const auto all_over = history::now() + milliseconds(kLifeMs + granularity + 5);
  while (history::now() < all_over) {
    sweep(stage);
    stage.let_pass(kBetweenSweeps);
  }
  sweep(stage);
  if (stage.claims().has("store")) {
    read_all(session, alive);
    read_all(session, mortal);
  }
  stage.let_pass(milliseconds(stage.claims().limit_or_default("counts_settle_ms") + 5));
  if (auto counts = session.pending(destination); !counts && session.closed()) return;
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)}));
  consumer.fence(destination);
}

void archives_what_it_sweeps(Stage& stage) {
  constexpr std::int64_t kLifeMs = 200;
  if (!stage.has_archive())
    throw stage::Abandoned{contract::Verdict::unverified,
                           "the target does not say how to look into the archive"};
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  std::vector<Published> mortal;
  for (int i = 0; i < 8; ++i)
    mortal.push_back(
        stage.publish(session, {.destination = destination,
                                .payload = Payload::binary(some_bytes(
                                    stage, static_cast<std::size_t>(stage.any(0, 4096)))),
                                .ttl_ms = stage.any(kLifeMs / 2, kLifeMs)}));
  const auto granularity = stage.claims().limit("time_granularity_ms").value_or(1);
  stage.let_pass(milliseconds(kLifeMs + granularity + 5));
  sweep(stage);
  stage.let_pass(milliseconds(stage.claims().limit_or_default("counts_settle_ms") + 5));
  for (const Published& message : mortal) stage.look_in_archive(message);
}

/// Whether there is a hook to sweep with; else the bus' own sweeps have to do.
bool can_sweep(Stage& stage) {
  if (!stage.claims().has("control.sweep")) return false;
  try {
    return stage.control("ctl/sweep", {}).has_value();
  } catch (const stage::Abandoned&) {
    return false;
  }
}

targets::Publish short_lived(Stage& stage, const std::string& destination, int round) {
  constexpr std::int64_t kInlineMost = 2 << 20;
  constexpr int kBigOnes = 10;
  const auto limit = stage.claims().limit("inline_bytes_max");
  const bool big = round % kBigOnes == 1 && limit && *limit <= kInlineMost;
  const std::int64_t size = big ? *limit + 1 : stage.any(1, 8192);
  return {.destination = destination,
          .payload = Payload::binary(some_bytes(stage, static_cast<std::size_t>(size))),
          .ttl_ms = stage.any(60, 300)};
}

void goes_on_beside_expiry(Stage& stage) {
  constexpr int kRounds = 30;
  constexpr std::size_t kLasting = 3;
  stage.need("queue");
  const bool sweeps = can_sweep(stage);
  Session& session = stage.connect();
  const std::string lasting = stage.destination(), passing = stage.destination("passing");
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = lasting, .credit = stage.credit_for(20)}));
  std::vector<Published> mortal;
  std::size_t published = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < 2; ++i)
      mortal.push_back(stage.publish(session, short_lived(stage, passing, round)));
    for (std::size_t i = 0; i < kLasting; ++i, ++published)
      stage.publish(session, {.destination = lasting, .payload = Payload::text("lives on")});
    if (sweeps) sweep(stage);
    if (stage.claims().has("store")) {
      const auto last = static_cast<std::int64_t>(mortal.size()) - 1;
      for (int i = 0; i < 3; ++i) {
        // Rather one of the last: some are over, some are about to be.
        const auto which =
            static_cast<std::size_t>(stage.any(std::max<std::int64_t>(0, last - 40), last));
        if (auto read = session.retrieve(mortal[which]); !read && session.closed()) return;
      }
    }
    if (!consumer.count(published)) break;  // The fence shows whether that one is only late.
    stage.let_pass(kBetweenSweeps / 2);
  }
  // By now all may have been swept: the fence is not what follows that.
  stage.publish(session, {.destination = lasting, .payload = Payload::text("the last to come")});
  consumer.fence(lasting);
  if (!stage.many_connections()) return;
  session.close();
  Session& after = stage.connect();
  Consumer again(stage, after,
                 stage.subscribe(after, {.destination = lasting, .credit = stage.credit_for(20)}));
  again.fence(lasting);
}

constexpr JudgedCase kSweep[] = {{"TTL-4.removes", checkers::judge_sweep_removes},
                                 {"TTL-4.spares", checkers::judge_sweep_spares},
                                 {"TTL-4.tells", checkers::judge_sweep_tells}};
constexpr JudgedCase kArchive[] = {{"TTL-4.archives", checkers::judge_sweep_archives}};
constexpr JudgedCase kBeside[] = {{"TTL-9.retrieve", checkers::judge_reads_beside_expiry},
                                  {"TTL-9.ack", checkers::judge_acks_beside_expiry},
                                  {"TTL-9.publish", checkers::judge_publishes_beside_expiry}};

constexpr std::array kScenarios = {
    Scenario{.name = "Ttl.TTL_4_archives_what_it_sweeps",
             .cases = kArchive,
             .run = archives_what_it_sweeps,
             .variant = "ttl.archive"},
    Scenario{.name = "Ttl.TTL_4_sweeps_what_is_over",
             .cases = kSweep,
             .bus = stage::Bus::own,
             .run = sweeps_what_is_over},
    Scenario{
        .name = "Ttl.TTL_9_goes_on_beside_expiry", .cases = kBeside, .run = goes_on_beside_expiry},
};

}  // namespace

std::span<const Scenario> sweeping() { return kScenarios; }

}  // namespace busproof::families
