// HLT: what bus/health tells.
#include "suites/checkers/health.hpp"

#include <array>

#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

void asked(Stage& stage) {
  Session& session = stage.connect();
  constexpr int kLooks = 3;
  for (int i = 0; i < kLooks; ++i) {
    if (auto told = session.call("bus/health", {}); !told)
      stage.give_up("bus/health", told.error());
    stage.publish(session, {.destination = stage.destination(),
                            .mode = stage.mode(),
                            .payload = Payload::text("between two looks")});
  }
}

constexpr JudgedCase kAsked[] = {{"HLT-1.components", checkers::judge_components},
                                 {"HLT-1.latency", checkers::judge_latencies}};

constexpr std::array kScenarios = {
    Scenario{.name = "Health.HLT_1_names_its_components", .cases = kAsked, .run = asked},
};

}  // namespace

std::span<const Scenario> health() { return kScenarios; }

}  // namespace busproof::families
