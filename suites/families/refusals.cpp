// BRK-6: stores that answer, and refuse whatever they are asked for: by their own means where they
// are servers, and by ctl/backend.
#include <array>
#include <vector>

#include "suites/checkers/store_calls.hpp"
#include "suites/checkers/tripped.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/store_faults.hpp"
#include "suites/stage/refusing.hpp"

namespace busproof::families {
namespace {

using backends::Refusal;
using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;

constexpr std::string_view kQuick = "breaker.quick";
/// A breaker that takes more failures than this to open is not tripped over and over.
constexpr std::int64_t kFailuresMost = 20;

std::int64_t limit_of(const Stage& stage, std::string_view name) {
  const auto limit = stage.claims().limit(name);
  if (!limit) throw Abandoned{Verdict::unverified, std::string(name) + " is not declared"};
  return *limit;
}

/// A fresh bus, its breaker closed, that trips soon where it can be told to; and who calls it.
class Caller {
 public:
  explicit Caller(Stage& stage) : stage_(stage) {
    stage.stop_bus();
    stage.start_bus(stage.has_variant(kQuick) ? kQuick : std::string_view());
    failures_ = limit_of(stage, "breaker.failures");
    if (failures_ > kFailuresMost)
      throw Abandoned{Verdict::unverified, "it takes too many failures to open it"};
    session_ = &stage.connect();
    const auto size = static_cast<std::size_t>(limit_of(stage, "inline_bytes_max")) + 1;
    wanted_.destination = stage.destination("large");
    wanted_.mode = stage.mode();
    wanted_.payload = Payload::binary(random_bytes(stage, size));
    if (!fits(stage.claims(), wanted_.payload))
      throw Abandoned{Verdict::unverified, "no message carries a payload above the inline limit"};
    succeed();
  }

  void call(std::int64_t times = 1) {
    for (std::int64_t i = 0; i < times; ++i)
      if (const auto done = session_->publish(wanted_);
          !done && done.error().kind() == "disconnected")
        stage_.give_up("bus/publish", done.error());
  }

  /// As many calls as open it.
  void fail() { call(failures_); }

 private:
  /// A store that has just come up may take longer than the breaker waits, but not every time.
  void succeed() {
    for (std::int64_t i = 0; i < failures_; ++i)
      if (session_->publish(wanted_)) return;
    throw Abandoned{Verdict::inconclusive, "no call succeeded before anything was refused"};
  }

  Stage& stage_;
  Session* session_ = nullptr;
  Publish wanted_;
  std::int64_t failures_ = 0;
};

bool has_hook(const Stage& stage) {
  const std::string payloads = checkers::backend_name(stage.claims(), "payloads");
  return stage.claims().has("control.backend") && !payloads.empty() &&
         payloads != checkers::backend_name(stage.claims(), "queues");
}

void refuses_by_hook(Stage& stage) {
  Caller caller(stage);
  PayloadStore store(stage);
  store.refuse_writes();
  caller.fail();
  store.take_writes();
  caller.call();
}

void refuses_by_itself(Stage& stage, const std::string& server, Refusal how) {
  Caller caller(stage);
  {
    const auto refusing = stage.refuse(server, how);
    caller.fail();
  }
  caller.call();
}

void stores_refuse(Stage& stage) {
  stage.need_own_bus();
  const std::string holder = stage.holder_of("payloads");
  bool any = false;
  for (const Refusal how : {Refusal::read_only, Refusal::out_of_memory, Refusal::connections,
                            Refusal::authentication}) {
    if (!stage.can_refuse(holder, how)) continue;
    refuses_by_itself(stage, holder, how);
    any = true;
  }
  if (has_hook(stage))
    refuses_by_hook(stage);
  else if (!any)
    throw Abandoned{Verdict::unverified, "there is no hold on the store of the bus"};
}

constexpr JudgedCase kRefusal[] = {{"BRK-6.refusal", checkers::judge_refusals_open}};

constexpr std::array kScenarios = {
    Scenario{.name = "Refusals.BRK_6_what_the_store_says_of_itself_opens_it",
             .cases = kRefusal,
             .bus = stage::Bus::own_servers,
             .run = stores_refuse},
};

}  // namespace

std::span<const Scenario> refusals() { return kScenarios; }

}  // namespace busproof::families
