// QUE: a subscriber that reads nothing, and what idling over empty queues costs.
#include <algorithm>
#include <array>
#include <set>

#include "suites/checkers/silence.hpp"
#include "suites/checkers/slow.hpp"
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

/// Publishes until `count` messages in all have been accepted, several under way at once. Large
/// enough together to fill every buffer on the way to who does not read.
void fill(Stage& stage, Session& session, const std::string& destination, std::size_t count,
          std::set<std::uint32_t>& accepted) {
  constexpr std::size_t kBytes = 8'000, kUnderWay = 24;
  while (accepted.size() < count) {
    std::vector<std::uint32_t> under_way;
    const std::size_t left = std::min(kUnderWay, count - accepted.size());
    for (std::size_t i = 0; i < left; ++i)
      under_way.push_back(session.start_publish(
          {.destination = destination, .payload = Payload::text(std::string(kBytes, 'w'))}));
    for (const std::uint32_t operation : under_way) {
      auto published = session.await_publish(operation);
      if (!published) stage.give_up("bus/publish", published.error());
      accepted.insert(published->message);
    }
  }
}

/// One message to a queue that somebody does read. False when it did not come in good time.
bool others_get_theirs(Stage& stage, Session& session, Consumer& reader, const std::string& beside,
                       std::size_t so_far) {
  stage.publish(session, {.destination = beside, .payload = Payload::text("beside")});
  if (reader.count(so_far)) return true;
  const milliseconds limit(stage.claims().limit_or_default("answer_ms"));
  if (limit > stage.patience()) stage.let_pass(limit - stage.patience());
  stage.let_pass(milliseconds(1000));
  // The bus is awake and the message did not come.
  stage.publish(session, {.destination = beside, .payload = Payload::text("awake")});
  return false;
}

void reads_nothing(Stage& stage) {
  constexpr std::int64_t kKeptMs = 4000;
  const auto& claims = stage.claims();
  const std::string destination = stage.destination(), beside = stage.destination("beside");
  Session& slow = stage.connect();
  Session& other = stage.connect();
  Session& publisher = stage.connect();
  const bool frees = claims.trait("queue", "release") == "frees";
  targets::Subscribe wanted{.destination = destination, .credit = stage.credit_for(2000)};
  // Where its leases run on after it has gone they have to be waited for.
  if (!frees && claims.trait("queue", "lease") == "timed") wanted.lease_ms = kKeptMs;
  stage.subscribe(slow, wanted);
  Consumer reader(stage, other,
                  stage.subscribe(other, {.destination = beside, .credit = stage.credit_for(50)}));
  slow.stop_reading();
  std::set<std::uint32_t> accepted;
  std::size_t read = 0;
  for (const std::size_t waiting : {100U, 101U, 1000U, 1001U}) {
    fill(stage, publisher, destination, waiting, accepted);
    if (!others_get_theirs(stage, publisher, reader, beside, ++read)) return;
  }
  slow.close();
  Session& after = stage.connect();
  wanted.credit = stage.credit_for(100);
  Consumer consumer(stage, after, stage.subscribe(after, wanted));
  const bool all_came = consumer.until([&](const std::vector<Delivered>& all) {
    if (all.size() < accepted.size()) return false;
    std::set<std::uint32_t> missing = accepted;
    for (const Delivered& came : all) missing.erase(came.message);
    return missing.empty();
  });
  if (!all_came)
    stage.let_pass(milliseconds(claims.limit("redelivery_grace_ms").value_or(1000) + 500 +
                                (frees ? 0 : kKeptMs)));
  consumer.fence(destination);
}

/// First some work, so that it is certain whose processor time is seen; then nothing at all, until
/// the bus has come to rest or has had time enough for that.
void idles(Stage& stage) {
  constexpr int kRounds = 10, kEmpty = 20, kWindows = 5, kWindowsMost = 24;
  constexpr std::size_t kWork = 200;
  constexpr milliseconds kEnough{30}, kRest{300}, kWindow{250};
  Session& session = stage.connect();
  const std::string destination = stage.destination("work");
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(50)}));
  const milliseconds before = stage.mark_processor_time("before_work");
  for (int round = 1; round <= kRounds; ++round) {
    publish_many(stage, session, destination, kWork);
    consumer.count(kWork * static_cast<std::size_t>(round));
    if (stage.mark_processor_time("after_work") - before >= kEnough) break;
  }
  for (int i = 0; i < kEmpty; ++i)
    stage.subscribe(session,
                    {.destination = stage.destination("empty"), .credit = stage.credit_for(50)});
  stage.let_pass(kRest);
  milliseconds used = stage.mark_processor_time("idle");
  bool rested = false;
  for (int i = 0; i < kWindowsMost && !(rested && i >= kWindows); ++i) {
    stage.let_pass(kWindow);
    const milliseconds now = stage.mark_processor_time("idle");
    rested = rested || 20 * (now - used) < kWindow;
    used = now;
  }
}

constexpr JudgedCase kSlow[] = {{"QUE-12.publishers", checkers::judge_publishers_go_on},
                                {"QUE-12.others", checkers::judge_others_unhindered},
                                {"QUE-12.nothing_lost", checkers::judge_slow_loses_none}};
constexpr JudgedCase kIdle[] = {{"QUE-18.idle", checkers::judge_empty_costs_nothing}};

constexpr std::array kScenarios = {
    Scenario{.name = "Queue.QUE_12_who_reads_nothing_harms_nobody",
             .cases = kSlow,
             .bus = stage::Bus::own,
             .run = reads_nothing},
    Scenario{.name = "Queue.QUE_18_empty_queues_cost_nothing",
             .cases = kIdle,
             .bus = stage::Bus::own,
             .run = idles},
};

}  // namespace

std::span<const Scenario> queue_slow() { return kScenarios; }

}  // namespace busproof::families
