// QUE-24: a full queue refuses the new and keeps the old.
#include <array>

#include "suites/checkers/overflow.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/statistics_program.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

constexpr std::int64_t kFillMost = 5'000;
constexpr std::string_view kSmall = "limits.small", kDropping = "overflow.drop_oldest";

/// How many a queue takes, on a bus that takes few: the target as it is, else its small variant.
std::int64_t start_small(Stage& stage) {
  const auto declared = stage.claims().limit("queue.messages_max");
  if (declared && *declared <= kFillMost) return *declared;
  stage.need_variant(kSmall);
  stage.stop_bus();
  stage.start_bus(kSmall);
  return kFillMost;
}

void fills_a_queue(Stage& stage) {
  constexpr int kRefused = 10;
  const std::int64_t most = start_small(stage);
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const targets::Publish wanted{.destination = destination, .payload = Payload::text("fills")};
  int refused = 0;
  for (std::int64_t i = 0; i < most + kRefused && refused < kRefused; ++i)
    if (auto published = session.publish(wanted); !published) ++refused;
  // Room again, for some, and full once more; then all is drained.
  const auto held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)});
  Consumer consumer(stage, session, held);
  consumer.count(30);
  for (int i = 0; i < 5; ++i)
    if (auto published = session.publish(wanted); !published) ++refused;
  consumer.fence(destination);
}

/// More than the queue holds, one after the other and all alike; then what is left is drained.
void drops_what_is_too_much(Stage& stage) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_drops_counted};
  const auto most_of = [&] {
    return stage.claims().limit("queue.messages_max").value_or(kFillMost + 1);
  };
  if (most_of() > kFillMost) {
    stage.need_variant(kDropping);
    stage.stop_bus();
    stage.start_bus(kDropping);
  }
  const std::int64_t most = most_of();
  if (most > kFillMost)
    throw stage::Abandoned{contract::Verdict::unverified, "a queue takes too many to be filled"};
  const std::int64_t beyond = stage.any(5, 15);
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  for (std::int64_t i = 0; i < most + beyond; ++i)
    if (auto published = session.publish(
            {.destination = destination, .payload = Payload::text("one of too many")});
        !published && session.closed())
      return;
  const auto held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)});
  Consumer consumer(stage, session, held);
  // There is room again before the fence, which is not to be dropped itself.
  if (!consumer.count(static_cast<std::size_t>((most + 1) / 2))) return;
  if (!consumer.fence(destination)) return;
  ask_statistics(stage, session, destination, kJudges);
}

constexpr JudgedCase kDrops[] = {{"QUE-24.counted", checkers::judge_drops_counted}};
constexpr JudgedCase kFull[] = {{"QUE-24.refuses", checkers::judge_refuses_when_full},
                                {"QUE-24.keeps", checkers::judge_full_keeps}};

constexpr std::array kScenarios = {
    Scenario{.name = "Overflow.QUE_24_counts_what_it_drops",
             .cases = kDrops,
             .bus = stage::Bus::own,
             .run = drops_what_is_too_much,
             .variant = kDropping},
    Scenario{.name = "Overflow.QUE_24_refuses_and_keeps",
             .cases = kFull,
             .bus = stage::Bus::own,
             .run = fills_a_queue},
};

}  // namespace

std::span<const Scenario> overflow() { return kScenarios; }

}  // namespace busproof::families
