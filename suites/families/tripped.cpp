// BRK: a breaker that trips because the link to the payload store fails, seen on that link.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "suites/checkers/tripped.hpp"
#include "suites/families/families.hpp"
#include "suites/families/tripping.hpp"
#include "suites/families/watched.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Publish;
using targets::Published;
using targets::Session;

/// A fresh bus, its breaker closed, the variant that trips soon where there is one; and who calls
/// it.
class Caller {
 public:
  explicit Caller(Stage& stage) : stage_(stage), links_(stage.links()), link_(links_.payloads()) {
    start_tripping_soon(stage);
    failures_ = failures_to_open(stage);
    session_ = &stage.connect();
    wanted_.destination = stage.destination("large");
    wanted_.mode = stage.mode();
    wanted_.payload = random_above_inline(stage);
    stored_ =
        first_success(stage, *session_, wanted_);  // The link works, and the breaker is closed.
  }

  [[nodiscard]] std::int64_t failures() const { return failures_; }
  [[nodiscard]] const Publish& wanted() const { return wanted_; }
  [[nodiscard]] const Published& stored() const { return *stored_; }
  Session& session() { return *session_; }

  /// Refusals are what this is about.
  void write() { goes_on(session_->publish(wanted_)); }
  void read() { goes_on(session_->retrieve(*stored_)); }

  void look() {
    if (stage_.claims().has("health")) goes_on(session_->call("bus/health", {}));
  }

  stage::Disturbed disturb(const proxy::Fault& fault) { return links_.disturb({link_}, fault); }

  /// So many calls over the link while it is reset.
  void trip() {
    const auto reset = disturb(proxy::Reset{});
    for (std::int64_t i = 0; i < failures(); ++i) read();
    for (std::int64_t i = 0; i < failures(); ++i) write();
  }

 private:
  template <typename Outcome>
  void goes_on(const Outcome& outcome) {
    if (!outcome && outcome.error().kind() == "disconnected")
      stage_.give_up("a call", outcome.error());
  }

  Stage& stage_;
  stage::Links links_;
  std::string link_;
  Session* session_ = nullptr;
  Publish wanted_;
  std::optional<Published> stored_;
  std::int64_t failures_ = 0;
};

void open_is_silent(Stage& stage) {
  constexpr std::int64_t kReads = 10, kWrites = 2;
  Caller caller(stage);
  caller.trip();
  caller.look();
  Watched watched(stage);
  for (int round = 0; round < Watched::kRounds; ++round) {
    watched.calls("retrieve", kReads, [&] { caller.read(); });
    watched.calls("publish large", kWrites, [&] { caller.write(); });
    watched.idle();
  }
  watched.enough();
  caller.look();
}

/// Several at once on a connection, and on several where the bus takes them.
void overlap(Stage& stage) {
  constexpr std::size_t kConnections = 3;
  Caller caller(stage);
  std::vector<Session*> sessions = {&caller.session()};
  while (stage.many_connections() && sessions.size() < kConnections)
    sessions.push_back(&stage.connect());
  {
    const auto reset = caller.disturb(proxy::Reset{});
    std::vector<std::pair<Session*, std::uint32_t>> under_way;
    for (std::int64_t i = 0; i <= caller.failures(); ++i) {
      Session* session = sessions[static_cast<std::size_t>(i) % sessions.size()];
      under_way.emplace_back(session, session->start_publish(caller.wanted()));
    }
    for (const auto& [session, operation] : under_way)
      if (auto published = session->await_publish(operation); !published && session->closed())
        stage.give_up("bus/publish", published.error());
  }
  caller.write();
}

/// Each way in which a link can be lost, for readers and for writers.
void links_are_lost(Stage& stage) {
  constexpr milliseconds kLongest{3000};
  std::vector<proxy::Fault> faults = {proxy::Reset{}, proxy::Refuse{}};
  const auto goes = [&](const proxy::Fault& fault, void (Caller::*call)()) {
    Caller caller(stage);
    {
      const auto lost = caller.disturb(fault);
      for (std::int64_t i = 0; i < caller.failures(); ++i) (caller.*call)();
    }
    (caller.*call)();
    const auto timeout = stage.claims().limit("breaker.call_timeout_ms");
    return timeout && milliseconds(*timeout * caller.failures()) < kLongest;
  };
  bool quick = false;
  for (const proxy::Fault& fault : faults)
    for (const auto call : {&Caller::read, &Caller::write}) quick = goes(fault, call);
  if (quick) goes(proxy::BlackHole{}, &Caller::read);
}

/// Lets the open time pass, by the bus' clock where that is in our hand.
void pass_open_time(Stage& stage) {
  constexpr std::int64_t kRealMost = 3000;
  const std::int64_t open = limit_of(stage, "breaker.open_ms");
  const std::int64_t time =
      open + open / 10 + stage.claims().limit("time_granularity_ms").value_or(1);
  if (!stage.claims().has("control.clock") && time <= kRealMost)
    return stage.let_pass(milliseconds(time));
  if (auto moved = stage.control("ctl/clock", {{"advance_ms", time}}); !moved)
    stage.give_up("ctl/clock", moved.error());
}

/// Many call at the instant at which a probe may go, and the store is still away.
void no_herd(Stage& stage) {
  constexpr std::int64_t kCallers = 24;
  Caller caller(stage);
  const auto reset = caller.disturb(proxy::Reset{});
  Watched watched(stage);
  watched.span("single", "single_end", "", caller.failures(), [&] {
    for (std::int64_t i = 0; i < caller.failures(); ++i) caller.read();
  });
  caller.look();
  for (int round = 0; round < 2; ++round) {
    pass_open_time(stage);
    watched.span("herd", "herd_end", "", kCallers, [&] {
      std::vector<std::uint32_t> under_way;
      for (std::int64_t i = 0; i < kCallers; ++i)
        under_way.push_back(caller.session().start_call(
            "bus/retrieve", {{"transaction_id", caller.stored().transaction_id}}));
      for (const std::uint32_t operation : under_way)
        if (auto read = caller.session().await_call(operation); !read && caller.session().closed())
          stage.give_up("bus/retrieve", read.error());
    });
  }
  watched.enough();
}

constexpr JudgedCase kSilent[] = {{"BRK-3.store_silent", checkers::judge_open_is_silent}};
constexpr JudgedCase kOverlap[] = {{"BRK-2.overlapping", checkers::judge_overlapping_open}};
constexpr JudgedCase kLost[] = {{"BRK-6.connection", checkers::judge_lost_links_open}};
constexpr JudgedCase kHerd[] = {{"BRK-4.no_herd", checkers::judge_no_herd}};

constexpr std::array kScenarios = {
    Scenario{.name = "Tripped.BRK_3_open_leaves_the_store_alone",
             .cases = kSilent,
             .bus = stage::Bus::own,
             .run = open_is_silent},
    Scenario{.name = "Tripped.BRK_6_lost_links_open_it",
             .cases = kLost,
             .bus = stage::Bus::own,
             .run = links_are_lost},
    Scenario{.name = "Tripped.BRK_2_calls_that_overlap_open_it",
             .cases = kOverlap,
             .bus = stage::Bus::own,
             .run = overlap},
    Scenario{.name = "Tripped.BRK_4_no_herd_comes_when_its_time_is_over",
             .cases = kHerd,
             .bus = stage::Bus::own,
             .run = no_herd},
};

}  // namespace

std::span<const Scenario> tripped() { return kScenarios; }

}  // namespace busproof::families
