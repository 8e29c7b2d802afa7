#include "suites/families/tripping.hpp"

#include <string>

#include "suites/families/payloads.hpp"

namespace busproof::families {
namespace {

using contract::Verdict;
using stage::Abandoned;
using stage::Stage;
using targets::Payload;

constexpr std::string_view kQuick = "breaker.quick";
constexpr std::int64_t kFailuresMost = 20;

std::size_t large_bytes(const Stage& stage) {
  return static_cast<std::size_t>(limit_of(stage, "inline_bytes_max")) + 1;
}

Payload fitting(const Stage& stage, Payload payload) {
  if (!fits(stage.claims(), payload))
    throw Abandoned{Verdict::unverified, "no message carries a payload above the inline limit"};
  return payload;
}

}  // namespace

std::int64_t limit_of(const Stage& stage, std::string_view name) {
  const auto limit = stage.claims().limit(name);
  if (!limit) throw Abandoned{Verdict::unverified, std::string(name) + " is not declared"};
  return *limit;
}

std::int64_t failures_to_open(const Stage& stage) {
  const std::int64_t failures = limit_of(stage, "breaker.failures");
  if (failures > kFailuresMost)
    throw Abandoned{Verdict::unverified, "it takes too many failures to open it"};
  return failures;
}

Payload above_inline(const Stage& stage, char fill) {
  return fitting(stage, Payload::text(std::string(large_bytes(stage), fill)));
}

Payload random_above_inline(Stage& stage) {
  return fitting(stage, Payload::binary(random_bytes(stage, large_bytes(stage))));
}

void start_tripping_soon(Stage& stage) {
  stage.stop_bus();
  stage.start_bus(stage.has_variant(kQuick) ? kQuick : std::string_view());
}

std::optional<targets::Published> try_publish(Stage& stage, targets::Session& session,
                                              const targets::Publish& wanted) {
  const auto done = session.publish(wanted);
  if (done) return *done;
  if (done.error().kind() == "disconnected") stage.give_up("bus/publish", done.error());
  return std::nullopt;
}

bool call_store(Stage& stage, targets::Session& session, const targets::Publish& wanted,
                std::int64_t times) {
  bool stored = false;
  for (std::int64_t i = 0; i < times; ++i) {
    const auto done = try_publish(stage, session, wanted);
    stored = done && done->route == "reference";
  }
  return stored;
}

targets::Published first_success(Stage& stage, targets::Session& session,
                                 const targets::Publish& wanted) {
  for (std::int64_t i = 0; i < failures_to_open(stage); ++i)
    if (const auto done = try_publish(stage, session, wanted)) return *done;
  throw Abandoned{Verdict::inconclusive, "no call succeeded while the store was well"};
}

}  // namespace busproof::families
