// BRK-6: stores that answer, and refuse whatever they are asked for: by their own means where they
// are servers, and by ctl/backend.
#include <array>
#include <vector>

#include "suites/checkers/store_calls.hpp"
#include "suites/checkers/tripped.hpp"
#include "suites/families/families.hpp"
#include "suites/families/store_faults.hpp"
#include "suites/families/tripping.hpp"
#include "suites/stage/refusing.hpp"

namespace busproof::families {
namespace {

using backends::Refusal;
using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Publish;
using targets::Session;

/// A fresh bus, its breaker closed, that trips soon where it can be told to; and who calls it.
class Caller {
 public:
  explicit Caller(Stage& stage) : stage_(stage) {
    start_tripping_soon(stage);
    failures_ = failures_to_open(stage);
    session_ = &stage.connect();
    wanted_.destination = stage.destination("large");
    wanted_.mode = stage.mode();
    wanted_.payload = random_above_inline(stage);
    first_success(stage, *session_, wanted_);
  }

  void call(std::int64_t times = 1) { call_store(stage_, *session_, wanted_, times); }

  /// As many calls as open it.
  void fail() { call(failures_); }

 private:
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
