// QUE: a subscriber that reads nothing, what it costs, and what idling over empty queues costs.
#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <string>

#include <fmt/format.h>

#include "suites/checkers/silence.hpp"
#include "suites/checkers/slow.hpp"
#include "suites/checkers/unread_backlog.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
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

constexpr std::string_view kSmallBuffer = "buffer.small";

/// The same for all goes.
struct Plan {
  std::string text;        ///< What each message ends with.
  std::size_t before = 0;  ///< Messages that fill the sockets and warm the bus up.
  std::size_t count = 0;   ///< Messages of the backlog.
  std::size_t subscriptions = 0;
  std::int64_t credit = 0;  ///< of each
};

/// Large, and yet delivered whole.
std::int64_t message_bytes(const Stage& stage) {
  constexpr std::int64_t kMost = 512 << 10;
  const auto& claims = stage.claims();
  return std::min({kMost, claims.limit("inline_bytes_max").value_or(kMost),
                   claims.limit("payload_bytes_max").value_or(kMost),
                   claims.limit("message_bytes_max").value_or(2 * kMost) / 2});
}

/// No work to compress, and yet no two alike.
std::string words(Stage& stage, std::size_t count) {
  const std::string word = fmt::format("{:016x}-", stage.random()());
  std::string text;
  while (text.size() < count) text += word;
  text.resize(count);
  return text;
}

/// What the bus' limits allow, for the least number of subscriptions whose credit covers it all.
Plan plan_for(Stage& stage) {
  constexpr std::int64_t kBefore = 8 << 20, kMost = 256 << 20;
  constexpr std::size_t kSubscriptionsMost = 8;
  const auto& claims = stage.claims();
  const auto buffer = claims.limit("buffer_bytes_max");
  if (!buffer || *buffer > kMost)
    throw Abandoned{Verdict::unverified,
                    "no small bound of what is buffered for a reader is declared"};
  const std::int64_t bytes = std::max<std::int64_t>(message_bytes(stage), 1);
  for (std::size_t many = 1; many <= kSubscriptionsMost; ++many) {
    const auto wanted = checkers::telling_backlog(*buffer * static_cast<std::int64_t>(many), bytes);
    const std::int64_t before = kBefore / bytes + 1, count = wanted / bytes + 1;
    const std::int64_t all = before + count;
    if (wanted > kMost || count > static_cast<std::int64_t>(stage.loads().waiting) ||
        all > claims.limit("queue.messages_max").value_or(all) ||
        all * bytes > claims.limit("queue.bytes_max").value_or(all * bytes))
      break;
    const std::int64_t credit = stage.credit_for(all);
    if (credit * static_cast<std::int64_t>(many) >= all)
      return {words(stage, static_cast<std::size_t>(bytes)), static_cast<std::size_t>(before),
              static_cast<std::size_t>(count), many, credit};
  }
  throw Abandoned{Verdict::unverified,
                  "no backlog within its limits is large beside what it may buffer for a reader"};
}

void publish_backlog(Stage& stage, Session& session, const std::string& destination,
                     const Plan& plan, std::size_t count) {
  constexpr std::size_t kBytesUnderWay = 2 << 20, kUnderWayMost = 16;
  const std::size_t under_way_most =
      std::clamp<std::size_t>(kBytesUnderWay / plan.text.size(), 1, kUnderWayMost);
  std::deque<std::uint32_t> under_way;
  const auto await_first = [&] {
    auto published = session.await_publish(under_way.front());
    if (!published) stage.give_up("bus/publish", published.error());
    under_way.pop_front();
  };
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = fmt::format("{:08}", i) + plan.text;
    text.resize(plan.text.size());
    under_way.push_back(session.start_publish(
        {.destination = destination, .payload = Payload::text(std::move(text))}));
    if (under_way.size() == under_way_most) await_first();
  }
  while (!under_way.empty()) await_first();
}

/// In a life of the bus of its own. Unattended it is the same, but that who reads nothing has
/// subscribed to a destination where nothing is published.
void go(Stage& stage, const Plan& plan, bool attended) {
  constexpr std::int64_t kLeaseMs = 60'000;
  constexpr milliseconds kRest{100};
  const std::string destination = stage.destination(), beside = stage.destination("beside");
  Session& slow = stage.connect();
  Session& publisher = stage.connect();
  for (std::size_t i = 0; i < plan.subscriptions; ++i)
    stage.subscribe(slow, {.destination = attended ? destination : beside,
                           .credit = plan.credit,
                           .lease_ms = lease_for(stage, kLeaseMs)});
  slow.stop_reading();
  publish_backlog(stage, publisher, destination, plan, plan.before);
  stage.watch_memory();
  publish_backlog(stage, publisher, destination, plan, plan.count);
  // What is sent to who does not read may follow the answers.
  stage.let_pass(kRest);
  stage.mark_memory();
  slow.cut();
}

void restart(Stage& stage) {
  stage.stop_bus();
  if (stage.has_variant(kSmallBuffer))
    stage.start_bus(kSmallBuffer);
  else
    stage.start_bus();
}

/// Attended first: a bus that reads all it has when it starts finds no more than the other does.
/// What is not met is done again, so that no collector's whim is taken for it.
void unread_and_unattended(Stage& stage) {
  constexpr int kRounds = 3;
  constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_unread_backlog};
  stage.need_own_bus();
  restart(stage);
  const Plan plan = plan_for(stage);
  for (int round = 1; round <= kRounds; ++round) {
    go(stage, plan, true);
    restart(stage);
    go(stage, plan, false);
    if (round == kRounds || stage.met_so_far(kJudges)) break;
    restart(stage);
  }
}

constexpr JudgedCase kSlow[] = {{"QUE-12.publishers", checkers::judge_publishers_go_on},
                                {"QUE-12.others", checkers::judge_others_unhindered},
                                {"QUE-12.nothing_lost", checkers::judge_slow_loses_none}};
constexpr JudgedCase kMemory[] = {{"QUE-12.memory", checkers::judge_unread_backlog}};
constexpr JudgedCase kIdle[] = {{"QUE-18.idle", checkers::judge_empty_costs_nothing}};

constexpr std::array kScenarios = {
    Scenario{.name = "Queue.QUE_12_who_reads_nothing_harms_nobody",
             .cases = kSlow,
             .bus = stage::Bus::own,
             .run = reads_nothing},
    Scenario{.name = "Queue.QUE_12_who_reads_nothing_costs_little",
             .cases = kMemory,
             .bus = stage::Bus::own,
             .run = unread_and_unattended},
    Scenario{.name = "Queue.QUE_18_empty_queues_cost_nothing",
             .cases = kIdle,
             .bus = stage::Bus::own,
             .run = idles},
};

}  // namespace

std::span<const Scenario> queue_slow() { return kScenarios; }

}  // namespace busproof::families
