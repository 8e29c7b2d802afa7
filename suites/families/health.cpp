// HLT: what bus/health tells.
#include "suites/checkers/health.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "suites/checkers/ailing.hpp"
#include "suites/families/ailing.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
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

constexpr std::string_view kQuick = "health.quick";

/// A bus of its own, the variant that looks at its stores often where there is one, and who asks
/// for its health.
class Observer {
 public:
  explicit Observer(Stage& stage) : stage_(stage) {
    stage.need_own_bus();
    if (stage.has_variant(kQuick)) {
      stage.stop_bus();
      stage.start_bus(kQuick);
    }
    detect_ = milliseconds(limit("health.detect_ms"));
    constexpr milliseconds kLongest{20'000};
    if (detect_ > kLongest)
      throw Abandoned{Verdict::unverified, "health.detect_ms is longer than is waited for"};
    session_ = &stage.connect();
    stores_ = std::make_unique<Stores>(stage);
  }

  [[nodiscard]] std::int64_t limit(std::string_view name) const {
    const auto value = stage_.claims().limit(name);
    if (!value) throw Abandoned{Verdict::unverified, std::string(name) + " is not declared"};
    return *value;
  }
  Stores& stores() { return *stores_; }

  /// Asks until one of these is the status, and for no longer than it may take to be seen.
  template <typename... Statuses>
  void until(Statuses... statuses) {
    // What the judges allow the harness itself.
    constexpr milliseconds kOwn{150}, kPause{30};
    const auto end = history::now() + detect_ + kOwn;
    for (std::string status = ask(); ((status != statuses) && ...); status = ask()) {
      if (history::now() > end) {
        stage_.let_pass(kOwn);
        ask();
        return;
      }
      stage_.let_pass(kPause);
    }
  }

  /// Some looks of its own later, they are what they are now. Where it tells of longer latencies
  /// than that, those may still pass out of what it tells.
  void a_while(milliseconds latency) {
    constexpr int kLooks = 4, kMost = 40;
    const milliseconds apart(stage_.claims().limit("health_interval_ms").value_or(250));
    for (int i = 0; i < kLooks || (i < kMost && tells_of(latency)); ++i) {
      stage_.let_pass(apart);
      ask();
    }
  }

 private:
  std::string ask() {
    auto told = session_->call("bus/health", {});
    if (!told) stage_.give_up("bus/health", told.error());
    told_ = std::move(*told);
    return history::text_of(told_, "status");
  }

  [[nodiscard]] bool tells_of(milliseconds latency) const {
    const auto* components = told_.if_contains("components");
    if (components == nullptr || !components->is_object()) return false;
    return std::ranges::any_of(components->get_object(), [&](const auto& component) {
      const auto* object = component.value().if_object();
      const auto* told = object == nullptr ? nullptr : object->if_contains("latency_ms");
      const auto* most =
          told == nullptr || !told->is_object() ? nullptr : told->get_object().if_contains("max");
      return most != nullptr && most->is_number() &&
             most->template to_number<double>() >= static_cast<double>(latency.count());
    });
  }

  Stage& stage_;
  Session* session_ = nullptr;
  std::unique_ptr<Stores> stores_;
  milliseconds detect_{0};
  boost::json::object told_;
};

constexpr int kRounds = 4;

void are_slow(Stage& stage, std::string_view limit, checkers::Judge judge) {
  const std::array<checkers::Judge, 1> judges = {judge};
  Observer observer(stage);
  const milliseconds latency(observer.limit(limit));
  observer.until("healthy");
  // A machine with much else to do may make any latency a long one.
  for (int round = 0; round < kRounds && !stage.met_so_far(judges); ++round) {
    observer.stores().delay(latency / 2);
    observer.a_while(latency);
    observer.stores().delay(2 * latency);
    if (limit == "health.degraded_ms")
      observer.until("degraded", "unhealthy");
    else
      observer.until("unhealthy");
    observer.stores().heal();
  }
}

void are_slow_and_degrade(Stage& stage) {
  are_slow(stage, "health.degraded_ms", checkers::judge_degraded);
}

void are_slow_and_unhealthy(Stage& stage) {
  are_slow(stage, "health.unhealthy_ms", checkers::judge_unhealthy);
}

void go_and_come(Stage& stage) {
  Observer observer(stage);
  observer.until("healthy");
  observer.stores().down();
  observer.until("unhealthy");
  observer.stores().heal();
  observer.until("healthy");
}

constexpr JudgedCase kDegraded[] = {{"HLT-2.degraded", checkers::judge_degraded}};
constexpr JudgedCase kUnhealthy[] = {{"HLT-2.unhealthy", checkers::judge_unhealthy}};
constexpr JudgedCase kDown[] = {{"HLT-2.down", checkers::judge_down_seen},
                                {"HLT-2.recovered", checkers::judge_recovery_seen}};
constexpr JudgedCase kAsked[] = {{"HLT-1.components", checkers::judge_components},
                                 {"HLT-1.latency", checkers::judge_latencies}};

constexpr std::array kScenarios = {
    Scenario{.name = "Health.HLT_2_unhealthy_when_stores_are_slow",
             .cases = kUnhealthy,
             .bus = stage::Bus::own,
             .run = are_slow_and_unhealthy},
    Scenario{.name = "Health.HLT_2_degraded_when_stores_are_slower",
             .cases = kDegraded,
             .bus = stage::Bus::own,
             .run = are_slow_and_degrade},
    Scenario{.name = "Health.HLT_2_sees_stores_go_and_come",
             .cases = kDown,
             .bus = stage::Bus::own,
             .run = go_and_come},
    Scenario{.name = "Health.HLT_1_names_its_components", .cases = kAsked, .run = asked},
};

}  // namespace

std::span<const Scenario> health() { return kScenarios; }

}  // namespace busproof::families
