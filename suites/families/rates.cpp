// SEC-9: more at once than the bus says that it takes.
#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

#include <fmt/format.h>

#include "suites/checkers/rates.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Publish;
using targets::Session;

constexpr std::string_view kFew = "limits.few";
// As many as come to the limit of a bus at some seconds' worth of requests.
constexpr std::int64_t kFastestTried = 2'000, kMostTried = 200;
constexpr std::size_t kUnderWay = 64;
constexpr int kSecondsWorth = 6, kBeyond = 4, kFloods = 3;
constexpr milliseconds kRest{2'100};

/// How so many publishes went that were sent as fast as they were answered.
struct Flood {
  bool limited = false;  ///< One was refused for their rate.
  bool cut = false;      ///< The connection ended over it.
  history::Time took{};
};

Flood flood(Session& session, const Publish& one, std::int64_t count) {
  Flood seen;
  std::deque<std::uint32_t> under_way;
  const history::Time began = history::now();
  const auto oldest = [&] {
    const auto answered = session.await_publish(under_way.front());
    under_way.pop_front();
    seen.limited = seen.limited || (!answered && answered.error().kind() == "rate_limited");
    seen.cut = !answered && session.closed();
  };
  for (std::int64_t i = 0; i < count && !seen.cut; ++i) {
    if (under_way.size() == kUnderWay) oldest();
    if (!seen.cut) under_way.push_back(session.start_publish(one));
  }
  while (!under_way.empty() && !seen.cut) oldest();
  seen.took = history::now() - began;
  return seen;
}

/// Until one is refused, or none has to be: a machine with much else to do may be slow for a while,
/// and a bus may be for good. False when the connection ended over it.
bool flood_to_the_limit(Session& session, const Publish& one, std::int64_t per_s) {
  const std::int64_t count = kSecondsWorth * per_s;
  std::chrono::duration<double> least = std::chrono::hours(1);
  for (int i = 0; i < kFloods; ++i) {
    const Flood seen = flood(session, one, count);
    if (seen.cut) return false;
    least = std::min<std::chrono::duration<double>>(least, seen.took);
    const std::chrono::duration<double> span = least + checkers::kRateSlack;
    const double free = span.count() * static_cast<double>(per_s);
    if (seen.limited || static_cast<double>(count) > free) return true;
  }
  throw stage::Abandoned{
      contract::Verdict::unverified,
      fmt::format("the bus took {} publishes in {:.1f} s at best, and publish_per_s is {}: not so "
                  "many that it had to refuse one",
                  count, least.count(), per_s)};
}

void too_fast(Stage& stage) {
  const std::int64_t per_s = *stage.claims().limit("publish_per_s");
  if (per_s > kFastestTried)
    throw stage::Abandoned{contract::Verdict::unverified,
                           "publish_per_s is more than is published here"};
  const std::string mode = stage.mode(), destination = stage.destination();
  Session& session = stage.connect();
  const auto credit = mode == "queue" ? std::optional(stage.credit_for(100)) : std::nullopt;
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .mode = mode, .credit = credit}));
  const Publish one{.destination = destination, .mode = mode, .payload = Payload::text("fast")};
  if (!flood_to_the_limit(session, one, per_s)) return;
  stage.let_pass(kRest);
  const auto again = session.publish(one);
  if (!again) return;
  // As slow as the slowest rate allows it.
  stage.let_pass(kRest);
  consumer.fence(destination, mode);
}

void too_many(Stage& stage) {
  const std::int64_t most = *stage.claims().limit("connections_max");
  if (most > kMostTried)
    throw stage::Abandoned{contract::Verdict::unverified,
                           "connections_max is more than are opened here"};
  if (!stage.many_connections())
    throw stage::Abandoned{contract::Verdict::unverified, "transport: one connection"};
  std::vector<Session*> greeted;
  for (std::int64_t i = 0; i < most + kBeyond; ++i) {
    Session* session = stage.try_connect();
    if (session != nullptr && session->hello()) greeted.push_back(session);
  }
  // Who is still served shows it.
  const std::string destination = stage.destination();
  for (Session* session : greeted)
    if (auto served = session->publish({.destination = destination, .mode = stage.mode()});
        !served && session->closed())
      continue;
}

constexpr JudgedCase kRate[] = {{"SEC-9.publishes", checkers::judge_publish_rate},
                                {"SEC-9.recovers", checkers::judge_rate_recovers}};
constexpr JudgedCase kConnections[] = {{"SEC-9.connections", checkers::judge_connections}};

constexpr std::array kScenarios = {
    Scenario{.name = "Rates.SEC_9_faster_than_may_be",
             .cases = kRate,
             .bus = stage::Bus::own,
             .run = too_fast,
             .variant = kFew},
    Scenario{.name = "Rates.SEC_9_more_than_may_be",
             .cases = kConnections,
             .bus = stage::Bus::own,
             .run = too_many,
             .variant = kFew},
};

}  // namespace

std::span<const Scenario> rates() { return kScenarios; }

}  // namespace busproof::families
