// ROUTE: both ways side by side. The boundary itself is in payload.cpp.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "suites/checkers/payload.hpp"
#include "suites/checkers/routes.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"

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
using targets::Publish;
using targets::Session;
using targets::Subscribed;

constexpr std::int64_t kLeaseMs = 600, kTtlMs = 600;

std::size_t limit_of(Stage& stage) {
  const auto limit = stage.claims().limit("inline_bytes_max");
  if (!limit) throw Abandoned{Verdict::unverified, "inline_bytes_max is not declared"};
  return static_cast<std::size_t>(*limit);
}

/// That payload, if a message can carry it.
Payload carried(Stage& stage, Payload payload) {
  if (!fits(stage.claims(), payload))
    throw Abandoned{Verdict::unverified, "no message carries a payload above the inline limit"};
  return payload;
}

Publish with(Payload payload) {
  Publish made;
  made.payload = std::move(payload);
  return made;
}

Payload small() { return Payload::text("goes inline"); }

Payload large(Stage& stage) {
  return carried(stage, Payload::text(std::string(limit_of(stage) + 1, 'r')));
}

Subscribed subscribe(Stage& stage, Session& session, const std::string& destination,
                     std::int64_t credit, std::optional<std::int64_t> lease_ms = {}) {
  return stage.subscribe(
      session,
      {.destination = destination, .credit = stage.credit_for(credit), .lease_ms = lease_ms});
}

/// Publishes each, takes its delivery, and retrieves it if wanted and where there is a store.
void through(Stage& stage, const std::vector<Publish>& all, bool read = true) {
  stage.need("queue");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(stage, session, subscribe(stage, session, destination, 5));
  std::size_t sent = 0;
  for (Publish wanted : all) {
    wanted.destination = destination;
    const auto published = stage.publish(session, wanted);
    if (!consumer.count(++sent)) return;
    if (read && stage.claims().has("store"))
      if (auto bytes = session.retrieve(published); !bytes && session.closed()) return;
  }
}

void below_and_at(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  std::vector<Publish> all;
  for (const std::size_t size : {limit, limit / 2, limit / 16, std::min<std::size_t>(limit, 20)}) {
    all.push_back(with(carried(stage, Payload::text(std::string(size, 'i')))));
    all.push_back(with(carried(stage, Payload::binary(random_bytes(stage, size / 2)))));
  }
  through(stage, all);
}

void above(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  through(stage, {with(large(stage)),
                  with(carried(stage, Payload::binary(random_bytes(stage, limit + 100)))),
                  with(carried(stage, Payload::text(std::string(limit + limit / 2 + 1, 'r'))))});
}

/// base64 makes four of three: sent as text of that length it lies on the other side.
void base64(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  through(stage, {with(carried(stage, Payload::binary(random_bytes(stage, limit)))),
                  with(carried(stage, Payload::binary(random_bytes(stage, limit + 1)))),
                  with(carried(stage, Payload::binary(random_bytes(stage, limit * 4 / 5))))});
}

void compressible(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  std::string text;
  while (text.size() <= limit) text += "the same words again and again; ";
  through(stage, {with(carried(stage, Payload::text(std::string(limit + 1, 'a')))),
                  with(carried(stage, Payload::binary(std::string(limit + 1, '\0')))),
                  with(carried(stage, Payload::text(text)))});
}

/// Characters of two, three and four bytes: in each way of counting them fewer than the limit.
void characters(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  std::vector<Publish> all;
  for (const std::string_view character : {"é", "数", "😀"}) {
    std::string text;
    while (text.size() <= limit) text += character;
    all.push_back(with(carried(stage, Payload::text(text))));
  }
  through(stage, all);
}

/// The reader has not published it: what it retrieves it can only have from the store.
void read_elsewhere(Stage& stage) {
  constexpr std::size_t kMessages = 5;
  stage.need("queue");
  Session& publisher = stage.connect();
  Session& consumes = stage.connect();
  Session& reads = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, consumes, destination, kMessages);
  for (std::size_t i = 0; i < kMessages; ++i) {
    const std::uint32_t under_way =
        publisher.start_publish({.destination = destination, .payload = large(stage)});
    // Read as soon as it has come, whether or not its publish has been answered.
    if (!stage.wait_count(consumes, held, i + 1)) return;
    const Delivered came = consumes.deliveries(held).back();
    targets::Published arrived;
    arrived.message = came.message;
    arrived.transaction_id = came.transaction_id;
    if (auto read = reads.retrieve(arrived); !read && reads.closed()) return;
    if (auto published = publisher.await_publish(under_way); !published)
      stage.give_up("bus/publish", published.error());
    stage.ack(consumes, came);
  }
}

void contents(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  std::vector<Publish> all;
  for (const std::size_t size : {limit, limit + 1}) {
    std::string json = "{\"a\":\"" + std::string(size, 'j');
    json.resize(size - 2);
    json += "\"}";
    for (const std::string& bytes : {std::string(size, 'a'), std::string(size, ' '), json})
      all.push_back(with(carried(stage, Payload::text(bytes))));
    for (const std::string& bytes : {std::string(size, '\0'), random_bytes(stage, size)})
      all.push_back(with(carried(stage, Payload::binary(bytes))));
  }
  through(stage, all, false);
}

void metadata(Stage& stage) {
  const std::size_t limit = limit_of(stage);
  std::vector<Publish> all;
  for (const std::size_t size : {limit, limit + 1}) {
    const Publish plain = with(carried(stage, Payload::text(std::string(size, 'm'))));
    all.push_back(plain);
    for (const char* name : {"correlationid", "toolname", "providername", "ownextension"}) {
      all.push_back(plain);
      all.back().attributes = {{name, std::string(200, 'v')}};
    }
    all.push_back(plain);
    all.back().attributes = {{"type", "another.type"}, {"messagetype", "command"}};
    if (!stage.claims().has("priority")) continue;
    for (const char* end : {"priority.min", "priority.max"}) {
      all.push_back(plain);
      all.back().priority = stage.claims().limit(end);
    }
  }
  through(stage, all, false);
}

/// Publishes inline and by reference in turn, `large_every`th by reference.
std::size_t publish_mixed(Stage& stage, Session& session, const std::string& destination,
                          std::size_t count, std::size_t large_every, const Publish& like = {}) {
  for (std::size_t i = 0; i < count; ++i) {
    Publish wanted = like;
    wanted.destination = destination;
    wanted.payload = i % large_every == large_every / 2 ? large(stage) : small();
    stage.publish(session, wanted);
  }
  return count;
}

void mixed_order(Stage& stage) {
  constexpr std::size_t kMessages = 16;
  Session& session = stage.connect();
  Session& other = stage.many_connections() ? stage.connect() : session;
  const std::string destination = stage.destination();
  Consumer consumer(stage, session, subscribe(stage, session, destination, 10));
  for (std::size_t i = 0; i < kMessages; ++i)
    stage.publish(i % 3 == 0 ? other : session,
                  {.destination = destination, .payload = i % 4 == 2 ? large(stage) : small()});
  consumer.count(kMessages);
}

void mixed_priority(Stage& stage) {
  constexpr std::size_t kMessages = 16;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = stage.subscribe(session, {.destination = destination, .credit = 0});
  const std::int64_t least = stage.claims().limit("priority.min").value_or(0);
  const std::int64_t most = stage.claims().limit("priority.max").value_or(9);
  for (std::size_t i = 0; i < kMessages; ++i) {
    const bool by_reference = i % 4 == 1;
    stage.publish(session, {.destination = destination,
                            .payload = by_reference ? large(stage) : small(),
                            .priority = i % 8 == 1   ? most
                                        : i % 8 == 5 ? least
                                                     : stage.any(least, most)});
  }
  stage.credit(session, held, stage.credit_for(10));
  Consumer(stage, session, held).count(kMessages);
}

void mixed_lease(Stage& stage) {
  constexpr std::size_t kMessages = 4;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  if (stage.credit_for(kMessages + 1) <= static_cast<std::int64_t>(kMessages))
    throw Abandoned{Verdict::unverified, "the credit is too small to hold both ways at once"};
  const Subscribed held = subscribe(stage, session, destination, kMessages + 1, kLeaseMs);
  publish_mixed(stage, session, destination, kMessages, 2);
  const milliseconds due(kLeaseMs + stage.claims().limit("redelivery_grace_ms").value_or(1000));
  const bool came = session.wait(held, due + milliseconds(500), [](const auto& deliveries) {
    std::map<std::uint32_t, int> times;
    for (const Delivered& delivery : deliveries) ++times[delivery.message];
    return times.size() >= kMessages &&
           std::all_of(times.begin(), times.end(), [](auto& entry) { return entry.second > 1; });
  });
  if (!came) stage.let_pass(due);
  stage.fence(session, held, destination);
}

void mixed_expiry(Stage& stage) {
  stage.need("store");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  std::vector<targets::Published> all;
  for (const bool by_reference : {false, true, false, true})
    all.push_back(stage.publish(session, {.destination = destination,
                                          .payload = by_reference ? large(stage) : small(),
                                          .ttl_ms = kTtlMs}));
  for (const auto& published : all)
    if (auto read = session.retrieve(published); !read && session.closed()) return;
  stage.let_pass(milliseconds(kTtlMs + 50 + stage.claims().limit("ttl_grace_ms").value_or(0) +
                              stage.claims().limit("time_granularity_ms").value_or(1)));
  for (const auto& published : all)
    if (auto read = session.retrieve(published); !read && session.closed()) return;
}

/// Asks until `enough`, or until it should long have been.
template <typename Enough>
void ask_until(Stage& stage, Enough enough) {
  const auto over =
      history::now() + milliseconds(500 + stage.claims().limit_or_default("counts_settle_ms"));
  while (!enough() && history::now() < over) stage.let_pass(milliseconds(20));
  if (history::now() >= over) enough();
}

void mixed_dead_letters(Stage& stage) {
  constexpr std::size_t kMessages = 4;
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const Subscribed held = subscribe(stage, session, destination, kMessages);
  publish_mixed(stage, session, destination, kMessages, 2);
  for (std::size_t i = 0; i < kMessages; ++i) {
    if (!stage.wait_count(session, held, i + 1)) return;
    if (auto done = session.reject(session.deliveries(held)[i], false, {}, "unwanted"); !done)
      stage.give_up("bus/reject", done.error());
  }
  ask_until(stage, [&] {
    auto letters = session.call("bus/dead_letters", {{"destination", destination}});
    if (!letters) stage.give_up("bus/dead_letters", letters.error());
    const auto* all = letters->if_contains("messages");
    return all != nullptr && all->is_array() && all->get_array().size() >= kMessages;
  });
}

void mixed_counts(Stage& stage) {
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  const std::size_t sent = publish_mixed(stage, session, destination, 6, 3);
  ask_until(stage, [&] {
    auto counts = session.pending(destination);
    if (!counts) stage.give_up("bus/pending", counts.error());
    return history::number_of(*counts, "ready") == static_cast<std::int64_t>(sent);
  });
}

constexpr JudgedCase kInline[] = {{"ROUTE-1.delivered_inline", checkers::judge_inline_delivered},
                                  {"ROUTE-1.retrievable", checkers::judge_inline_retrievable}};
constexpr JudgedCase kReference[] = {
    {"ROUTE-2.reference", checkers::judge_reference_stated},
    {"ROUTE-2.no_payload", checkers::judge_reference_bare},
    {"ROUTE-2.retrievable", checkers::judge_reference_retrievable}};
constexpr JudgedCase kBase64[] = {{"ROUTE-3.base64", checkers::judge_routes}};
constexpr JudgedCase kCompressible[] = {{"ROUTE-4.compressible", checkers::judge_routes}};
constexpr JudgedCase kCharacters[] = {{"ROUTE-4.characters", checkers::judge_routes}};
constexpr JudgedCase kElsewhere[] = {
    {"ROUTE-7.any_connection", checkers::judge_retrievable_elsewhere}};
constexpr JudgedCase kContent[] = {{"ROUTE-11.content", checkers::judge_same_way}};
constexpr JudgedCase kMetadata[] = {{"ROUTE-11.metadata", checkers::judge_same_way}};
constexpr JudgedCase kOrder[] = {{"ROUTE-12.order", checkers::judge_mixed_order}};
constexpr JudgedCase kPriority[] = {{"ROUTE-12.priority", checkers::judge_mixed_priority}};
constexpr JudgedCase kLease[] = {{"ROUTE-12.lease", checkers::judge_mixed_lease}};
constexpr JudgedCase kExpiry[] = {{"ROUTE-12.expiry", checkers::judge_mixed_expiry}};
constexpr JudgedCase kDead[] = {{"ROUTE-12.dead_letter", checkers::judge_mixed_dead_letters}};
constexpr JudgedCase kCounts[] = {{"ROUTE-12.counts", checkers::judge_mixed_counts}};

constexpr std::array kScenarios = {
    Scenario{.name = "Route.ROUTE_12_expires_alike", .cases = kExpiry, .run = mixed_expiry},
    Scenario{.name = "Route.ROUTE_12_leases_end_alike", .cases = kLease, .run = mixed_lease},
    Scenario{.name = "Route.ROUTE_1_small_goes_inline", .cases = kInline, .run = below_and_at},
    Scenario{.name = "Route.ROUTE_2_large_goes_by_reference", .cases = kReference, .run = above},
    Scenario{.name = "Route.ROUTE_3_counts_decoded_bytes", .cases = kBase64, .run = base64},
    Scenario{.name = "Route.ROUTE_4_not_by_what_compresses",
             .cases = kCompressible,
             .run = compressible},
    Scenario{.name = "Route.ROUTE_4_not_by_characters", .cases = kCharacters, .run = characters},
    Scenario{.name = "Route.ROUTE_7_retrieved_on_another_connection",
             .cases = kElsewhere,
             .run = read_elsewhere},
    Scenario{.name = "Route.ROUTE_11_whatever_it_holds", .cases = kContent, .run = contents},
    Scenario{.name = "Route.ROUTE_11_whatever_is_said_of_it", .cases = kMetadata, .run = metadata},
    Scenario{.name = "Route.ROUTE_12_in_order_alike", .cases = kOrder, .run = mixed_order},
    Scenario{.name = "Route.ROUTE_12_by_priority_alike", .cases = kPriority, .run = mixed_priority},
    Scenario{.name = "Route.ROUTE_12_dead_alike", .cases = kDead, .run = mixed_dead_letters},
    Scenario{.name = "Route.ROUTE_12_counted_alike", .cases = kCounts, .run = mixed_counts},
};

}  // namespace

std::span<const Scenario> route() { return kScenarios; }

}  // namespace busproof::families
