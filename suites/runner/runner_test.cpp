// The runner: tries, faults, the canary, and a property's failure made small and repeated.
//
// Method: the memory bus stands in for every target, bare or behind a mutant; scenarios of a few
// lines stand in for the families'.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "suites/contract/rollup.hpp"
#include "suites/families/families.hpp"
#include "suites/runner/canary.hpp"
#include "suites/runner/edge_wrap.hpp"
#include "suites/runner/memory_bus.hpp"
#include "suites/runner/perform.hpp"
#include "suites/runner/prove.hpp"
#include "suites/runner/run.hpp"
#include "suites/stage/hello.hpp"

namespace busproof::runner {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using checkers::Judgement;
using contract::Verdict;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;

constexpr std::string_view kCase = "STORE-1.nul";
constexpr std::string_view kProperty = "PRI-6.agrees_with_model";

std::atomic<int> g_goes{0};  // How often the scenario of a test was carried out.

void counts(Stage& stage) {
  ++g_goes;
  stage.connect();
}

void breaks(Stage&) { throw std::runtime_error("a scenario's own bug"); }

Judgement says_met(const history::View&, const contract::Claims&) { return Judgement::met(1); }
Judgement says_violated(const history::View&, const contract::Claims&) {
  return Judgement::violated("planted", "It is broken.", {});
}
Judgement says_inconclusive(const history::View&, const contract::Claims&) {
  return Judgement::inconclusive("nothing seen");
}
Judgement says_met_at_the_second(const history::View&, const contract::Claims&) {
  return g_goes >= 2 ? Judgement::met(1) : Judgement::inconclusive("not yet");
}

/// A run of one scenario on the memory bus, in a folder that goes with it.
class Runner : public testing::Test {
 protected:
  Runner() {
    static std::atomic<int> count{0};
    g_goes = 0;
    options_.out = fs::temp_directory_path() / fmt::format("runner-{}-{}", ::getpid(), ++count);
    options_.target.name = "memory";
    options_.target.connect = {.how = targets::Connect::How::unix_socket, .address = "none"};
    options_.canary = nullptr;
    options_.jobs = 1;
    options_.seed = 7;
    behind(nullptr);
  }
  ~Runner() override {
    std::error_code ignored;
    fs::remove_all(options_.out, ignored);
  }

  void behind(const edge::Mutant* mutant) {
    options_.wrap = [mutant](targets::Reactor& reactor, std::unique_ptr<targets::Connector>) {
      auto bus = memory_bus(reactor);
      return mutant == nullptr ? std::move(bus) : wrap_in(*mutant)(reactor, std::move(bus));
    };
  }

  contract::RunRecord run_plain(void (*act)(Stage&), checkers::Judge judge) {
    const std::array cases = {JudgedCase{kCase, judge}};
    const Scenario scenario{.name = "Test.scenario", .cases = cases, .run = act};
    options_.scenarios = {&scenario};
    options_.only = {std::string(kCase)};
    return run(options_);
  }

  static const contract::CaseResult& the_case(const contract::RunRecord& record) {
    return *find_case(record, kCase);
  }

  Options options_;
};

TEST_F(Runner, AMetCaseIsTriedOnce) {
  const auto record = run_plain(counts, says_met);
  EXPECT_EQ(the_case(record).verdict, Verdict::met);
  EXPECT_EQ(the_case(record).tries, 1);
  EXPECT_EQ(g_goes, 1);
}

TEST_F(Runner, AnInconclusiveCaseIsTriedThreeTimes) {
  const auto record = run_plain(counts, says_inconclusive);
  EXPECT_EQ(the_case(record).verdict, Verdict::inconclusive);
  EXPECT_EQ(the_case(record).tries, 3);
  EXPECT_EQ(g_goes, 3);
}

TEST_F(Runner, ItIsTriedNoMoreOnceItIsDecided) {
  const auto record = run_plain(counts, says_met_at_the_second);
  EXPECT_EQ(the_case(record).verdict, Verdict::met);
  EXPECT_EQ(the_case(record).tries, 2);
  EXPECT_EQ(g_goes, 2);
}

TEST_F(Runner, AViolatedCaseIsNeverTriedAgain) {
  const auto record = run_plain(counts, says_violated);
  EXPECT_EQ(the_case(record).verdict, Verdict::violated);
  EXPECT_EQ(the_case(record).finding, "planted");
  EXPECT_EQ(g_goes, 1);
  EXPECT_EQ(contract::exit_code(record), 1);
  EXPECT_TRUE(fs::exists(options_.out / the_case(record).history));
}

TEST_F(Runner, AFaultOfItsOwnIsNoVerdictAndEndsIn70) {
  const auto record = run_plain(breaks, says_violated);
  EXPECT_EQ(contract::exit_code(record), 70);
  EXPECT_EQ(the_case(record).verdict, Verdict::inconclusive);
  ASSERT_EQ(record.problems.size(), 1U);
  EXPECT_NE(record.problems[0].message.find("a scenario's own bug"), std::string::npos);
}

TEST_F(Runner, AnInterruptedRunSaysWhatItDidNotReach) {
  options_.interrupted = [] { return true; };
  const auto record = run_plain(counts, says_met);
  EXPECT_EQ(contract::exit_code(record), 130);
  EXPECT_EQ(the_case(record).verdict, Verdict::inconclusive);
  EXPECT_EQ(g_goes, 0);
}

TEST_F(Runner, ASilentCanaryEndsIn70BeforeAnythingIsJudged) {
  options_.canary = [] { return std::string("STORE-1.nul edge-nul-cut gave met"); };
  const auto record = run_plain(counts, says_met);
  EXPECT_EQ(contract::exit_code(record), 70);
  EXPECT_EQ(g_goes, 0);
  EXPECT_NE(record.why.find("the canary was not killed"), std::string::npos);
  EXPECT_EQ(the_case(record).detail, "the bus was never reached");
}

TEST_F(Runner, BlockedWhileTheMachineStoodStillIsInconclusive) {
  const auto record = run_plain(
      [](Stage& stage) {
        stage.connect();
        history::Event stall;
        stall.action = history::Action::stall;
        stall.amount = 3000;
        stage.recorder().add(stall);
        throw stage::Abandoned{Verdict::blocked, "bus/publish failed: no_answer"};
      },
      says_met);
  EXPECT_EQ(the_case(record).verdict, Verdict::inconclusive);
  EXPECT_TRUE(the_case(record).detail.starts_with("the machine stood still"))
      << the_case(record).detail;
}

TEST_F(Runner, BlockedOtherwiseStaysBlocked) {
  const auto record = run_plain(
      [](Stage&) {
        throw stage::Abandoned{Verdict::blocked, "bus/publish failed"};
      },
      says_met);
  EXPECT_EQ(the_case(record).verdict, Verdict::blocked);
}

TEST_F(Runner, WhatIsRefusedForAMomentIsAskedAgain) {
  const auto record = run_plain(
      [](Stage& stage) {
        // More often than what is inconclusive is tried.
        if (++g_goes <= 3)
          stage.give_up("bus/subscribe", contract::Error::did_not_happen("breaker_open", "busy"));
      },
      says_met);
  EXPECT_EQ(the_case(record).verdict, Verdict::met);
  EXPECT_EQ(the_case(record).tries, 4);
}

TEST_F(Runner, WhatIsRefusedForGoodIsNot) {
  const auto record = run_plain(
      [](Stage& stage) {
        ++g_goes;
        stage.give_up("bus/subscribe", contract::Error::did_not_happen("unauthenticated", "no"));
      },
      says_met);
  EXPECT_EQ(the_case(record).verdict, Verdict::blocked);
  EXPECT_EQ(g_goes, 1);
}

TEST_F(Runner, ABrokenPromiseIsNotForgottenForARefusal) {
  const auto record = run_plain(
      [](Stage& stage) {
        ++g_goes;
        stage.give_up("bus/subscribe", contract::Error::did_not_happen("breaker_open", "busy"));
      },
      says_violated);
  EXPECT_EQ(the_case(record).verdict, Verdict::violated);
  EXPECT_EQ(g_goes, 1);
}

TEST_F(Runner, APropertyLeavesNoProgramOutForARefusal) {
  const std::array cases = {JudgedCase{kCase, says_met}};
  const Scenario scenario{
      .name = "Test.property",
      .cases = cases,
      .generate = [](std::uint64_t, const program::Bounds&) { return program::Program{}; },
      .perform =
          [](Stage& stage, const program::Program&) {
            if (++g_goes <= 2)
              stage.give_up("bus/stats", contract::Error::did_not_happen("breaker_open", "busy"));
          }};
  options_.scenarios = {&scenario};
  options_.only = {std::string(kCase)};
  options_.effort = Effort::quick;
  EXPECT_EQ(the_case(run(options_)).verdict, Verdict::met);
  EXPECT_EQ(g_goes, 2 + programs_of(Effort::quick));
}

TEST_F(Runner, ATraceIsKeptWhereItWasAskedForAndTheCaseIsNotMet) {
  EXPECT_TRUE(the_case(run_plain(counts, says_violated)).trace.empty());
  options_.trace = true;
  EXPECT_TRUE(the_case(run_plain(counts, says_met)).trace.empty());
  const auto trace = the_case(run_plain(counts, says_violated)).trace;
  ASSERT_EQ(trace.size(), 3U) << "the file, hello and its answer";
  EXPECT_TRUE(fs::is_regular_file(options_.out / trace[0])) << trace[0];
  EXPECT_NE(trace[1].find(R"(-> {"jsonrpc":"2.0","id":1,"method":"bus/hello")"), std::string::npos);
  EXPECT_NE(trace[2].find(R"(<- {"jsonrpc":"2.0","id":1,"result")"), std::string::npos) << trace[2];
}

TEST(Proof, ACaseWithoutAMutantIsNamed) {
  std::vector<MutantSpec> mutants;
  const auto all = unproven_cases(mutants);
  EXPECT_GT(all.size(), 30U);
  mutants.push_back({"one", all.front(), "lost", "Loses.", {}, {}});
  const auto rest = unproven_cases(mutants);
  EXPECT_EQ(rest.size() + 1, all.size());
  EXPECT_EQ(std::count(rest.begin(), rest.end(), all.front()), 0);
}

TEST(Canary, IsKilled) { EXPECT_EQ(sing(), ""); }

TEST(Canary, OneThatBreaksNothingIsTold) {
  const edge::Mutant harmless{"edge-harmless", kCase, "altered", "Nothing.",
                              [] { return std::make_unique<edge::Filter>(); }};
  const edge::Mutant* mutants[] = {&harmless};
  EXPECT_TRUE(sing_with(mutants).starts_with("STORE-1.nul edge-harmless gave met"))
      << sing_with(mutants);
}

TEST(Canary, AMutantOfACaseThatNobodyJudgesIsTold) {
  const edge::Mutant stray{"edge-stray", "BRK-1.nothing", "lost", "Nothing.",
                           [] { return std::make_unique<edge::Filter>(); }};
  const edge::Mutant* mutants[] = {&stray};
  EXPECT_EQ(sing_with(mutants), "BRK-1.nothing is not judged");
}

TEST_F(Runner, TheBareMemoryBusAgreesWithTheModel) {
  options_.only = {std::string(kProperty)};
  const auto record = run(options_);
  EXPECT_EQ(find_case(record, kProperty)->verdict, Verdict::met)
      << find_case(record, kProperty)->detail;
}

TEST_F(Runner, AFailingProgramIsMadeSmallAndItsReplayFileRepeatsIt) {
  behind(edge::find_mutant("edge-every-5th-jumps"));
  options_.only = {std::string(kProperty)};
  const auto record = run(options_);
  const contract::CaseResult& found = *find_case(record, kProperty);
  ASSERT_EQ(found.verdict, Verdict::violated) << found.detail;
  EXPECT_TRUE(found.repeat.starts_with("busproof replay ")) << found.repeat;

  std::ifstream file(options_.out / "replay" / fmt::format("{}.json", kProperty));
  const auto replay =
      json::parse(std::string(std::istreambuf_iterator<char>(file), {})).as_object();
  EXPECT_EQ(replay.at("case"), json::value(kProperty));
  const auto program = program::parse(replay.at("program").as_array());
  ASSERT_TRUE(program) << program.error().detail();
  EXPECT_LE(program->size(), 8U) << "five publishes, and little besides";

  const Scenario& scenario = *families::judging(kProperty);
  targets::Reactor reactor;
  auto target =
      targets::Target::make(reactor, options_.target, options_.out / "again", options_.wrap);
  ASSERT_TRUE(target);
  history::Recorder unseen({});
  const auto claims = stage::await_hello(**target, unseen, std::chrono::seconds(5));
  ASSERT_TRUE(claims);
  stage::Heartbeat heartbeat(reactor);
  Ground ground{.options = options_,
                .reactor = reactor,
                .heartbeat = heartbeat,
                .claims = *claims,
                .work = options_.out,
                .over_lines = true,
                .shared = std::move(*target)};
  for (const JudgedCase& part : scenario.cases) {
    if (part.id != kProperty) continue;
    const auto again = perform_program(ground, scenario, part, *program);
    EXPECT_EQ(again.judgement.verdict(), Verdict::violated);
    EXPECT_EQ(again.judgement.finding(), found.finding);
  }
}

}  // namespace
}  // namespace busproof::runner
