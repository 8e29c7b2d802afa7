// STA-3 and BRK-8: what a bus is watched by, while the breaker around its payload store trips and
// closes again.
#include "suites/checkers/signs.hpp"

#include <array>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "suites/families/families.hpp"
#include "suites/families/store_faults.hpp"
#include "suites/families/tripping.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Publish;
using targets::Session;

/// Who looks at all that there is to see, calls the payload store, and makes it fail.
class Watcher {
 public:
  explicit Watcher(Stage& stage) : stage_(stage), session_(stage.connect()) {
    stage.need_own_bus();
  }

  /// Once this has been looked at from outside, the store is needed.
  void begin() {
    store_ = std::make_unique<PayloadStore>(stage_);
    wanted_.destination = stage_.destination("large");
    wanted_.mode = stage_.mode();
    wanted_.payload = above_inline(stage_, 's');
    failures_ = failures_to_open(stage_);
  }

  void look() {
    ask("health");
    ask("stats");
    if (stage_.has_metrics()) stage_.ask_metrics();
    ask("health");
    stage_.mark_log();
  }

  /// What may be told a little later is waited for.
  void look_until_met(checkers::Judge judge) {
    const std::array<checkers::Judge, 1> judges = {judge};
    const auto until =
        history::now() +
        milliseconds(stage_.claims().limit_or_default("counts_settle_ms") + kOwn.count());
    look();
    while (!stage_.met_so_far(judges) && history::now() < until) {
      stage_.let_pass(kPause);
      look();
    }
    if (stage_.met_so_far(judges)) return;
    stage_.let_pass(kOwn);
    look();
  }

  void trip() {
    store_->down();
    call(failures_);
    store_->up();
  }

  void close() {
    const std::int64_t open = limit_of(stage_, "breaker.open_ms");
    if (auto moved = stage_.control("ctl/clock", {{"advance_ms", open + open / 10}}); !moved)
      stage_.give_up("ctl/clock", moved.error());
    // One that probes by itself takes its time.
    const auto end = history::now() + milliseconds(stage_.claims().limit_or_default("recovery_ms"));
    const bool waits = stage_.claims().trait_is("breaker", "probe", "background");
    while (!call(1) && waits && history::now() < end) stage_.let_pass(kPause);
    call(stage_.claims().limit("breaker.closes_after").value_or(1));
  }

 private:
  static constexpr milliseconds kOwn{150}, kPause{50};

  void ask(std::string_view what) {
    if (!stage_.claims().has(what)) return;
    auto told = session_.call(fmt::format("bus/{}", what), {});
    if (!told) stage_.give_up(fmt::format("bus/{}", what), told.error());
  }

  bool call(std::int64_t times) { return call_store(stage_, session_, wanted_, times); }

  Stage& stage_;
  Session& session_;
  std::unique_ptr<PayloadStore> store_;
  Publish wanted_;
  std::int64_t failures_ = 0;
};

void is_watched(Stage& stage) {
  Watcher watcher(stage);
  stage.mark_signs();
  watcher.look();
  if (!stage.has_metrics())
    throw Abandoned{Verdict::unverified, "the target names no metrics page"};
  watcher.begin();
  watcher.look();
  watcher.trip();
  watcher.look_until_met(checkers::judge_signs);
}

void changes_are_seen(Stage& stage) {
  Watcher watcher(stage);
  watcher.begin();
  watcher.look();
  watcher.trip();
  watcher.look_until_met(checkers::judge_transitions_shown);
  watcher.close();
  watcher.look_until_met(checkers::judge_transitions_shown);
}

constexpr JudgedCase kSigns[] = {{"STA-3.signs", checkers::judge_signs}};
constexpr JudgedCase kTransitions[] = {{"BRK-8.transitions", checkers::judge_transitions_shown}};

constexpr std::array kScenarios = {
    Scenario{.name = "Signs.STA_3_the_metrics_page_tells_of_trouble",
             .cases = kSigns,
             .bus = stage::Bus::own,
             .run = is_watched},
    Scenario{.name = "Signs.BRK_8_changes_of_the_breaker_are_seen",
             .cases = kTransitions,
             .bus = stage::Bus::own,
             .run = changes_are_seen},
};

}  // namespace

std::span<const Scenario> signs() { return kScenarios; }

}  // namespace busproof::families
