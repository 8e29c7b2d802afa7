// QUE: rejects for another try, with a delay and with the bus' own backoff.
#include <algorithm>
#include <array>
#include <cmath>

#include "suites/checkers/rejects.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLongLeaseMs = 20'000;
constexpr std::int64_t kCredit = 12;

void need_retries(const Stage& stage) {
  if (stage.claims().limit("attempts_max").value_or(2) < 2)
    throw stage::Abandoned{contract::Verdict::unverified, "the bus tries nothing twice"};
}

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(kCredit),
                                   .lease_ms = lease_for(stage, kLongLeaseMs)});
}

void rejected_comes_again(Stage& stage) {
  constexpr std::array<std::int64_t, 6> kDelays = {300, 150, 0, 220, -1, -1};  // -1: none given
  need_retries(stage);
  const std::int64_t room = stage.credit_for(kCredit) - 1;
  const auto messages = static_cast<std::size_t>(
      std::clamp<std::int64_t>(room, 1, static_cast<std::int64_t>(kDelays.size())));
  const bool may_delay = stage.claims().trait("queue", "reject_delay") == "any";
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, session, destination);
  publish_many(stage, session, destination, messages);
  if (!stage.wait_count(session, held, messages)) return;
  const auto first = session.deliveries(held);
  for (std::size_t i = 0; i < messages; ++i) {
    std::optional<std::int64_t> delay;
    if (may_delay && kDelays[i] >= 0) delay = kDelays[i];
    if (auto done = session.reject(first[i], true, delay); !done)
      stage.give_up("bus/reject", done.error());
  }
  Consumer consumer(stage, session, held, messages);
  consumer.count(2 * messages);
  consumer.fence(destination);
}

/// What the bus says a message waits after the reject of that attempt.
milliseconds declared_wait(const Stage& stage, std::int64_t attempt) {
  const auto& claims = stage.claims();
  const double wait =
      claims.number("backoff.base_ms").value_or(0) *
      std::pow(claims.number("backoff.factor").value_or(1), static_cast<double>(attempt - 1));
  const double most = std::min(wait, claims.number("backoff.cap_ms").value_or(wait));
  return milliseconds(static_cast<std::int64_t>(most));
}

void backoff_grows(Stage& stage) {
  constexpr std::int64_t kAttempts = 5;
  constexpr milliseconds kFirstWaitMax{60'000}, kFurtherWaitMax{1'500};
  need_retries(stage);
  const std::int64_t attempts =
      std::min(kAttempts, stage.claims().limit("attempts_max").value_or(kAttempts));
  if (declared_wait(stage, 1) > kFirstWaitMax)
    throw stage::Abandoned{contract::Verdict::unverified, "its backoff begins with a minute"};
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, session, destination);
  publish_many(stage, session, destination, 1);
  for (std::int64_t attempt = 1; attempt < attempts; ++attempt) {
    const milliseconds wait = declared_wait(stage, attempt);
    if (attempt > 1 && wait > kFurtherWaitMax) break;
    const auto nth = static_cast<std::size_t>(attempt);
    const auto enough = [&](const auto& deliveries) { return deliveries.size() >= nth; };
    if (!session.wait(held, declared_wait(stage, attempt - 1) + stage.patience(), enough)) return;
    if (auto done = session.reject(session.deliveries(held)[nth - 1], true); !done)
      stage.give_up("bus/reject", done.error());
  }
  const std::size_t came = session.deliveries(held).size();
  session.wait(held, declared_wait(stage, attempts) + stage.patience(),
               [&](const auto& deliveries) { return deliveries.size() > came; });
  Consumer consumer(stage, session, held, came);
  consumer.until([](const auto&) { return true; });
}

constexpr JudgedCase kAgain[] = {{"QUE-5.again", checkers::judge_rejected_again},
                                 {"QUE-5.delay", checkers::judge_reject_delay}};
constexpr JudgedCase kBackoff[] = {{"QUE-5.backoff", checkers::judge_backoff}};

constexpr std::array kScenarios = {
    Scenario{.name = "Retry.QUE_5_backoff_grows", .cases = kBackoff, .run = backoff_grows},
    Scenario{
        .name = "Retry.QUE_5_rejected_comes_again", .cases = kAgain, .run = rejected_comes_again},
};

}  // namespace

std::span<const Scenario> queue_retry() { return kScenarios; }

}  // namespace busproof::families
