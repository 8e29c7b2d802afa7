// BRK: the breaker around the payload store, by one caller after the other.
//
// What it is at is told by publishes above the inline limit while the store is well again.
#include "suites/checkers/breaker.hpp"

#include <array>

#include "suites/families/families.hpp"
#include "suites/families/store_faults.hpp"
#include "suites/families/tripping.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;

/// One caller, and the store behind.
class Caller {
 public:
  explicit Caller(Stage& stage)
      : stage_(stage),
        store_(stage),
        session_(stage.connect()),
        destination_(stage.destination("large")),
        large_(above_inline(stage, 'b')),
        failures_(failures_to_open(stage)),
        closes_after_(stage.claims().limit("breaker.closes_after").value_or(1)),
        open_(limit_of(stage, "breaker.open_ms")) {}

  PayloadStore& store() { return store_; }
  [[nodiscard]] std::int64_t failures() const { return failures_; }

  /// Refusals are what this is about. Whether the last one was stored.
  bool call(std::int64_t times = 1) {
    Publish wanted;
    wanted.destination = destination_;
    wanted.mode = stage_.mode();
    wanted.payload = large_;
    return call_store(stage_, session_, wanted, times);
  }

  /// As many probes as close it. A bus that probes by itself is called until it has.
  void probe() {
    const auto limit = milliseconds(stage_.claims().limit_or_default("recovery_ms"));
    const bool waits = stage_.claims().trait_is("breaker", "probe", "background");
    for (const auto end = history::now() + limit; waits && !call() && history::now() < end;)
      stage_.let_pass(milliseconds(50));
    call(closes_after_);
  }

  /// So many calls that fail, and the store is well again.
  void fail(std::int64_t times) {
    store_.down();
    call(times);
    store_.up();
  }

  void look() {
    if (!stage_.claims().has("health")) return;
    if (auto told = session_.call("bus/health", {}); !told)
      stage_.give_up("bus/health", told.error());
  }

  /// That share of the open time, by the clock of the bus.
  void let_pass(double share) {
    const auto time = static_cast<std::int64_t>(static_cast<double>(open_) * share);
    constexpr std::int64_t kRealMost = 2'000;
    if (!stage_.claims().has("control.clock") && time <= kRealMost)
      return stage_.let_pass(milliseconds(time));
    if (auto moved = stage_.control("ctl/clock", {{"advance_ms", time}}); !moved)
      stage_.give_up("ctl/clock", moved.error());
  }

 private:
  Stage& stage_;
  PayloadStore store_;
  Session& session_;
  std::string destination_;
  Payload large_;
  std::int64_t failures_, closes_after_, open_;
};

/// Past its time for certain, and well before its end.
constexpr double kOver = 1.1, kHalf = 0.5;
/// A slow call, and still one that ends in time.
constexpr milliseconds kSlow{30};

/// A machine that is busy may make a call so slow that it tells nothing.
constexpr int kRounds = 4;

constexpr JudgedCase kTrips[] = {{"BRK-1.starts_closed", checkers::judge_starts_closed},
                                 {"BRK-1.below_threshold", checkers::judge_below_threshold},
                                 {"BRK-1.success_resets", checkers::judge_success_resets},
                                 {"BRK-2.opens", checkers::judge_opens},
                                 {"BRK-4.probes", checkers::judge_probes},
                                 {"BRK-5.closes", checkers::judge_closes},
                                 {"BRK-8.state", checkers::judge_breaker_shown}};
constexpr JudgedCase kTripsAgain[] = {{"BRK-5.opens_again", checkers::judge_opens_again}};
constexpr JudgedCase kAny[] = {{"BRK-10.agrees_with_model", checkers::judge_breaker_model}};

/// All but what only a fresh bus can show, and what only one that tells of its health can.
bool trips_told(Stage& stage) {
  static constexpr std::array<checkers::Judge, 5> kJudges = {
      checkers::judge_below_threshold, checkers::judge_success_resets, checkers::judge_opens,
      checkers::judge_probes, checkers::judge_closes};
  static constexpr std::array<checkers::Judge, 1> kShown = {checkers::judge_breaker_shown};
  return stage.met_so_far(kJudges) && (!stage.claims().has("health") || stage.met_so_far(kShown));
}

void trip_once(Caller& caller) {
  caller.call();
  caller.fail(caller.failures() - 1);
  caller.call();
  for (int round = 0; round < 2; ++round) {
    caller.fail(caller.failures() - 1);
    caller.call();
  }
  caller.look();
  caller.fail(caller.failures());
  caller.look();
  caller.call();
  caller.let_pass(kHalf);
  caller.call();
  caller.look();
  caller.let_pass(kOver - kHalf);
  caller.probe();
  caller.look();
  caller.call();
  caller.fail(caller.failures() - 1);
  caller.call();
}

void trips(Stage& stage) {
  Caller caller(stage);
  caller.look();
  for (int round = 0; round < kRounds && !trips_told(stage); ++round) trip_once(caller);
}

void trips_again(Stage& stage) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_opens_again};
  Caller caller(stage);
  for (int round = 0; round < kRounds && !stage.met_so_far(kJudges); ++round) {
    caller.call();
    caller.fail(caller.failures());
    caller.let_pass(kOver);
    caller.fail(1);
    caller.call();
    caller.let_pass(kHalf);
    caller.call();
    caller.look();
    caller.let_pass(kOver);
    caller.probe();
    caller.call();
  }
}

/// Any sequence: failures short of and beyond the threshold, successes, time.
void any_sequence(Stage& stage) {
  constexpr int kSteps = 14;
  Caller caller(stage);
  caller.call();
  caller.fail(caller.failures() - 1);
  caller.call();
  for (int i = 0; i < kSteps; ++i) {
    switch (stage.any(0, 4)) {
      case 0:
        caller.fail(stage.any(1, caller.failures()));
        break;
      case 1:
        caller.fail(caller.failures());
        break;
      case 2:
        caller.let_pass(stage.any(0, 1) == 0 ? kHalf / 2 : kOver);
        break;
      case 3:
        caller.look();
        caller.store().slow(kSlow);
        caller.call();
        caller.store().up();
        break;
      default:
        caller.call(stage.any(1, 2));
    }
    caller.call(stage.any(0, 1));
  }
}

constexpr std::array kScenarios = {
    Scenario{.name = "Breaker.BRK_1_2_4_5_8_trips_and_closes",
             .cases = kTrips,
             .bus = stage::Bus::own,
             .run = trips},
    Scenario{.name = "Breaker.BRK_5_a_failed_probe_opens_it_again",
             .cases = kTripsAgain,
             .bus = stage::Bus::own,
             .run = trips_again},
    Scenario{.name = "Breaker.BRK_10_any_sequence_agrees_with_the_model",
             .cases = kAny,
             .bus = stage::Bus::own,
             .run = any_sequence},
};

}  // namespace

std::span<const Scenario> breaker() { return kScenarios; }

}  // namespace busproof::families
