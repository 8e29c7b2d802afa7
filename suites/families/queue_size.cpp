// QUE-25, QUE-26: what a long backlog costs, and what finished work leaves behind.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "suites/checkers/backlog_pace.hpp"
#include "suites/checkers/remainders.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Session;
using targets::Subscribed;

constexpr std::size_t kFew = 1000;

void mark(Stage& stage, std::string_view name, std::size_t amount) {
  stage.recorder().add(
      {.action = history::Action::mark, .amount = static_cast<std::int64_t>(amount)},
      {.error = name});
}

/// One after the other, as many published as are taken, so that as many wait throughout.
bool measure(Stage& stage, Session& session, const std::string& destination, std::size_t waiting) {
  constexpr std::size_t kRounds = 35;
  const Subscribed held = stage.subscribe(session, {.destination = destination, .credit = 1});
  mark(stage, "measures", waiting);
  for (std::size_t i = 1; i <= kRounds; ++i) {
    if (!stage.wait_count(session, held, i)) return false;
    stage.publish(session, {.destination = destination, .payload = Payload::text("one more")});
    if (auto counts = session.pending(destination); !counts)
      stage.give_up("bus/pending", counts.error());
    stage.ack(session, session.deliveries(held).back());
  }
  stage.recorder().mark("measured");
  if (auto ended = session.unsubscribe(held); !ended)
    stage.give_up("bus/unsubscribe", ended.error());
  return true;
}

void fill(Stage& stage, Session& session, const std::string& destination, std::size_t count) {
  constexpr std::size_t kAtOnce = 5000;
  for (std::size_t done = 0; done < count; done += kAtOnce)
    publish_many(stage, session, destination, std::min(kAtOnce, count - done));
}

void long_backlog(Stage& stage) {
  const std::size_t many = stage.loads().waiting;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  fill(stage, session, destination, kFew);
  if (!measure(stage, session, destination, kFew)) return;
  fill(stage, session, destination, many - kFew);
  if (!measure(stage, session, destination, many)) return;
  if (stage.claims().durability() < contract::Durability::restart) return;
  mark(stage, "waiting", many);
  stage.stop_bus();
  stage.start_bus();
}

/// Groups, connections and ten times as many messages that come and go.
class Coming {
 public:
  static constexpr std::size_t kMessages = 10;  ///< of each connection

  explicit Coming(Stage& stage)
      : stage_(stage), keeper_(stage.connect()), destination_(stage.destination()) {}

  void and_going(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) once();
  }

  /// Until the last life and the last lease are over: a bus may keep what it leased for so long.
  void outlive() { stage_.let_pass(milliseconds(kShortMs + 50)); }

 private:
  static constexpr std::size_t kBytes = 20'000;
  static constexpr std::int64_t kShortMs = 500;

  void once() {
    Session& session = stage_.connect();
    targets::Subscribe wanted{.destination = destination_,
                              .credit = stage_.credit_for(kMessages),
                              .lease_ms = lease_for(stage_, kShortMs)};
    const bool groups = stage_.claims().has("groups");
    if (groups) wanted.group = fmt::format("group-{}", ++groups_);
    const Subscribed held = stage_.subscribe(session, wanted);
    std::vector<std::uint32_t> under_way;
    for (std::size_t i = 0; i < kMessages; ++i) {
      targets::Publish message{.destination = destination_,
                               .payload = Payload::text(std::string(kBytes, 'g'))};
      if (stage_.claims().has("ttl")) message.ttl_ms = kShortMs;
      under_way.push_back(session.start_publish(message));
    }
    for (const std::uint32_t operation : under_way)
      if (auto published = session.await_publish(operation); !published)
        stage_.give_up("bus/publish", published.error());
    stage_.wait_count(session, held, kMessages / 2);
    under_way.clear();
    // One is left unsettled: forgetting the group, or its life, ends it.
    const auto deliveries = session.deliveries(held);
    for (std::size_t i = 1; i < deliveries.size(); ++i)
      under_way.push_back(session.start_ack(deliveries[i]));
    for (const std::uint32_t operation : under_way)
      if (auto acked = session.await_ack(operation); !acked) continue;  // It may have expired.
    if (auto ended = session.unsubscribe(held, groups); !ended)
      stage_.give_up("bus/unsubscribe", ended.error());
    session.close();
  }

  Stage& stage_;
  Session& keeper_;  // Holds the bus' attention, and asks for nothing.
  std::string destination_;
  int groups_ = 0;
};

void sweep(Stage& stage) {
  if (!stage.claims().has("control.sweep")) return;
  // Some at a time, perhaps: until nothing is left.
  for (int i = 0; i < 100; ++i) {
    auto swept = stage.control("ctl/sweep", {});
    if (!swept) stage.give_up("ctl/sweep", swept.error());
    if (history::number_of(*swept, "expired") == 0) return;
  }
}

/// What is held now; the rows only where somebody can count them.
void look(Stage& stage, bool& counts_rows) {
  stage.mark_holdings();
  if (!counts_rows) return;
  try {
    stage.mark_rows();
  } catch (const stage::Abandoned& abandoned) {
    if (abandoned.verdict != contract::Verdict::unverified) throw;
    counts_rows = false;
  }
}

/// Once for what a bus makes once and an allocator keeps, and as much again, which counts. Looks at
/// what is held before and after, until all is as it was or should long have been.
void comes_and_goes(Stage& stage) {
  constexpr std::array<checkers::Judge, 2> kGone = {checkers::judge_rows_gone,
                                                    checkers::judge_process_gone};
  stage.need_own_bus();
  bool counts_rows = true;
  look(stage, counts_rows);
  const std::size_t times = stage.loads().finished / Coming::kMessages / 2;
  Coming coming(stage);
  coming.and_going(times);
  coming.outlive();
  sweep(stage);
  look(stage, counts_rows);
  stage.recorder().mark("begun");
  coming.and_going(times);
  coming.outlive();
  mark(stage, "finished", times);
  const auto limit =
      history::now() + milliseconds(5000 + stage.claims().limit("ttl_grace_ms").value_or(1000));
  const std::span<const checkers::Judge> judges = kGone;
  do {
    sweep(stage);
    look(stage, counts_rows);
    if (stage.met_so_far(counts_rows ? judges : judges.last(1))) return;
    stage.let_pass(milliseconds(100));
  } while (history::now() < limit);
}

constexpr JudgedCase kBacklog[] = {{"QUE-25.operations", checkers::judge_backlog_pace},
                                   {"QUE-25.restart", checkers::judge_backlog_restart}};
constexpr JudgedCase kFinished[] = {{"QUE-26.store", checkers::judge_rows_gone},
                                    {"QUE-26.process", checkers::judge_process_gone}};

constexpr std::array kScenarios = {
    Scenario{.name = "Backlog.QUE_25_a_long_backlog_slows_nothing",
             .cases = kBacklog,
             .bus = stage::Bus::own,
             .run = long_backlog},
    Scenario{.name = "Queue.QUE_26_finished_work_leaves_nothing",
             .cases = kFinished,
             .bus = stage::Bus::own,
             .run = comes_and_goes},
};

}  // namespace

std::span<const Scenario> queue_size() { return kScenarios; }

}  // namespace busproof::families
