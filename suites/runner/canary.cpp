#include "suites/runner/canary.hpp"

#include <unistd.h>

#include <array>
#include <optional>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

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

std::filesystem::path work_folder() {
  return std::filesystem::temp_directory_path() / fmt::format("busproof-canary-{}", ::getpid());
}

/// What is wrong where a case on the memory bus, behind `mutant` or bare, is not `expected`.
std::string wrong_with(std::string_view case_id, const edge::Mutant* mutant, Verdict expected) {
  targets::Reactor reactor;
  Options options;
  options.target.name = "memory";
  options.wrap = [&](targets::Reactor& on, std::unique_ptr<targets::Connector>) {
    auto bus = memory_bus(on);
    return mutant == nullptr ? std::move(bus) : wrap_in(*mutant)(on, std::move(bus));
  };
  // Wrapping replaces the connector altogether: no address is ever used.
  options.target.connect = {.how = targets::Connect::How::unix_socket, .address = "none"};
  auto target = targets::Target::make(reactor, options.target, work_folder(), options.wrap);
  if (!target) return target.error().detail();
  history::Recorder unseen({});
  const auto claims = stage::await_hello(**target, unseen, std::chrono::seconds(5));
  if (!claims) return claims.error().detail();
  stage::Heartbeat heartbeat(reactor);
  Ground ground{.options = options,
                .reactor = reactor,
                .heartbeat = heartbeat,
                .claims = *claims,
                .work = {},
                .over_lines = true,
                .shared = std::move(*target)};
  const stage::Scenario* scenario = families::judging(case_id);
  if (scenario == nullptr) return fmt::format("{} is not judged", case_id);
  for (const stage::JudgedCase& part : scenario->cases) {
    if (part.id != case_id) continue;
    const Outcome outcome = perform(ground, {scenario, {part}});
    const auto& judgement = outcome.cases.front().judgement;
    if (judgement.verdict() == expected) return {};
    return fmt::format("{} {} gave {} ({})", case_id, mutant == nullptr ? "bare" : mutant->name,
                       contract::to_string(judgement.verdict()), judgement.says());
  }
  return fmt::format("{} is not judged", case_id);
}

}  // namespace

std::string sing_with(std::span<const edge::Mutant* const> mutants) {
  std::string wrong;
  for (const edge::Mutant* mutant : mutants) {
    if (wrong.empty()) wrong = wrong_with(mutant->case_id, nullptr, Verdict::met);
    if (wrong.empty()) wrong = wrong_with(mutant->case_id, mutant, Verdict::violated);
  }
  std::error_code ignored;
  std::filesystem::remove_all(work_folder(), ignored);
  return wrong;
}

std::string sing() {
  std::vector<const edge::Mutant*> mutants;
  for (const std::string_view name : kCanaries) {
    mutants.push_back(edge::find_mutant(name));
    if (mutants.back() == nullptr) return fmt::format("there is no mutant {}", name);
  }
  return sing_with(mutants);
}

}  // namespace busproof::runner
