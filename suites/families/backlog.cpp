// QUE-20 to 23: backlogs, wake-ups, and messages that cannot go forward.
#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "suites/checkers/crash_loop.hpp"
#include "suites/checkers/progress.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/stage/links.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLongDelayMs = 60'000;
constexpr std::int64_t kShortLeaseMs = 500;

/// Another queue with its own consumer: that it goes on shows that the bus is alive.
class Elsewhere {
 public:
  Elsewhere(Stage& stage, Session& session)
      : stage_(stage),
        session_(session),
        destination_(stage.destination("elsewhere")),
        held_(stage.subscribe(session,
                              {.destination = destination_, .credit = stage.credit_for(10)})) {}

  void witness() { stage_.fence(session_, held_, destination_); }

 private:
  Stage& stage_;
  Session& session_;
  std::string destination_;
  Subscribed held_;
};

std::int64_t long_delay(Stage& stage) {
  return std::min(kLongDelayMs, stage.claims().limit("delay_max_ms").value_or(kLongDelayMs));
}

template <std::size_t Messages>
void backlog(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Elsewhere elsewhere(stage, session);
  publish_many(stage, session, destination, Messages);
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(100)}));
  if (!consumer.count(Messages)) elsewhere.witness();
}

void one_is_leased(Stage& stage) {
  constexpr std::size_t kOthers = 60;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Elsewhere elsewhere(stage, session);
  const Subscribed slow = stage.subscribe(session, {.destination = destination, .credit = 1});
  const Published stuck =
      stage.publish(session, {.destination = destination, .payload = Payload::text("held")});
  if (!stage.wait_count(session, slow, 1)) return elsewhere.witness();
  stage.recorder().mark("stuck", stuck.message);
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)}));
  publish_many(stage, session, destination, kOthers);
  if (!consumer.count(kOthers)) elsewhere.witness();
}

void one_is_delayed(Stage& stage) {
  constexpr std::size_t kOthers = 30;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Elsewhere elsewhere(stage, session);
  const Published stuck = stage.publish(session, {.destination = destination,
                                                  .payload = Payload::text("later"),
                                                  .delay_ms = long_delay(stage)});
  stage.recorder().mark("stuck", stuck.message);
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)}));
  publish_many(stage, session, destination, kOthers);
  if (!consumer.count(kOthers)) elsewhere.witness();
}

/// Acks what comes, save one message: that is left to the caller.
class Rejecting {
 public:
  Rejecting(Stage& stage, Session& session, Subscribed held, std::uint32_t stuck)
      : stage_(stage), session_(session), held_(std::move(held)), stuck_(stuck) {}

  /// Until `others` messages in all have come, and the stuck one for the `times`th time.
  bool until(std::size_t others, std::size_t times) {
    for (;;) {
      for (const auto deliveries = session_.deliveries(held_); seen_ < deliveries.size(); ++seen_) {
        if (deliveries[seen_].message == stuck_) {
          came_.push_back(deliveries[seen_]);
          continue;
        }
        stage_.ack(session_, deliveries[seen_]);
        ++others_;
      }
      if (others_ >= others && came_.size() >= times) return true;
      const bool more = session_.wait(held_, stage_.patience(),
                                      [&](const auto& now) { return now.size() > seen_; });
      if (!more) return false;
    }
  }

  void reject(std::optional<std::int64_t> delay_ms = {}) {
    if (auto rejected = session_.reject(came_.back(), true, delay_ms); !rejected)
      stage_.give_up("bus/reject", rejected.error());
  }

 private:
  Stage& stage_;
  Session& session_;
  Subscribed held_;
  std::uint32_t stuck_;
  std::vector<Delivered> came_;
  std::size_t seen_ = 0, others_ = 0;
};

void one_is_rejected(Stage& stage) {
  constexpr std::size_t kOthers = 10;
  const std::int64_t most = stage.claims().limit("attempts_max").value_or(4);
  const auto rejects = static_cast<std::size_t>(std::min<std::int64_t>(3, most - 1));
  if (rejects < 2)
    throw stage::Abandoned{Verdict::unverified, "attempts_max leaves no room for two rejects"};
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Elsewhere elsewhere(stage, session);
  const Subscribed held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)});
  const Published stuck =
      stage.publish(session, {.destination = destination, .payload = Payload::text("refused")});
  Rejecting consumer(stage, session, held, stuck.message);
  if (!consumer.until(0, 1)) return elsewhere.witness();
  stage.recorder().mark("stuck", stuck.message);
  for (std::size_t i = 1; i < rejects; ++i) {
    consumer.reject();
    publish_many(stage, session, destination, kOthers);
    if (!consumer.until(i * kOthers, i + 1)) return elsewhere.witness();
  }
  // At last it stays away, or in our hands where the bus knows no delay: silence shows a stall.
  if (stage.claims().trait("queue", "reject_delay") == "any") consumer.reject(long_delay(stage));
  publish_many(stage, session, destination, kOthers);
  if (!consumer.until(rejects * kOthers, rejects)) elsewhere.witness();
}

void corrupt(Stage& stage, const Published& message) {
  auto done = stage.control(
      "ctl/corrupt",
      {{"transaction_id", message.transaction_id}, {"part", "payload"}, {"op", "flip"}, {"at", 0}});
  if (!done) stage.give_up("ctl/corrupt", done.error());
  stage.recorder().mark("stuck", message.message);
}

/// A small one, kept with its queue, and one that the consumer would have to fetch.
void one_is_corrupt(Stage& stage) {
  constexpr std::size_t kOthers = 20;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Elsewhere elsewhere(stage, session);
  std::vector<Payload> payloads = {Payload::text("small")};
  if (const auto inline_max = stage.claims().limit("inline_bytes_max"))
    payloads.push_back(Payload::text(std::string(static_cast<std::size_t>(*inline_max) + 1, 'x')));
  std::vector<Published> stuck;
  for (Payload& payload : payloads)
    stuck.push_back(
        stage.publish(session, {.destination = destination, .payload = std::move(payload)}));
  for (const Published& message : stuck) corrupt(stage, message);
  publish_many(stage, session, destination, kOthers);
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(20)}));
  const bool came = consumer.until([&](const std::vector<Delivered>& deliveries) {
    const auto others =
        std::count_if(deliveries.begin(), deliveries.end(), [&](const Delivered& delivery) {
          return std::none_of(stuck.begin(), stuck.end(), [&](const Published& message) {
            return message.message == delivery.message;
          });
        });
    return others >= static_cast<std::ptrdiff_t>(kOthers);
  });
  if (!came) elsewhere.witness();
}

/// With a lease that is soon over: a bus may notice late that a consumer is gone.
Subscribed subscribe_shortly(Stage& stage, Session& session, const std::string& destination) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(10),
                                   .lease_ms = lease_for(stage, kShortLeaseMs)});
}

/// One round: the poison and two more are taken by a consumer that dies with them, after it has
/// settled what the one before it left.
bool consumer_dies(Stage& stage, const std::string& destination, std::uint32_t poison) {
  Session& session = stage.connect();
  const Subscribed held = subscribe_shortly(stage, session, destination);
  std::set<std::uint32_t> fresh;
  for (const Published& message : publish_many(stage, session, destination, 2))
    fresh.insert(message.message);
  const bool came = session.wait(held, stage.patience(), [&](const auto& deliveries) {
    std::set<std::uint32_t> missing = fresh;
    missing.insert(poison);
    for (const Delivered& delivery : deliveries) missing.erase(delivery.message);
    return missing.empty();
  });
  for (const Delivered& delivery : session.deliveries(held))
    if (delivery.message != poison && !fresh.contains(delivery.message))
      if (auto acked = session.ack(delivery); !acked) continue;  // Too late: it comes again.
  session.cut();
  return came;
}

void consumers_die(Stage& stage) {
  constexpr std::int64_t kAttemptsMost = 25;
  const std::int64_t attempts = stage.claims().limit("attempts_max").value_or(0);
  if (attempts > kAttemptsMost)
    throw stage::Abandoned{Verdict::unverified, "attempts_max is above 25: too many deaths to try"};
  const std::string destination = stage.destination();
  Session& publisher = stage.connect();
  const Published poison =
      stage.publish(publisher, {.destination = destination, .payload = Payload::text("poison")});
  stage.recorder().mark("poison", poison.message);
  for (std::int64_t i = 0; i < attempts; ++i)
    if (!consumer_dies(stage, destination, poison.message)) break;
  Session& last = stage.connect();
  Consumer consumer(stage, last, subscribe_shortly(stage, last, destination));
  // What the dead held is certainly back before the fence is published.
  stage.let_pass(milliseconds(kShortLeaseMs + 200 +
                              stage.claims().limit("redelivery_grace_ms").value_or(1000)));
  consumer.fence(destination);
  const auto until = std::chrono::steady_clock::now() + stage.patience();
  for (bool listed = false; !listed && std::chrono::steady_clock::now() < until;) {
    auto letters = last.call("bus/dead_letters", {{"destination", destination}});
    if (!letters) stage.give_up("bus/dead_letters", letters.error());
    const auto* messages = letters->if_contains("messages");
    listed = messages != nullptr && messages->is_array() && !messages->get_array().empty();
    if (!listed) stage.let_pass(milliseconds(100));
  }
}

/// Its last ack and the next publish cross: in either order, or one right behind the other.
void falls_idle(Stage& stage) {
  constexpr std::size_t kTimes = 120;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Elsewhere elsewhere(stage, session);
  const Subscribed held =
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(2)});
  const targets::Publish wanted{.destination = destination, .payload = Payload::text("wakes")};
  const milliseconds limit =
      stage.patience() + 2 * milliseconds(stage.claims().limit("wakeup_ms").value_or(0));
  stage.publish(session, wanted);
  for (std::size_t i = 1; i <= kTimes; ++i) {
    const auto enough = [&](const auto& deliveries) { return deliveries.size() >= i; };
    if (!session.wait(held, limit, enough)) return elsewhere.witness();
    if (i == kTimes) return;
    const Delivered delivery = session.deliveries(held)[i - 1];
    const bool publish_first = stage.any(0, 1) == 0;
    std::uint32_t publish = publish_first ? session.start_publish(wanted) : 0;
    const std::uint32_t ack = session.start_ack(delivery);
    if (!publish_first) publish = session.start_publish(wanted);
    if (auto acked = session.await_ack(ack); !acked) stage.give_up("bus/ack", acked.error());
    if (auto published = session.await_publish(publish); !published)
      stage.give_up("bus/publish", published.error());
  }
}

/// Accepted at last, though the links were cut; nothing where it is not for as long as one waits.
std::optional<Published> publish_in_the_end(Stage& stage, Session& session,
                                            const std::string& destination) {
  const auto until = std::chrono::steady_clock::now() + stage.patience();
  while (std::chrono::steady_clock::now() < until && !session.closed()) {
    auto published =
        session.publish({.destination = destination, .payload = Payload::text("after a cut")});
    if (published) return *published;
    stage.let_pass(milliseconds(20));
  }
  return std::nullopt;
}

/// Whatever the bus is woken by over its links to the stores is cut; the consumer waits.
void links_are_cut(Stage& stage) {
  constexpr int kCuts = 3;
  stage::Links links = stage.links();
  const auto all = links.all();
  const std::string destination = stage.destination();
  const milliseconds limit =
      stage.patience() + 2 * milliseconds(stage.claims().limit("wakeup_ms").value_or(0));
  for (int cut = 0; cut < kCuts; ++cut) {
    Session& session = stage.connect();
    Elsewhere elsewhere(stage, session);
    const Subscribed held =
        stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(2)});
    elsewhere.witness();
    { const auto reset = links.disturb(all, proxy::Reset{}); }
    const auto published = publish_in_the_end(stage, session, destination);
    if (!published && !session.closed()) return;
    // The bus may rightly end a connection over it.
    if (!published) continue;
    const auto came = [&](const auto& deliveries) {
      return std::any_of(deliveries.begin(), deliveries.end(), [&](const Delivered& delivery) {
        return delivery.message == published->message;
      });
    };
    if (!session.wait(held, limit, came)) return elsewhere.witness();
    for (const Delivered& delivery : session.deliveries(held))
      if (auto acked = session.ack(delivery); !acked) break;
    session.close();
  }
}

constexpr JudgedCase kPast1000[] = {{"QUE-20.past_1000", checkers::judge_drains_past_1000}};
constexpr JudgedCase kPast10000[] = {{"QUE-20.past_10000", checkers::judge_drains_past_10000}};
constexpr JudgedCase kIdle[] = {{"QUE-21.falling_idle", checkers::judge_woken}};
constexpr JudgedCase kCut[] = {{"QUE-21.link_cut", checkers::judge_woken_after_cut}};
constexpr JudgedCase kLeased[] = {{"QUE-22.leased", checkers::judge_leased_holds_up_nobody}};
constexpr JudgedCase kDelayed[] = {{"QUE-22.delayed", checkers::judge_delayed_holds_up_nobody}};
constexpr JudgedCase kRejected[] = {{"QUE-22.rejected", checkers::judge_rejected_holds_up_nobody}};
constexpr JudgedCase kCorrupt[] = {{"QUE-22.corrupt", checkers::judge_corrupt_holds_up_nobody}};
constexpr JudgedCase kDies[] = {{"QUE-23.ends", checkers::judge_crash_loop_ends},
                                {"QUE-23.neighbours", checkers::judge_crash_loop_neighbours}};

constexpr std::array kScenarios = {
    Scenario{.name = "Backlog.QUE_20_drains_10001_messages",
             .cases = kPast10000,
             .bus = stage::Bus::own,
             .run = backlog<10'001>},
    Scenario{
        .name = "Backlog.QUE_20_drains_1001_messages", .cases = kPast1000, .run = backlog<1'001>},
    Scenario{.name = "Backlog.QUE_23_ends_a_crash_loop", .cases = kDies, .run = consumers_die},
    Scenario{.name = "Backlog.QUE_21_wakes_who_falls_idle", .cases = kIdle, .run = falls_idle},
    Scenario{.name = "Backlog.QUE_21_wakes_after_the_links_are_cut",
             .cases = kCut,
             .bus = stage::Bus::own,
             .run = links_are_cut},
    Scenario{.name = "Backlog.QUE_22_a_leased_message_holds_up_nobody",
             .cases = kLeased,
             .run = one_is_leased},
    Scenario{.name = "Backlog.QUE_22_a_delayed_message_holds_up_nobody",
             .cases = kDelayed,
             .run = one_is_delayed},
    Scenario{.name = "Backlog.QUE_22_a_rejected_message_holds_up_nobody",
             .cases = kRejected,
             .run = one_is_rejected},
    Scenario{.name = "Backlog.QUE_22_a_corrupt_message_holds_up_nobody",
             .cases = kCorrupt,
             .run = one_is_corrupt},
};

}  // namespace

std::span<const Scenario> backlog() { return kScenarios; }

}  // namespace busproof::families
