// TTL: what decides when a message ends, what never moves that, and what is refused.
#include <algorithm>
#include <array>

#include "suites/checkers/expiry.hpp"
#include "suites/contract/instant.hpp"
#include "suites/families/families.hpp"

namespace busproof::families {
namespace {

namespace json = boost::json;
using contract::Instant;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Delivered;
using targets::Payload;
using targets::Publish;
using targets::Published;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kMinuteMs = 60'000;

/// That long, or a part of the largest time to live where that is shorter.
std::int64_t life(const Stage& stage, std::int64_t wanted_ms) {
  const auto most = stage.claims().limit("ttl_max_ms");
  return most ? std::min(wanted_ms, *most) : wanted_ms;
}

void look(Stage& stage, Session& session, const Published& message) {
  if (auto seen = session.inspect(message); !seen) stage.give_up("bus/inspect", seen.error());
}

/// What the bus' clock said a moment ago: when it made a message just published.
Instant bus_clock(Stage& stage, Session& session, const std::string& destination) {
  const Published probe = stage.publish(session, {.destination = destination});
  auto seen = session.inspect(probe);
  if (!seen) stage.give_up("bus/inspect", seen.error());
  const auto* text = seen->if_contains("created_at");
  const auto created = text != nullptr && text->is_string()
                           ? contract::instant_from(std::string_view(text->get_string()))
                           : std::nullopt;
  if (!created)
    throw stage::Abandoned{contract::Verdict::blocked, "bus/inspect tells no created_at"};
  return *created;
}

json::object at(std::string_view attribute, Instant instant) {
  return {{attribute, contract::to_rfc3339(instant)}};
}

void decides_expires_at(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Instant now = bus_clock(stage, session, destination);
  // Short beside whatever the default is, but nothing that ends while this runs.
  const std::int64_t longer = life(stage, 20 * kMinuteMs), shorter = longer / 2;
  const Instant sooner = now + milliseconds(shorter), later = now + milliseconds(longer);
  const std::vector<Publish> wanted = {
      {.destination = destination},
      {.destination = destination, .ttl_ms = shorter},
      {.destination = destination, .ttl_ms = stage.any(shorter, longer)},
      {.destination = destination, .attributes = at("expirytime", sooner)},
      {.destination = destination, .ttl_ms = longer, .attributes = at("expirytime", sooner)},
      {.destination = destination, .ttl_ms = shorter, .attributes = at("expirytime", later)},
  };
  for (const Publish& publish : wanted) look(stage, session, stage.publish(session, publish));
}

/// Every way in which an end can be said, of messages that wait, are delayed or have been given
/// back.
void keeps_expiry(Stage& stage) {
  const std::string destination = stage.destination();
  std::vector<Published> messages;
  {
    Session& before = stage.connect();
    const Instant now = bus_clock(stage, before, destination);
    const std::int64_t longer = life(stage, 20 * kMinuteMs), shorter = longer / 2;
    // Not a whole second: what keeps seconds alone shows.
    const json::object sooner = at("expirytime", now + milliseconds(shorter / 1000 * 1000 + 357));
    std::vector<Publish> wanted = {
        {.destination = destination},
        {.destination = destination, .ttl_ms = stage.any(shorter, longer)},
        {.destination = destination, .attributes = sooner},
        {.destination = destination, .ttl_ms = longer, .attributes = sooner},
    };
    if (stage.claims().has("delay"))
      wanted.push_back({.destination = destination, .ttl_ms = shorter, .delay_ms = kMinuteMs});
    for (const Publish& publish : wanted) {
      messages.push_back(stage.publish(before, publish));
      look(stage, before, messages.back());
    }
  }
  stage.stop_bus();
  stage.start_bus();
  Session& after = stage.connect();
  for (const Published& message : messages) look(stage, after, message);
}

void senders_clock_is_wrong(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Instant now = bus_clock(stage, session, destination);
  const std::int64_t ttl = life(stage, 10 * kMinuteMs);
  look(stage, session, stage.publish(session, {.destination = destination, .ttl_ms = ttl}));
  using std::chrono::hours;
  for (const Instant off : {Instant(hours(1)), Instant(-hours(1)), Instant(hours(24 * 365)),
                            Instant(-hours(24 * 365 * 20))}) {
    const Published message =
        stage.publish(session, {.destination = destination,
                                .payload = Payload::text("sent by a wrong clock"),
                                .ttl_ms = ttl,
                                .attributes = at("time", now + off)});
    auto seen = session.inspect(message);
    auto read = session.retrieve(message);
    if (!seen && !read) return;
  }
}

/// Each is asked for once; an answer of any kind is the judges' to weigh.
void ask_for_nonsense(Session& session, const std::vector<Publish>& wanted) {
  for (const Publish& publish : wanted)
    if (auto answer = session.publish(publish); !answer && session.closed()) return;
}

void nonsense_is_refused(Stage& stage) {
  const bool queue = stage.claims().has("queue");
  const Publish plain{.destination = stage.destination(), .mode = queue ? "queue" : "topic"};
  std::vector<Publish> wanted;
  const auto add = [&](std::int64_t ttl_ms) {
    wanted.push_back(plain);
    wanted.back().ttl_ms = ttl_ms;
  };
  for (const std::int64_t ttl_ms : {0LL, -1LL, -3'600'000LL, -9'007'199'254'740'991LL}) add(ttl_ms);
  if (const auto most = stage.claims().limit("ttl_max_ms")) {
    add(*most + 1);
    add(*most * 2);
  }
  add(9'007'199'254'740'991LL);
  Session& session = stage.connect();
  stage.publish(session, plain);
  ask_for_nonsense(session, wanted);
}

void past_is_refused(Stage& stage) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Instant now = bus_clock(stage, session, destination);
  std::vector<Publish> wanted;
  using namespace std::chrono;
  for (const Instant ago :
       {Instant(seconds(5)), Instant(hours(1)), Instant(hours(24 * 365 * 20))}) {
    wanted.push_back({.destination = destination, .attributes = at("expirytime", now - ago)});
    // A time to live that makes sense does not mend it.
    wanted.push_back(wanted.back());
    wanted.back().ttl_ms = life(stage, kMinuteMs);
  }
  ask_for_nonsense(session, wanted);
}

/// A message of its own, delivered once, inspected.
struct Held {
  Session& session;
  Published message;
  Subscribed subscription;
  Delivered delivery;
};

Held hold(Stage& stage, Session& session) {
  const std::string destination = stage.destination();
  const Published message = stage.publish(session, {.destination = destination,
                                                    .payload = Payload::text("ends when it ends"),
                                                    .ttl_ms = life(stage, kMinuteMs)});
  const Subscribed subscription =
      stage.subscribe(session, {.destination = destination, .credit = 1});
  if (!stage.wait_count(session, subscription, 1))
    throw stage::Abandoned{contract::Verdict::blocked, "the message was not delivered"};
  look(stage, session, message);
  return {session, message, subscription, session.deliveries(subscription).front()};
}

// Long enough to tell a life begun anew from the old one.
constexpr milliseconds kMeanwhile{250};

void redelivery_moves_nothing(Stage& stage) {
  Held held = hold(stage, stage.connect());
  stage.let_pass(kMeanwhile);
  if (auto done = held.session.reject(held.delivery, true); !done)
    stage.give_up("bus/reject", done.error());
  stage.wait_count(held.session, held.subscription, 2);
  look(stage, held.session, held.message);
}

void extension_moves_nothing(Stage& stage) {
  Held held = hold(stage, stage.connect());
  stage.let_pass(kMeanwhile);
  const auto lease = stage.claims().limit("lease_default_ms").value_or(kMinuteMs / 2);
  if (auto done = held.session.extend(held.delivery, lease); !done)
    stage.give_up("bus/extend", done.error());
  look(stage, held.session, held.message);
}

void redrive_moves_nothing(Stage& stage) {
  stage.need("dead_letter");
  Held held = hold(stage, stage.connect());
  if (auto done = held.session.reject(held.delivery, false); !done)
    stage.give_up("bus/reject", done.error());
  stage.let_pass(kMeanwhile);
  auto driven = held.session.call("bus/redrive", {{"destination", held.delivery.destination}});
  if (!driven) stage.give_up("bus/redrive", driven.error());
  look(stage, held.session, held.message);
}

constexpr JudgedCase kLife[] = {{"TTL-1.default", checkers::judge_default_life},
                                {"TTL-1.explicit", checkers::judge_explicit_life},
                                {"TTL-1.expirytime", checkers::judge_expirytime}};
constexpr JudgedCase kSendersClock[] = {{"TTL-2.senders_clock", checkers::judge_senders_clock}};
constexpr JudgedCase kNonsense[] = {{"TTL-7.zero", checkers::judge_zero_refused},
                                    {"TTL-7.negative", checkers::judge_negative_refused},
                                    {"TTL-7.overflow", checkers::judge_overflow_refused}};
constexpr JudgedCase kPast[] = {{"TTL-7.past", checkers::judge_past_refused}};
constexpr JudgedCase kRedelivery[] = {{"TTL-8.redelivery", checkers::judge_redelivery_keeps}};
constexpr JudgedCase kExtension[] = {{"TTL-8.extension", checkers::judge_extension_keeps}};
constexpr JudgedCase kRedrive[] = {{"TTL-8.redrive", checkers::judge_redrive_keeps}};

constexpr JudgedCase kSurvives[] = {{"DUR-5.expiry", checkers::judge_expiry_survives}};

constexpr std::array kScenarios = {
    Scenario{.name = "Restart.DUR_5_keeps_expiry",
             .cases = kSurvives,
             .bus = stage::Bus::own,
             .run = keeps_expiry},
    Scenario{.name = "Ttl.TTL_1_decides_expires_at", .cases = kLife, .run = decides_expires_at},
    Scenario{.name = "Ttl.TTL_2_senders_clock_is_wrong",
             .cases = kSendersClock,
             .run = senders_clock_is_wrong},
    Scenario{
        .name = "Ttl.TTL_7_nonsense_is_refused", .cases = kNonsense, .run = nonsense_is_refused},
    Scenario{.name = "Ttl.TTL_7_past_is_refused", .cases = kPast, .run = past_is_refused},
    Scenario{.name = "Ttl.TTL_8_redelivery_moves_nothing",
             .cases = kRedelivery,
             .run = redelivery_moves_nothing},
    Scenario{.name = "Ttl.TTL_8_extension_moves_nothing",
             .cases = kExtension,
             .run = extension_moves_nothing},
    Scenario{
        .name = "Ttl.TTL_8_redrive_moves_nothing", .cases = kRedrive, .run = redrive_moves_nothing},
};

}  // namespace

std::span<const Scenario> expiry() { return kScenarios; }

}  // namespace busproof::families
