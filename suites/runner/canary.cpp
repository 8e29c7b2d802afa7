#include "suites/runner/canary.hpp"

#include <array>
#include <optional>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "suites/families/families.hpp"
#include "suites/runner/edge_wrap.hpp"
#include "suites/runner/memory_bus.hpp"
#include "suites/runner/perform.hpp"
#include "suites/stage/hello.hpp"

namespace busproof::runner {
namespace {

using contract::Verdict;

/// Each needs no time to pass: no lease, no expiry.
constexpr std::array<std::string_view, 3> kCanaries = {"edge-nul-cut", "edge-every-5th-jumps",
                                                       "edge-credit-plus-one"};

/// The verdict of a case on the memory bus, behind `mutant` or bare.
std::string verdict_of(std::string_view case_id, const edge::Mutant* mutant, Verdict expected) {
  targets::Reactor reactor;
  Options options;
  options.target.name = "memory";
  options.wrap = [&](targets::Reactor& on, std::unique_ptr<targets::Connector>) {
    auto bus = memory_bus(on);
    return mutant == nullptr ? std::move(bus) : wrap_in(*mutant)(on, std::move(bus));
  };
  // Wrapping replaces the connector altogether: no address is ever used.
  options.target.connect = {.how = targets::Connect::How::unix_socket, .address = "none"};
  auto target = targets::Target::make(reactor, options.target,
                                      std::filesystem::temp_directory_path() / "busproof-canary",
                                      options.wrap);
  if (!target) return target.error().detail();
  history::Recorder unseen({});
  const auto claims = stage::await_hello(**target, unseen, std::chrono::seconds(5));
  if (!claims) return claims.error().detail();
  stage::Heartbeat heartbeat(reactor);
  Ground ground{options, reactor, heartbeat, *claims, {}, true, {}, std::move(*target), {}, 0};
  const stage::Scenario* scenario = families::judging(case_id);
  for (const stage::JudgedCase& part : scenario->cases) {
    if (part.id != case_id) continue;
    const Outcome outcome = perform(ground, *scenario, {part});
    const auto& judgement = outcome.cases.front().judgement;
    if (judgement.verdict() == expected) return {};
    return fmt::format("{} {} gave {} ({})", case_id, mutant == nullptr ? "bare" : mutant->name,
                       contract::to_string(judgement.verdict()), judgement.says());
  }
  return fmt::format("{} is not judged", case_id);
}

}  // namespace

std::string sing() {
  for (const std::string_view name : kCanaries) {
    const edge::Mutant* mutant = edge::find_mutant(name);
    if (mutant == nullptr) return fmt::format("there is no mutant {}", name);
    std::string wrong = verdict_of(mutant->case_id, nullptr, Verdict::met);
    if (wrong.empty()) wrong = verdict_of(mutant->case_id, mutant, Verdict::violated);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace busproof::runner
