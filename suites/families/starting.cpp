// DUR: starting a second time on the same data, and starting on damaged data.
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "suites/checkers/damaged_start.hpp"
#include "suites/checkers/durability.hpp"
#include "suites/checkers/older.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kToAck = 5;
// Leases may outlive a restart: short ones are soon over.
constexpr std::int64_t kLeaseMs = 1000;

/// Publishes one after the other; a refusal is the judges' to weigh. Adds what was accepted.
void publish_some(Session& session, const std::string& destination, std::size_t count,
                  std::set<std::uint32_t>& accepted) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto published = session.publish(
        {.destination = destination, .payload = Payload::text("on one and the same data")});
    if (published) accepted.insert(published->message);
    if (!published && session.closed()) return;
  }
}

void is_started_twice(Stage& stage) {
  stage.need_data();
  const std::string destination = stage.destination();
  std::set<std::uint32_t> waiting;
  Session& first = stage.connect();
  for (const Published& message : publish_many(stage, first, destination, 20))
    waiting.insert(message.message);
  // Few enough that most of them wait when the second is started.
  const std::int64_t credit = stage.credit_for(kToAck);
  const Subscribed held = stage.subscribe(
      first,
      {.destination = destination, .credit = credit, .lease_ms = lease_for(stage, kLeaseMs)});
  const auto count = static_cast<std::size_t>(credit);
  if (!stage.wait_count(first, held, count)) return;
  auto to_ack = first.deliveries(held);
  to_ack.resize(count);
  for (const Delivered& delivery : to_ack) {
    stage.ack(first, delivery);
    waiting.erase(delivery.message);
  }
  if (auto ended = first.unsubscribe(held); !ended) stage.give_up("bus/unsubscribe", ended.error());
  const bool serves = stage.start_second();
  publish_some(first, destination, 10, waiting);
  if (serves) {
    publish_some(stage.connect_to_second(), destination, 10, waiting);
    stage.stop_second();
  }
  publish_some(first, destination, 5, waiting);
  stage.stop_bus();
  stage.start_bus();
  take_all(stage, stage.connect(), destination, waiting);
}

/// Whatever may tell that something is missing.
void ask_around(Stage& stage, Session& session, const std::vector<Published>& messages) {
  for (const char* of : {"health", "stats"})
    if (stage.claims().has(of))
      if (auto asked = session.call(fmt::format("bus/{}", of), {}); !asked && session.closed())
        return;
  if (!stage.claims().has("store")) return;
  for (const Published& message : messages)
    if (auto seen = session.inspect(message); !seen && session.closed()) return;
}

constexpr checkers::Judge kSoFar[] = {checkers::judge_never_empty, checkers::judge_damage_told};

void is_started_on_damage(Stage& stage) {
  stage.need_data();
  const std::string destination = stage.destination();
  std::vector<Published> messages;
  std::set<std::uint32_t> waiting;
  Session& before = stage.connect();
  // Many pages of whatever size, in whatever way they are stored.
  for (int i = 0; i < 60; ++i) {
    messages.push_back(stage.publish(
        before,
        {.destination = destination, .payload = Payload::binary(random_bytes(stage, 3000))}));
    waiting.insert(messages.back().message);
  }
  stage.stop_bus();
  // What a healthy start writes says nothing of damage.
  if (!stage.try_start_bus())
    throw stage::Abandoned{contract::Verdict::blocked, "the bus did not start on sound data"};
  stage.stop_bus();
  stage.save_data();
  for (const auto how :
       {Stage::FileDamage::header, Stage::FileDamage::middle, Stage::FileDamage::truncated}) {
    stage.restore_data();
    stage.damage_file(how);
    if (!stage.try_start_bus()) continue;
    Session& after = stage.connect();
    take_all(stage, after, destination, waiting);
    ask_around(stage, after, messages);
    if (!stage.met_so_far(kSoFar)) return;  // Waiting for what is lost takes long.
    stage.stop_bus();
  }
}

/// Lists the dead letters, page by page; whether all of those are among them.
bool lists_all(Session& session, const targets::Older& older) {
  constexpr int kPagesMax = 100;
  std::set<std::string> missing;
  for (const auto& [id, text] : older.dead) missing.insert(id);
  boost::json::object params{{"destination", older.destination}};
  for (int page = 0; page < kPagesMax; ++page) {
    const auto answer = session.call("bus/dead_letters", params);
    if (!answer) return false;
    if (const auto* found = answer->if_contains("messages"); found && found->is_array())
      for (const auto& entry : found->get_array())
        if (entry.is_object())
          missing.erase(history::text_of(entry.get_object(), "transaction_id"));
    const auto* cursor = answer->if_contains("cursor");
    if (cursor == nullptr || cursor->is_null()) break;
    params["cursor"] = *cursor;
  }
  return missing.empty();
}

/// Takes what waits, one by one, reads what is not in the delivery, and goes up to a fence.
void take_older(Stage& stage, Session& session, const targets::Older& older,
                std::set<std::string> missing) {
  const Subscribed held = stage.subscribe(session, {.destination = older.destination,
                                                    .credit = stage.credit_for(1),
                                                    .lease_ms = lease_for(stage, kLeaseMs)});
  std::size_t seen = 0;
  while (!missing.empty() && stage.wait_count(session, held, seen + 1)) {
    const Delivered one = session.deliveries(held, seen++).front();
    missing.erase(one.transaction_id);
    if (one.route == "reference")
      if (auto bytes = session.retrieve({one.message, one.transaction_id, one.route});
          !bytes && session.closed())
        return;
    if (auto acked = session.ack(one); !acked && session.closed()) return;
  }
  Consumer(stage, session, held, seen).fence(older.destination);
  // Whoever comes next is the only member.
  static_cast<void>(session.unsubscribe(held));
}

std::set<std::string> waiting_in(const targets::Older& older) {
  std::set<std::string> waiting;
  for (const auto& [id, text] : older.waiting) waiting.insert(id);
  return waiting;
}

/// Looks for the dead letters, until counts are settled.
void list_older(Stage& stage, Session& session, const targets::Older& older) {
  const history::Time listed_by =
      history::now() +
      stage::milliseconds(500 + stage.claims().limit_or_default("counts_settle_ms"));
  if (!stage.claims().has("dead_letter")) return;
  while (!lists_all(session, older) && history::now() < listed_by && !session.closed())
    stage.let_pass(stage::milliseconds(50));
  lists_all(session, older);
}

void is_started_on_older_data(Stage& stage) {
  for (const targets::Older& older : stage.older()) {
    stage.put_older(older);
    if (!stage.try_start_bus()) continue;
    Session& session = stage.connect();
    take_older(stage, session, older, waiting_in(older));
    list_older(stage, session, older);
  }
}

/// Two nodes find data of an older schema, both at once; what they made of it is seen at each.
void nodes_are_started_on_older_data(Stage& stage) {
  constexpr int kNodes = 2;
  stage.need_nodes(kNodes);
  for (const targets::Older& older : stage.older()) {
    stage.start_nodes_on_older_stores(kNodes, older);
    std::set<std::string> waiting = waiting_in(older);
    for (int number = 1; number <= kNodes; ++number) {
      Session& session = stage.connect_to_node(number);
      take_older(stage, session, older, std::exchange(waiting, {}));
      list_older(stage, session, older);
    }
  }
}

constexpr JudgedCase kTwice[] = {{"DUR-6.twice", checkers::judge_second_start}};
constexpr JudgedCase kOlder[] = {{"DUR-6.older_schema", checkers::judge_older_taken_over}};
constexpr JudgedCase kMigration[] = {{"NODE-4.migration", checkers::judge_older_taken_over_once}};
constexpr JudgedCase kDamaged[] = {{"DUR-8.never_empty", checkers::judge_never_empty},
                                   {"DUR-8.says_so", checkers::judge_damage_told}};

constexpr std::array kScenarios = {
    Scenario{.name = "Start.DUR_6_twice_on_the_same_data",
             .cases = kTwice,
             .bus = stage::Bus::own,
             .run = is_started_twice},
    Scenario{.name = "Start.DUR_6_on_data_of_an_older_schema",
             .cases = kOlder,
             .bus = stage::Bus::own,
             .run = is_started_on_older_data},
    Scenario{.name = "Start.NODE_4_at_once_on_data_of_an_older_schema",
             .cases = kMigration,
             .bus = stage::Bus::own,
             .run = nodes_are_started_on_older_data},
    Scenario{.name = "Start.DUR_8_on_damaged_data",
             .cases = kDamaged,
             .bus = stage::Bus::own,
             .run = is_started_on_damage},
};

}  // namespace

std::span<const Scenario> starting() { return kScenarios; }

}  // namespace busproof::families
