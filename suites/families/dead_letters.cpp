// QUE: dead letters: what becomes one, what they say, and where they can go from there.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "suites/checkers/letters.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLongLeaseMs = 20'000;
constexpr std::int64_t kCredit = 40;

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination,
                     std::int64_t lease_ms = kLongLeaseMs) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(kCredit),
                                   .lease_ms = lease_for(stage, lease_ms)});
}

/// A whole list, page by page; how many entries it has.
std::size_t list(Stage& stage, Session& session, const std::string& destination) {
  constexpr int kPagesMax = 500;
  std::size_t entries = 0;
  json::object params{{"destination", destination}};
  for (int page = 0; page < kPagesMax; ++page) {
    auto answer = session.call("bus/dead_letters", params);
    if (!answer) stage.give_up("bus/dead_letters", answer.error());
    if (const json::value* found = answer->if_contains("messages"); found && found->is_array())
      entries += found->get_array().size();
    const json::value* cursor = answer->if_contains("cursor");
    if (cursor == nullptr || cursor->is_null()) break;
    params["cursor"] = *cursor;
  }
  return entries;
}

/// Lists until there are as many, or until those that are not there are certainly missing.
void list_until(Stage& stage, Session& session, const std::string& destination,
                std::size_t letters) {
  constexpr milliseconds kBetween{50}, kBeyond{1'500};
  const history::Time end =
      history::now() + kBeyond + milliseconds(stage.claims().limit_or_default("counts_settle_ms"));
  while (list(stage, session, destination) != letters) {
    const bool over = history::now() > end;
    stage.let_pass(kBetween);
    if (!over) continue;
    list(stage, session, destination);
    return;
  }
}

void reject_for_good(Stage& stage, Session& session, const std::vector<Delivered>& deliveries,
                     std::size_t from) {
  std::vector<std::uint32_t> under_way;
  for (std::size_t i = from; i < deliveries.size(); ++i)
    if (i % 7 == 0)
      under_way.push_back(session.start_ack(deliveries[i]));
    else
      under_way.push_back(session.start_reject(deliveries[i], false));
  for (const std::uint32_t operation : under_way)
    if (auto done = session.await_reject(operation); !done)
      stage.give_up("bus/ack or bus/reject", done.error());
}

void many_rejected_for_good(Stage& stage) {
  constexpr std::size_t kMessages = 250;  // More than any page of 100 or 200.
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, session, destination);
  publish_many(stage, session, destination, kMessages);
  for (std::size_t settled = 0; settled < kMessages;) {
    if (!stage.wait_count(session, held, settled + 1)) return;
    const auto deliveries = session.deliveries(held);
    reject_for_good(stage, session, deliveries, settled);
    settled = deliveries.size();
  }
  Consumer consumer(stage, session, held, kMessages);
  consumer.fence(destination);
  list_until(stage, session, destination, kMessages - (kMessages + 6) / 7);
}

/// What is done with a message, delivery by delivery.
struct Plan {
  enum class Then : std::uint8_t { reject_for_good, use_up, let_lapse, ack };
  Then then;
  std::int64_t after;  ///< Rejects with requeue before that; -1: all but the last of attempts_max.
  std::string_view reason = {};
  Payload payload = {};
};

std::vector<Plan> plans(const Stage& stage) {
  using Then = Plan::Then;
  constexpr std::int64_t kAllButOne = -1, kAttemptsMax = 12;
  const std::string binary("\0\xff\x80 not text \r\n", 15);
  std::vector<Plan> made = {
      {Then::reject_for_good, 0, "kaputt: ungültig ✗", Payload::text("grüße\n")},
      {Then::reject_for_good, 0, "", Payload::binary(binary)},
      {Then::ack, 0, "", Payload::text("taken")},
  };
  const auto attempts = stage.claims().limit("attempts_max");
  if (!attempts || *attempts < 2 || *attempts > kAttemptsMax) return made;
  made.push_back({Then::reject_for_good, 1, "", Payload::json(R"({"n": [1, 2.5, null]})")});
  made.push_back({Then::use_up, kAllButOne, "", Payload::json(R"({"a": "b"})")});
  made.push_back({Then::use_up, kAllButOne, "gave up", Payload::binary(std::string(3000, '\0'))});
  made.push_back({Then::ack, kAllButOne, "", Payload::text("in the end")});
  if (stage.claims().trait("queue", "lease") == "timed")
    made.push_back({Then::let_lapse, kAllButOne, "", Payload::text("")});
  return made;
}

void settle(Stage& stage, Session& session, const Plan& plan, const Delivered& delivery,
            std::int64_t times) {
  const std::int64_t first =
      plan.after >= 0 ? plan.after : *stage.claims().limit("attempts_max") - 1;
  std::optional<std::int64_t> at_once;
  if (stage.claims().trait("queue", "reject_delay") == "any") at_once = 0;
  contract::Result<void> done;
  if (times <= first)
    done = session.reject(delivery, true, at_once);
  else if (plan.then == Plan::Then::ack)
    done = session.ack(delivery);
  else if (plan.then != Plan::Then::let_lapse)
    done = session.reject(delivery, plan.then == Plan::Then::use_up, at_once, plan.reason);
  // A refusal is the judges' to weigh: the lease was over, then, and the message comes again.
  if (!done && session.closed()) stage.give_up("settling", done.error());
}

/// Each message of its own queue, so that none is kept from coming by another.
void each_fails_its_own_way(Stage& stage) {
  constexpr std::int64_t kShortLeaseMs = 400;
  Session& session = stage.connect();
  struct Under {
    Plan plan;
    std::string destination;
    Subscribed held;
    std::size_t seen = 0;
  };
  std::vector<Under> all;
  for (const Plan& plan : plans(stage)) {
    const std::string destination = stage.destination();
    const bool lapses = plan.then == Plan::Then::let_lapse;
    const Subscribed held =
        subscribe(stage, session, destination, lapses ? kShortLeaseMs : kLongLeaseMs);
    stage.publish(session, {.destination = destination,
                            .payload = plan.payload,
                            .attributes = {{"correlationid", fmt::format("c {}", all.size())},
                                           {"toolname", "größe ✓"},
                                           {"ourcount", static_cast<std::int64_t>(41 + all.size())},
                                           {"ourflag", true},
                                           {"ourtext", "a \"b\" \\ c"}}});
    all.push_back({plan, destination, held});
  }
  const auto attempts = static_cast<std::size_t>(stage.claims().limit("attempts_max").value_or(1));
  for (Under& one : all) {
    const std::size_t first =
        one.plan.after >= 0 ? static_cast<std::size_t>(one.plan.after) : attempts - 1;
    while (one.seen <= first && stage.wait_count(session, one.held, one.seen + 1)) {
      const auto deliveries = session.deliveries(one.held);
      settle(stage, session, one.plan, deliveries[one.seen],
             static_cast<std::int64_t>(one.seen + 1));
      ++one.seen;
    }
  }
  for (Under& one : all)
    list_until(stage, session, one.destination, one.plan.then == Plan::Then::ack ? 0 : 1);
  for (Under& one : all) stage.fence(session, one.held, one.destination);
}

void redrive_and_purge(Stage& stage) {
  constexpr std::size_t kMessages = 7;
  const bool twice = stage.claims().limit("attempts_max").value_or(2) > 2;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, session, destination);
  const auto sent = publish_many(stage, session, destination, kMessages);
  if (!stage.wait_count(session, held, kMessages)) return;
  std::size_t died_later = 0;
  for (const Delivered& delivery : session.deliveries(held)) {
    // Some die at their second attempt, so that there is a count to begin anew.
    const bool later = twice && died_later < 3;
    died_later += later ? 1 : 0;
    if (auto done = session.reject(delivery, later); !done)
      stage.give_up("bus/reject", done.error());
  }
  if (!stage.wait_count(session, held, kMessages + died_later)) return;
  const auto came = session.deliveries(held);
  for (std::size_t i = kMessages; i < came.size(); ++i)
    if (auto done = session.reject(came[i], false); !done)
      stage.give_up("bus/reject", done.error());
  list_until(stage, session, destination, kMessages);

  const auto call = [&](std::string_view method, std::vector<std::size_t> which) {
    json::object params{{"destination", destination}};
    json::array ids;
    for (const std::size_t one : which) ids.emplace_back(sent[one].transaction_id);
    if (!ids.empty()) params["transaction_ids"] = std::move(ids);
    if (auto done = session.call(method, std::move(params)); !done)
      stage.give_up(method, done.error());
  };
  Consumer consumer(stage, session, held, came.size());
  call("bus/redrive", {0, 3});
  consumer.count(came.size() + 2);
  call("bus/purge", {1, 4, 5});
  list_until(stage, session, destination, kMessages - 5);
  call("bus/redrive", {});  // All that are left: not those that were purged.
  consumer.count(came.size() + 4);
  consumer.fence(destination);
  list_until(stage, session, destination, 0);
}

constexpr JudgedCase kMany[] = {{"QUE-6.rejected", checkers::judge_rejected_dies},
                                {"QUE-6.once", checkers::judge_listed_once},
                                {"QUE-7.list", checkers::judge_letters_listed}};
constexpr JudgedCase kFailing[] = {{"QUE-6.attempts_used", checkers::judge_attempts_used},
                                   {"QUE-6.reason", checkers::judge_reason},
                                   {"QUE-6.attempts", checkers::judge_letter_attempts},
                                   {"QUE-6.whole", checkers::judge_letter_whole}};
constexpr JudgedCase kRound[] = {{"QUE-7.redrive", checkers::judge_redrive},
                                 {"QUE-7.attempt_one", checkers::judge_redrive_attempt},
                                 {"QUE-7.purge", checkers::judge_purge}};

constexpr std::array kScenarios = {
    Scenario{.name = "DeadLetters.QUE_6_each_fails_its_own_way",
             .cases = kFailing,
             .run = each_fails_its_own_way},
    Scenario{.name = "DeadLetters.QUE_6_QUE_7_many_rejected_for_good",
             .cases = kMany,
             .run = many_rejected_for_good},
    Scenario{
        .name = "DeadLetters.QUE_7_redriven_and_purged", .cases = kRound, .run = redrive_and_purge},
};

}  // namespace

std::span<const Scenario> dead_letters() { return kScenarios; }

}  // namespace busproof::families
