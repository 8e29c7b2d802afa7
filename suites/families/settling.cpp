// QUE: settling that comes too late, twice, for nothing or on the wrong connection.
#include <algorithm>
#include <array>

#include "suites/checkers/late_settling.hpp"
#include "suites/checkers/stray_settling.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/waits.hpp"

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
constexpr std::int64_t kShortLeaseMs = 400;
constexpr std::int64_t kCredit = 20;

std::size_t some_messages(const Stage& stage, std::int64_t wanted) {
  // One less than the window at the most: the fence needs a place in it, too.
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(stage.credit_for(kCredit) - 1, 1, wanted));
}

milliseconds grace(const Stage& stage) {
  return milliseconds(stage.claims().limit("redelivery_grace_ms").value_or(1000));
}

/// A first member has the messages until their leases end; from then on a second has them.
void settled_too_late(Stage& stage, void (*settle)(Stage&, Session&, const Delivered&)) {
  const std::size_t messages = some_messages(stage, 4);
  const std::string destination = stage.destination();
  const targets::Subscribe wanted{.destination = destination,
                                  .credit = stage.credit_for(kCredit),
                                  .lease_ms = lease_for(stage, kShortLeaseMs)};
  Session& first = stage.connect();
  Session& second = stage.many_connections() ? stage.connect() : first;
  const Subscribed former = stage.subscribe(first, wanted);
  publish_many(stage, first, destination, messages);
  if (!stage.wait_count(first, former, messages)) return;
  stage.credit(first, former, 0);
  const Subscribed holder = stage.subscribe(second, wanted);
  const milliseconds due = milliseconds(kShortLeaseMs + 500) + grace(stage);
  const bool came_once =
      second.wait(holder, due, [&](const auto& came) { return came.size() >= messages; });
  if (!came_once) return;
  const auto lost = first.deliveries(former);
  for (std::size_t i = 0; i < messages; ++i) settle(stage, first, lost[i]);
  // What the holder leaves alone comes again, whatever its former holder did.
  Consumer consumer(stage, second, holder, messages);
  const bool came_twice =
      consumer.within(due, [&](const auto& came) { return came.size() >= 2 * messages; });
  if (!came_twice) stage.let_pass(due);
  consumer.fence(destination);
}

// Whether it is refused, and what follows, is the judges' to weigh.
void look_at(Stage& stage, Session& session, const contract::Result<void>& done) {
  if (!done && session.closed()) stage.give_up("settling", done.error());
}

void acked_too_late(Stage& stage) {
  settled_too_late(stage, [](Stage& on, Session& session, const Delivered& delivery) {
    look_at(on, session, session.ack(delivery));
  });
}

void rejected_too_late(Stage& stage) {
  settled_too_late(stage, [](Stage& on, Session& session, const Delivered& delivery) {
    look_at(on, session, session.reject(delivery, delivery.number % 2 == 0));
  });
}

void extended_too_late(Stage& stage) {
  settled_too_late(stage, [](Stage& on, Session& session, const Delivered& delivery) {
    const bool any = on.claims().trait("queue", "extend") == "any";
    const std::int64_t lease = any ? *lease_for(on, kLongLeaseMs) : kShortLeaseMs;
    look_at(on, session, session.extend(delivery, lease));
  });
}

void acked_between(Stage& stage) {
  constexpr milliseconds kBeyond{100};
  const std::size_t messages = some_messages(stage, 4);
  const std::string destination = stage.destination();
  Session& session = stage.connect();
  const Subscribed held = stage.subscribe(session, {.destination = destination,
                                                    .credit = stage.credit_for(kCredit),
                                                    .lease_ms = lease_for(stage, kShortLeaseMs)});
  publish_many(stage, session, destination, messages);
  if (!stage.wait_count(session, held, messages)) return;
  stage.credit(session, held, 0);
  let_be_over(stage, history::now(), milliseconds(kShortLeaseMs) + grace(stage) + kBeyond);
  const auto lost = session.deliveries(held);
  for (const Delivered& delivery : lost) look_at(stage, session, session.ack(delivery));
  stage.credit(session, held, stage.credit_for(kCredit));
  Consumer consumer(stage, session, held, lost.size());
  consumer.within(milliseconds(500),
                  [&](const auto& came) { return came.size() >= lost.size() + messages; });
  consumer.fence(destination);
}

Subscribed long_lease(Stage& stage, Session& session, const std::string& destination) {
  return stage.subscribe(session, {.destination = destination,
                                   .credit = stage.credit_for(kCredit),
                                   .lease_ms = lease_for(stage, kLongLeaseMs)});
}

void acked_twice(Stage& stage) {
  constexpr std::size_t kMessages = 40;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = long_lease(stage, session, destination);
  publish_many(stage, session, destination, kMessages);
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
  // The oldest first: what was settled long ago is forgotten first.
  for (const Delivered& delivery : session.deliveries(held))
    look_at(stage, session, session.ack(delivery));
  consumer.fence(destination);
}

void acked_what_never_was(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = long_lease(stage, session, destination);
  publish_many(stage, session, destination, 1);
  if (!stage.wait_count(session, held, 1)) return;
  const std::string real = session.deliveries(held).front().delivery_id;
  for (const std::string& id :
       {std::string("no-such-delivery"), real + "-0", "x" + real,
        std::string("00000000-0000-0000-0000-000000000000"), std::string("größer als \"alles\"")}) {
    Delivered never;
    never.delivery_id = id;
    never.subscription = held.number;
    look_at(stage, session, session.ack(never));
  }
  Consumer consumer(stage, session, held);
  consumer.fence(destination);
}

void rejected_after_ack(Stage& stage) {
  constexpr std::size_t kMessages = 8;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = long_lease(stage, session, destination);
  publish_many(stage, session, destination, kMessages);
  Consumer consumer(stage, session, held);
  consumer.count(kMessages);
  const auto acked = session.deliveries(held);
  for (std::size_t i = 0; i < kMessages; ++i)
    look_at(stage, session, session.reject(acked[i], i % 2 == 0));
  consumer.fence(destination);
  if (!stage.claims().has("dead_letter")) return;
  if (auto listed = session.call("bus/dead_letters", {{"destination", destination}}); !listed)
    stage.give_up("bus/dead_letters", listed.error());
}

void settled_elsewhere(Stage& stage) {
  const std::size_t messages = some_messages(stage, 6);
  const std::string destination = stage.destination();
  const bool frees = stage.claims().trait("queue", "release") == "frees";
  const targets::Subscribe wanted{.destination = destination,
                                  .credit = stage.credit_for(kCredit),
                                  .lease_ms = lease_for(stage, frees ? kLongLeaseMs : 1'000)};
  Session& home = stage.connect();
  const Subscribed held = stage.subscribe(home, wanted);
  publish_many(stage, home, destination, messages);
  if (!stage.wait_count(home, held, messages)) return;
  Session& heir = stage.connect();
  const Subscribed inherited = stage.subscribe(heir, wanted);
  Session& stranger = stage.connect();
  const auto deliveries = home.deliveries(held);
  for (std::size_t i = 0; i < messages; ++i)
    look_at(stage, stranger,
            i % 3 == 0 ? stranger.ack(deliveries[i]) : stranger.reject(deliveries[i], i % 3 == 1));
  home.close();
  Consumer consumer(stage, heir, inherited);
  const milliseconds due = grace(stage) + milliseconds(frees ? 500 : 1'500);
  const bool came =
      consumer.within(due, [&](const auto& again) { return messages_in(again) >= messages; });
  if (!came) stage.let_pass(due);
  consumer.fence(destination);
}

constexpr JudgedCase kLateAck[] = {{"QUE-8.ack", checkers::judge_late_ack}};
constexpr JudgedCase kLateReject[] = {{"QUE-8.reject", checkers::judge_late_reject}};
constexpr JudgedCase kLateExtend[] = {{"QUE-8.extend", checkers::judge_late_extend}};
constexpr JudgedCase kBetween[] = {{"QUE-8.between", checkers::judge_ack_between}};
constexpr JudgedCase kTwice[] = {{"QUE-9.double_ack", checkers::judge_double_ack}};
constexpr JudgedCase kUnknown[] = {{"QUE-9.unknown_id", checkers::judge_unknown_id}};
constexpr JudgedCase kAfterAck[] = {{"QUE-9.reject_after_ack", checkers::judge_reject_after_ack}};
constexpr JudgedCase kElsewhere[] = {{"QUE-9.other_connection", checkers::judge_other_connection}};

constexpr std::array kScenarios = {
    Scenario{.name = "Settling.QUE_8_acked_between", .cases = kBetween, .run = acked_between},
    Scenario{.name = "Settling.QUE_8_acked_too_late", .cases = kLateAck, .run = acked_too_late},
    Scenario{
        .name = "Settling.QUE_8_rejected_too_late", .cases = kLateReject, .run = rejected_too_late},
    Scenario{
        .name = "Settling.QUE_8_extended_too_late", .cases = kLateExtend, .run = extended_too_late},
    Scenario{.name = "Settling.QUE_9_acked_twice", .cases = kTwice, .run = acked_twice},
    Scenario{.name = "Settling.QUE_9_acked_what_never_was",
             .cases = kUnknown,
             .run = acked_what_never_was},
    Scenario{
        .name = "Settling.QUE_9_rejected_after_ack", .cases = kAfterAck, .run = rejected_after_ack},
    Scenario{
        .name = "Settling.QUE_9_settled_elsewhere", .cases = kElsewhere, .run = settled_elsewhere},
};

}  // namespace

std::span<const Scenario> settling() { return kScenarios; }

}  // namespace busproof::families
