// SUM: what becomes of stored bytes that were damaged behind the bus' back.
#include <algorithm>
#include <array>

#include "suites/checkers/damaged_queue.hpp"
#include "suites/checkers/integrity.hpp"
#include "suites/checkers/payload.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::Bus;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Published;
using targets::Session;
using Damage = Stage::Damage;

Published publish_random(Stage& stage, Session& session, std::size_t size) {
  return stage.publish(session, {.destination = stage.destination(),
                                 .payload = Payload::binary(random_bytes(stage, size))});
}

/// Damage as it is done from outside where that can be, and as the bus does it to itself where it
/// can, too.
std::vector<Damage> both_ways(const Stage& stage, const Damage& damage) {
  Damage hook = damage;
  hook.through_hook = true;
  if (stage.claims().has("control.corrupt") && stage.reaches(damage)) return {damage, hook};
  return {damage};
}

/// Messages of every size that the bus vouches for, each damaged in that way and read.
template <typename Where>
void damage_and_read(Stage& stage, const Damage& how, const Where& places) {
  stage.need("queue");
  Session& session = stage.connect();
  for (const std::size_t size : vouched_sizes(stage)) {
    for (const std::size_t at : places(size)) {
      Damage damage = how;
      damage.at = static_cast<std::int64_t>(at);
      for (const Damage& one : both_ways(stage, damage)) {
        const Published message = publish_random(stage, session, size);
        stage.corrupt(message, one);
        read(stage, session, message);
      }
    }
  }
}

using Places = std::vector<std::size_t>;

void any_place(Stage& stage) {
  damage_and_read(stage, {}, [&](std::size_t size) {
    const auto any = static_cast<std::size_t>(stage.any(1, static_cast<std::int64_t>(size) - 2));
    return Places{0, size / 2, any, size - 1};
  });
}

void truncated(Stage& stage) {
  damage_and_read(stage, {.op = "truncate"}, [](std::size_t size) {
    return Places{size / 2, size - 1};
  });
}

void extended(Stage& stage) {
  damage_and_read(stage, {.op = "extend"}, [](std::size_t) { return Places{0}; });
}

void zeroed(Stage& stage) {
  damage_and_read(stage, {.op = "zero"}, [](std::size_t size) { return Places{0, size / 3}; });
}

void wrong_digest(Stage& stage) {
  damage_and_read(stage, {.part = "digest"}, [](std::size_t) { return Places{0}; });
}

void ask_stats(Stage& stage, Session& session) {
  if (!stage.claims().has("stats")) return;
  if (auto told = session.call("bus/stats", {}); !told && session.closed())
    stage.give_up("bus/stats", told.error());
}

/// A damaged one is read on one connection while an intact one is read on another.
void read_side_by_side(Stage& stage, Session& one, Session& other, const Published& damaged,
                       const Published& intact) {
  const auto asked = one.start_call("bus/retrieve", {{"transaction_id", damaged.transaction_id}});
  read(stage, other, intact);
  if (auto answer = one.await_call(asked); !answer && one.closed())
    stage.give_up("bus/retrieve", answer.error());
}

void many_damaged(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  Session& other = stage.many_connections() ? stage.connect() : session;
  const auto sizes = vouched_sizes(stage);
  std::vector<Published> intact, damaged;
  ask_stats(stage, session);
  constexpr std::array<const char*, 4> kOps = {"flip", "truncate", "zero", "flip"};
  for (std::size_t i = 0; i < 3 * kOps.size(); ++i) {
    const std::size_t size = sizes[i % sizes.size()];
    intact.push_back(publish_random(stage, session, size));
    damaged.push_back(publish_random(stage, session, size));
    stage.corrupt(damaged.back(),
                  {.op = kOps.at(i % kOps.size()), .at = static_cast<std::int64_t>(size / 2)});
  }
  for (std::size_t i = 0; i < damaged.size(); ++i) {
    read(stage, session, damaged[i]);
    read_side_by_side(stage, other, session, damaged[i], intact[i]);
  }
  stage.let_pass(std::chrono::milliseconds(stage.claims().limit_or_default("counts_settle_ms")) +
                 std::chrono::milliseconds(150));
  for (const Published& message : damaged)
    if (auto shown = session.inspect(message); !shown && session.closed())
      stage.give_up("bus/inspect", shown.error());
  ask_stats(stage, session);
}

/// A damaged message at the head of a queue, intact ones behind it, and nobody subscribed yet.
void damaged_head(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto send = [&](std::size_t size) {
    return stage.publish(session, {.destination = destination,
                                   .payload = Payload::binary(random_bytes(stage, size))});
  };
  std::vector<Published> damaged, intact;
  for (const std::size_t size : {std::size_t{100}, std::size_t{50'000}}) {
    damaged.push_back(send(size));
    intact.push_back(send(size));
    intact.push_back(send(10));
  }
  for (const Published& message : damaged) stage.corrupt(message, {.at = 50});
  const auto subscription =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(3)});
  Consumer consumer(stage, session, subscription);
  const bool came_all = consumer.until([&](const auto& came) {
    return std::all_of(intact.begin(), intact.end(), [&](const Published& message) {
      return std::any_of(came.begin(), came.end(), [&](const targets::Delivered& delivery) {
        return delivery.message == message.message;
      });
    });
  });
  stage.recorder().mark("waited");
  if (!came_all || !consumer.fence(destination)) return;
  if (!stage.claims().has("dead_letter")) return;
  stage.let_pass(std::chrono::milliseconds(stage.claims().limit_or_default("counts_settle_ms")) +
                 std::chrono::milliseconds(150));
  if (auto listed = session.call("bus/dead_letters", {{"destination", destination}}); !listed)
    stage.give_up("bus/dead_letters", listed.error());
}

void settled_all_the_same(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const auto subscription =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(4)});
  const std::size_t size = vouched_sizes(stage).back();
  constexpr std::array<const char*, 2> kOps = {"flip", "truncate"};
  std::size_t count = 0;
  for (const char* op : kOps) {
    const auto message = stage.publish(
        session,
        {.destination = destination, .payload = Payload::binary(random_bytes(stage, size))});
    if (!stage.wait_count(session, subscription, ++count)) return;
    stage.corrupt(message, {.op = op, .at = static_cast<std::int64_t>(size / 2)});
    read(stage, session, message);
    const auto came = session.deliveries(subscription);
    if (auto acked = session.ack(came.back()); !acked && session.closed())
      stage.give_up("bus/ack", acked.error());
  }
}

constexpr JudgedCase kAnyPlace[] = {{"SUM-2.any_place", checkers::judge_corruption_found}};
constexpr JudgedCase kTruncated[] = {{"SUM-3.truncated", checkers::judge_corruption_found}};
constexpr JudgedCase kExtended[] = {{"SUM-3.extended", checkers::judge_corruption_found}};
constexpr JudgedCase kZeroed[] = {{"SUM-3.zeroed", checkers::judge_corruption_found}};
constexpr JudgedCase kDigest[] = {{"SUM-3.wrong_digest", checkers::judge_wrong_digest_found}};
constexpr JudgedCase kMany[] = {{"SUM-6.others_readable", checkers::judge_others_readable},
                                {"SUM-6.stays_up", checkers::judge_stays_up},
                                {"SUM-7.status", checkers::judge_damage_status},
                                {"SUM-7.counted", checkers::judge_damage_counted}};
constexpr JudgedCase kHead[] = {{"SUM-9.flipped_bit", checkers::judge_no_damage_delivered},
                                {"SUM-10.set_aside", checkers::judge_damaged_set_aside},
                                {"SUM-10.others_go_on", checkers::judge_others_go_on}};
constexpr JudgedCase kSettle[] = {{"SUM-10.settle", checkers::judge_damaged_settled}};

constexpr std::array kScenarios = {
    Scenario{.name = "Sum.SUM_6_many_damaged_ones_harm_no_other",
             .cases = kMany,
             .bus = Bus::own,
             .run = many_damaged},
    Scenario{
        .name = "Sum.SUM_2_finds_a_flipped_bit_anywhere", .cases = kAnyPlace, .run = any_place},
    Scenario{.name = "Sum.SUM_3_finds_truncation", .cases = kTruncated, .run = truncated},
    Scenario{.name = "Sum.SUM_3_finds_added_bytes", .cases = kExtended, .run = extended},
    Scenario{.name = "Sum.SUM_3_finds_zeroed_blocks", .cases = kZeroed, .run = zeroed},
    Scenario{.name = "Sum.SUM_3_finds_a_wrong_digest", .cases = kDigest, .run = wrong_digest},
    Scenario{
        .name = "Sum.SUM_10_a_damaged_head_blocks_no_queue", .cases = kHead, .run = damaged_head},
    Scenario{.name = "Sum.SUM_10_settles_what_cannot_be_read",
             .cases = kSettle,
             .run = settled_all_the_same},
};

}  // namespace

std::span<const Scenario> damage() { return kScenarios; }

}  // namespace busproof::families
