// QUE-24: a full queue refuses the new and keeps the old.
#include <array>

#include "suites/checkers/overflow.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

constexpr std::int64_t kFillMost = 5'000;
constexpr std::string_view kSmall = "limits.small";

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

constexpr JudgedCase kFull[] = {{"QUE-24.refuses", checkers::judge_refuses_when_full},
                                {"QUE-24.keeps", checkers::judge_full_keeps}};

constexpr std::array kScenarios = {
    Scenario{.name = "Overflow.QUE_24_refuses_and_keeps",
             .cases = kFull,
             .bus = stage::Bus::own,
             .run = fills_a_queue},
};

}  // namespace

std::span<const Scenario> overflow() { return kScenarios; }

}  // namespace busproof::families
