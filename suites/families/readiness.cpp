// HLT-3: the pages that say whether the process lives and whether it is ready, while stores are
// away.
#include "suites/checkers/readiness.hpp"

#include <array>
#include <string>

#include <fmt/format.h>

#include "suites/families/ailing.hpp"
#include "suites/families/families.hpp"
#include "suites/families/store_faults.hpp"
#include "suites/families/tripping.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Page;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

void need_page(const Stage& stage, Page page, const char* name) {
  if (!stage.has_page(page))
    throw Abandoned{Verdict::unverified,
                    fmt::format("the target does not say where to ask whether it is {}", name)};
}

void stores_are_down(Stage& stage) {
  need_page(stage, Page::live, "alive");
  Stores stores(stage);
  Session& session = stage.connect();
  stores.down();
  // So that it knows.
  try_publish(stage, session,
              {.destination = stage.destination(),
               .mode = stage.mode(),
               .payload = Payload::text("refused")});
  for (int i = 0; i < 3; ++i) {
    stage.ask_page(Page::live);
    stage.let_pass(milliseconds(20));
  }
}

void queues_are_down(Stage& stage) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_not_ready};
  constexpr milliseconds kOwn{150}, kPause{30}, kLongest{20'000};
  need_page(stage, Page::ready, "ready");
  const auto detect = stage.claims().limit("health.detect_ms");
  if (!detect || milliseconds(*detect) > kLongest)
    throw Abandoned{Verdict::unverified,
                    "health.detect_ms is not declared, or longer than is waited for"};
  Stores stores(stage);
  Session& session = stage.connect();
  const targets::Publish wanted{.destination = stage.destination(),
                                .payload = Payload::text("small")};
  try_publish(stage, session, wanted);
  stores.down();
  const auto look = [&] {
    try_publish(stage, session, wanted);
    stage.ask_page(Page::ready);
    try_publish(stage, session, wanted);
  };
  const auto until = history::now() + milliseconds(*detect) + kOwn;
  for (look(); !stage.met_so_far(kJudges) && history::now() < until; look()) stage.let_pass(kPause);
  if (stage.met_so_far(kJudges)) return;
  stage.let_pass(kOwn);
  look();
}

void fallback_serves(Stage& stage) {
  constexpr int kTimes = 3;
  need_page(stage, Page::ready, "ready");
  PayloadStore store(stage);
  Session& session = stage.connect();
  const targets::Publish wanted{.destination = stage.destination("large"),
                                .mode = stage.mode(),
                                .payload = above_inline(stage, 'r')};
  store.down();
  for (int i = 0; i < kTimes; ++i) {
    try_publish(stage, session, wanted);
    stage.ask_page(Page::ready);
  }
  try_publish(stage, session, wanted);
  store.up();
}

constexpr JudgedCase kLive[] = {{"HLT-3.live", checkers::judge_alive}};
constexpr JudgedCase kNotReady[] = {{"HLT-3.not_ready", checkers::judge_not_ready}};
constexpr JudgedCase kReady[] = {{"HLT-3.ready", checkers::judge_ready}};

constexpr std::array kScenarios = {
    Scenario{.name = "Health.HLT_3_lives_without_its_stores",
             .cases = kLive,
             .bus = stage::Bus::own,
             .run = stores_are_down},
    Scenario{.name = "Health.HLT_3_is_not_ready_while_it_refuses",
             .cases = kNotReady,
             .bus = stage::Bus::own,
             .run = queues_are_down},
    Scenario{.name = "Health.HLT_3_is_ready_while_fallback_serves",
             .cases = kReady,
             .bus = stage::Bus::own,
             .run = fallback_serves},
};

}  // namespace

std::span<const Scenario> readiness() { return kScenarios; }

}  // namespace busproof::families
