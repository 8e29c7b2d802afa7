// BRK-3, 6, 9 and 11 to 13: a store in trouble, and what goes on beside it.
#include "suites/checkers/store_trouble.hpp"

#include <array>
#include <vector>

#include "suites/checkers/hanging.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
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
using targets::Payload;
using targets::Published;
using targets::Session;

void start_as(Stage& stage, std::string_view variant) {
  stage.need_own_bus();
  stage.need_variant(variant);
  stage.stop_bus();
  stage.start_bus(variant);
}

/// More of each kind in a row than open the breaker, and a payload to be stored.
void refused_for_themselves(Stage& stage) {
  stage.need_own_bus();
  if (stage.has_variant("limits.small")) start_as(stage, "limits.small");
  const std::int64_t times = failures_to_open(stage) + 1;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const targets::Publish stored{
      .destination = destination, .mode = stage.mode(), .payload = above_inline(stage, 't')};
  try_publish(stage, session, stored);
  const Published gone =
      stage.publish(session, {.destination = destination, .payload = Payload::text("removed")});
  if (auto removed = session.remove(gone); !removed) stage.give_up("bus/delete", removed.error());
  for (std::int64_t i = 0; i < times; ++i) read(stage, session, gone);
  try_publish(stage, session, stored);
  for (std::int64_t i = 0; i < times && stage.claims().has("integrity"); ++i) {
    targets::Publish wrong = stored;
    wrong.attributes = {{"datadigest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"}};
    try_publish(stage, session, wrong);
  }
  try_publish(stage, session, stored);
  if (stage.claims().has("dedupe")) {
    const Published first =
        stage.publish(session, {.destination = destination, .payload = Payload::text("the first")});
    for (std::int64_t i = 0; i < times; ++i)
      try_publish(stage, session,
                  {.destination = destination,
                   .payload = Payload::text("another"),
                   .attributes = {{"id", session.event_id(first.message)}}});
    try_publish(stage, session, stored);
  }
  if (checkers::too_large_can_be_sent(stage.claims())) {
    const auto most = static_cast<std::size_t>(limit_of(stage, "payload_bytes_max"));
    for (std::int64_t i = 0; i < times; ++i)
      try_publish(
          stage, session,
          {.destination = destination, .payload = Payload::text(std::string(most + 1, 'l'))});
    try_publish(stage, session, stored);
  }
}

void switched_off(Stage& stage) {
  start_as(stage, "breaker.off");
  PayloadStore store(stage);
  const std::int64_t times = 10 * failures_to_open(stage);
  Session& session = stage.connect();
  const targets::Publish stored{.destination = stage.destination(),
                                .mode = stage.mode(),
                                .payload = above_inline(stage, 't')};
  store.down();
  for (std::int64_t i = 0; i < times; ++i) try_publish(stage, session, stored);
  store.up();
  try_publish(stage, session, stored);
}

/// A bus whose breaker opens soon, and whose calls do not wait for long.
class Hanging {
 public:
  explicit Hanging(Stage& stage)
      : stage_(stage),
        store_((start_as(stage, "breaker.quick"), stage)),
        session_(stage.connect()) {
    stored_ = {.destination = stage.destination(),
               .mode = stage.mode(),
               .payload = above_inline(stage, 't')};
    for (int i = 0; i < 3; ++i) publish();
  }

  void publish() { try_publish(stage_, session_, stored_); }

  /// As many calls as open it, to a store that hangs from now on.
  void trip() {
    store_.hang();
    for (std::int64_t i = 0; i < failures_to_open(stage_); ++i) publish();
  }
  void up() { store_.up(); }

  void let_open_time_pass() {
    const std::int64_t open = limit_of(stage_, "breaker.open_ms");
    if (auto moved = stage_.control("ctl/clock", {{"advance_ms", open + open / 10}}); !moved)
      stage_.give_up("ctl/clock", moved.error());
  }

  /// A call of somebody who goes away, and what it may take until it is over.
  void publish_and_leave() {
    Session& other = stage_.connect();
    other.start_publish(stored_);
    // Time for it to be read, and to reach the store.
    constexpr milliseconds kFirst{100}, kRest{500};
    stage_.let_pass(kFirst);
    other.cut();
    stage_.let_pass(2 * milliseconds(limit_of(stage_, "breaker.call_timeout_ms")) + kRest);
  }

 private:
  Stage& stage_;
  PayloadStore store_;
  Session& session_;
  targets::Publish stored_;
};

void hangs(Stage& stage) {
  constexpr int kWhileOpen = 5;
  Hanging hanging(stage);
  hanging.trip();
  for (int i = 0; i < kWhileOpen; ++i) hanging.publish();
  hanging.up();
  hanging.publish();
}

void probe_hangs(Stage& stage) {
  Hanging hanging(stage);
  hanging.trip();
  hanging.let_open_time_pass();
  hanging.publish();
  hanging.up();
  hanging.let_open_time_pass();
  hanging.publish();
}

void probe_is_left_alone(Stage& stage) {
  if (!stage.many_connections())
    throw Abandoned{Verdict::unverified, "transport: there is one connection only"};
  Hanging hanging(stage);
  hanging.trip();
  hanging.let_open_time_pass();
  hanging.publish_and_leave();
  hanging.up();
  hanging.let_open_time_pass();
  hanging.publish();
}

/// What needs no payload store: a queue from publish to ack, and a topic.
class Beside {
 public:
  explicit Beside(Stage& stage)
      : stage_(stage),
        session_(stage.connect()),
        queue_(stage.destination()),
        topic_(stage.destination("topic")) {
    if (stage.claims().has("queue"))
      taken_ = stage.subscribe(session_, {.destination = queue_, .credit = stage.credit_for(50)});
    if (stage.claims().has("topic"))
      heard_ = stage.subscribe(session_, {.destination = topic_, .mode = "topic"});
  }

  void go_on(int times) {
    for (int i = 0; i < times; ++i) {
      if (stage_.claims().has("queue")) {
        try_publish(stage_, session_, {.destination = queue_, .payload = Payload::text("inline")});
        if (stage_.wait_count(session_, taken_, ++count_))
          stage_.ack(session_, session_.deliveries(taken_).back());
      }
      if (stage_.claims().has("topic")) {
        try_publish(stage_, session_,
                    {.destination = topic_, .mode = "topic", .payload = Payload::text("live")});
        stage_.wait_count(session_, heard_, ++live_);
      }
    }
  }

 private:
  Stage& stage_;
  Session& session_;
  std::string queue_, topic_;
  targets::Subscribed taken_, heard_;
  std::size_t count_ = 0, live_ = 0;
};

void goes_on_beside(Stage& stage, std::size_t crowd) {
  constexpr int kTimes = 5;
  PayloadStore store(stage);
  const targets::Publish stored{.destination = stage.destination("stored"),
                                .mode = stage.mode(),
                                .payload = above_inline(stage, 't')};
  Beside beside(stage);
  Session& waiting = stage.connect();
  beside.go_on(kTimes);
  store.hang();
  std::vector<std::uint32_t> under_way(crowd);
  for (std::uint32_t& operation : under_way) operation = waiting.start_publish(stored);
  beside.go_on(kTimes);
  store.up();
  for (const std::uint32_t operation : under_way)
    if (auto done = waiting.await_publish(operation); !done && done.error().kind() == "no_answer")
      stage.give_up("bus/publish", done.error());
}

void goes_on(Stage& stage) {
  constexpr std::size_t kWaiting = 4;
  goes_on_beside(stage, kWaiting);
}

void goes_on_beside_a_crowd(Stage& stage) {
  // Their payloads need not be large to be above the limit.
  stage.need_own_bus();
  if (stage.has_variant("limits.small")) start_as(stage, "limits.small");
  goes_on_beside(stage, checkers::kCrowd + checkers::kCrowd / 2);
}

constexpr JudgedCase kAnswers[] = {{"BRK-6.about_the_message", checkers::judge_answers_open_none}};
constexpr JudgedCase kOff[] = {{"BRK-9.never_opens", checkers::judge_never_opens}};
constexpr JudgedCase kHangs[] = {{"BRK-3.at_once", checkers::judge_open_answers_at_once},
                                 {"BRK-11.hanging", checkers::judge_hanging_trips}};
constexpr JudgedCase kProbeHangs[] = {{"BRK-12.hanging_probe", checkers::judge_hanging_probe}};
constexpr JudgedCase kProbeLeft[] = {{"BRK-12.orphaned_probe", checkers::judge_orphaned_probe}};
constexpr JudgedCase kCrowd[] = {{"BRK-13.pool", checkers::judge_pool_goes_on}};
constexpr JudgedCase kGoesOn[] = {{"BRK-13.inline", checkers::judge_inline_goes_on},
                                  {"BRK-13.topics", checkers::judge_topics_go_on}};

constexpr std::array kScenarios = {
    Scenario{.name = "Breaker.BRK_6_answers_about_messages_open_none",
             .cases = kAnswers,
             .bus = stage::Bus::own,
             .run = refused_for_themselves},
    Scenario{.name = "Breaker.BRK_9_switched_off_it_never_opens",
             .cases = kOff,
             .bus = stage::Bus::own,
             .run = switched_off},
    Scenario{.name = "Breaker.BRK_3_11_a_hanging_store_trips_it",
             .cases = kHangs,
             .bus = stage::Bus::own,
             .run = hangs},
    Scenario{.name = "Breaker.BRK_12_a_probe_that_hangs_ends",
             .cases = kProbeHangs,
             .bus = stage::Bus::own,
             .run = probe_hangs},
    Scenario{.name = "Breaker.BRK_12_a_probe_whose_caller_goes_ends",
             .cases = kProbeLeft,
             .bus = stage::Bus::own,
             .run = probe_is_left_alone},
    Scenario{.name = "Breaker.BRK_13_the_rest_goes_on",
             .cases = kGoesOn,
             .bus = stage::Bus::own,
             .run = goes_on},
    Scenario{.name = "Breaker.BRK_13_the_rest_goes_on_beside_a_crowd",
             .cases = kCrowd,
             .bus = stage::Bus::own,
             .run = goes_on_beside_a_crowd},
};

}  // namespace

std::span<const Scenario> store_trouble() { return kScenarios; }

}  // namespace busproof::families
