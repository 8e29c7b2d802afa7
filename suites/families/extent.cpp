// ROUTE-5, ROUTE-6: how much a bus takes, disabled and at its limit.
#include <algorithm>
#include <array>
#include <optional>

#include "suites/checkers/extent.hpp"
#include "suites/checkers/statistics.hpp"
#include "suites/families/consumer.hpp"
#include "suites/families/families.hpp"
#include "suites/families/payloads.hpp"
#include "suites/families/statistics_program.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::JudgedCase;
using stage::milliseconds;
using stage::Scenario;
using stage::Stage;
using targets::Payload;
using targets::Session;

constexpr std::int64_t kEnvelope = 2048, kCarriedMost = 64 << 20;
constexpr std::string_view kSmall = "limits.small", kDisabled = "bus.disabled";

/// Whether one message carries a payload of that many bytes, sent as text.
bool carries(const contract::Claims& claims, std::int64_t size) {
  const auto most = claims.limit("message_bytes_max");
  return size + kEnvelope <= std::min(most.value_or(kCarriedMost), kCarriedMost);
}

/// The largest payload of a bus that can be sent more than that: as it is, else its small variant.
std::int64_t start_within_reach(Stage& stage) {
  const auto largest = [&]() -> std::optional<std::int64_t> {
    const auto declared = stage.claims().limit("payload_bytes_max");
    return declared && carries(stage.claims(), *declared + 2) ? declared : std::nullopt;
  };
  if (const auto most = largest()) return *most;
  stage.need_variant(kSmall);
  stage.stop_bus();
  stage.start_bus(kSmall);
  if (const auto most = largest()) return *most;
  throw Abandoned{Verdict::unverified, "no message carries a payload above payload_bytes_max"};
}

/// Publishes what must not be taken. False when the connection ended over it.
bool publish_marked(Stage& stage, Session& session, const char* mark, targets::Publish wanted) {
  const std::uint32_t under_way = session.start_publish(wanted);
  stage.recorder().mark(mark, session.message_under_way(under_way));
  const auto published = session.await_publish(under_way);
  return published || !session.closed();
}

/// The statistics of a bus at rest.
void ask_counts(Stage& stage, Session& session, const std::string& destination) {
  static constexpr std::array<checkers::Judge, 1> kJudges = {checkers::judge_group_counts};
  if (!stage.claims().has("stats")) return;
  // And what the judges allow the harness itself.
  stage.let_pass(milliseconds(stage.claims().limit_or_default("counts_settle_ms") + 200));
  ask_statistics(stage, session, destination, kJudges);
}

void beyond_the_largest(Stage& stage) {
  const std::int64_t most = start_within_reach(stage);
  const auto size = static_cast<std::size_t>(most);
  const std::string mode = stage.mode();
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination,
                                .mode = mode,
                                .credit = mode == "queue" ? std::optional(stage.credit_for(10))
                                                          : std::nullopt}));
  const auto like = [&](Payload payload) {
    return targets::Publish{
        .destination = destination, .mode = mode, .payload = std::move(payload)};
  };
  stage.publish(session, like(Payload::text(std::string(size, 'l'))));
  consumer.count(1);
  ask_counts(stage, session, destination);
  std::string wide;
  while (wide.size() <= size) wide += "é";
  std::vector<Payload> beyond = {Payload::text(std::string(size + 1, 'b')),
                                 Payload::text(std::move(wide))};
  if (carries(stage.claims(), (most + 3) / 3 * 4))
    beyond.push_back(Payload::binary(random_bytes(stage, size + 1)));
  if (carries(stage.claims(), most + most / 2))
    beyond.push_back(Payload::text(std::string(size + size / 2, 'b')));
  for (Payload& payload : beyond)
    if (!publish_marked(stage, session, "beyond_payload", like(std::move(payload)))) return;
  ask_counts(stage, session, destination);
  if (mode == "queue") {
    stage.let_pass(milliseconds(stage.claims().limit_or_default("counts_settle_ms") + 5));
    if (auto counts = session.pending(destination); !counts && session.closed()) return;
  }
  consumer.fence(destination, mode);
}

/// Starts the disabled variant; the inline limit of the bus before that, where it has one.
std::int64_t start_disabled(Stage& stage) {
  stage.need_variant(kDisabled);
  const auto limit = stage.claims().limit("inline_bytes_max");
  stage.stop_bus();
  stage.start_bus(kDisabled);
  return limit.value_or(0);
}

void disabled(Stage& stage) {
  const std::int64_t inline_most = start_disabled(stage);
  stage.need("queue");
  const auto message_most = stage.claims().limit("message_bytes_max");
  Session& session = stage.connect();
  const std::string destination = stage.destination();
  Consumer consumer(
      stage, session,
      stage.subscribe(session, {.destination = destination, .credit = stage.credit_for(2)}));
  std::size_t sent = 0;
  for (const std::int64_t more : {std::int64_t{1}, inline_most / 2, inline_most}) {
    if (!carries(stage.claims(), (inline_most + more + 2) / 3 * 4)) continue;
    const auto size = static_cast<std::size_t>(inline_most + more);
    for (const Payload& payload :
         {Payload::text(words(stage, size)), Payload::binary(random_bytes(stage, size))}) {
      if (!publish_marked(stage, session, "beyond_inline",
                          {.destination = destination, .payload = payload}))
        return;
      if (!consumer.count(++sent)) return;
    }
  }
  stage.publish(session, {.destination = destination, .payload = Payload::text("small")});
  consumer.count(++sent);
  if (!message_most || *message_most > kCarriedMost || !stage.many_connections()) return;
  // Often the end of the connection it is sent on.
  Session& other = stage.connect();
  publish_marked(
      stage, other, "beyond_message",
      {.destination = destination,
       .payload = Payload::text(std::string(static_cast<std::size_t>(*message_most) + 1, 'm'))});
  consumer.fence(destination);
}

constexpr JudgedCase kBeyond[] = {{"ROUTE-6.publish", checkers::judge_too_large_refused},
                                  {"ROUTE-6.nothing_kept", checkers::judge_too_large_not_kept}};
constexpr JudgedCase kDisabledCases[] = {{"ROUTE-5.inline", checkers::judge_disabled_inline},
                                         {"ROUTE-5.refused", checkers::judge_disabled_refused}};

constexpr std::array kScenarios = {
    Scenario{.name = "Extent.ROUTE_5_disabled_all_goes_inline",
             .cases = kDisabledCases,
             .bus = stage::Bus::own,
             .run = disabled},
    Scenario{.name = "Extent.ROUTE_6_refuses_what_is_too_large",
             .cases = kBeyond,
             .bus = stage::Bus::own,
             .run = beyond_the_largest},
};

}  // namespace

std::span<const Scenario> extent() { return kScenarios; }

}  // namespace busproof::families
