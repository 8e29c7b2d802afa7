#include "suites/contract/vocabulary.hpp"

#include <algorithm>
#include <array>

namespace busproof::contract {
namespace {

constexpr auto kCapabilities = std::to_array<std::string_view>(
    {"routing", "store",       "integrity", "chunking",   "upload",      "compression",
     "ttl",     "breaker",     "queue",     "groups",     "priority",    "delay",
     "topic",   "dead_letter", "redrive",   "patterns",   "correlation", "batch",
     "agents",  "dedupe",      "tenancy",   "auth",       "health",      "stats",
     "audit",   "connections", "config",    "multi_node", "payload.http"});

constexpr auto kControls =
    std::to_array<std::string_view>({"control.clock", "control.sweep", "control.corrupt",
                                     "control.backend", "control.state", "control.reset"});

constexpr auto kTraits = std::to_array<Trait>({
    {"queue", "lease", "timed|connection"},
    {"queue", "lease_of", "subscription|group"},
    {"queue", "counts", "exact|ready|none"},
    {"queue", "fanout", "atomic|per_group"},
    {"queue", "release", "frees|keeps"},
    {"queue", "release_counts", "true|false"},
    {"queue", "attempts", "exact|flag"},
    {"queue", "late_ack", "refused|until_redelivered"},
    {"queue", "ack", "durable|best_effort"},
    {"queue", "extend", "any|reset|none"},
    {"queue", "redelivered", "place|tail|any"},
    {"queue", "reject_delay", "any|none"},
    {"queue", "overflow", "refuse|drop_oldest|drop_newest"},
    {"store", "keeps", "until_expiry|until_settled"},
    {"routing", "fallback", "inline|none"},
    {"integrity", "inline", "false|true"},
    {"ttl", "on_expiry", "drop|dead_letter"},
    {"ttl", "archive", "false|true"},
    {"dead_letter", "reason", "given|class"},
    {"dead_letter", "attempts", "exact|none"},
    {"topic", "receivers", "exact|none"},
    {"breaker", "probe", "call|background"},
    {"breaker", "counts", "calls|attempts"},
    {"stats", "since", "creation|start"},
    {"patterns", "grammar", "redis_glob|nats|mqtt|amqp"},
    {"patterns", "escape", "true|false"},
    {"auth", "kind", "jwt|opaque"},
    {"agents", "fromagent", "refused|replaced"},
});

constexpr auto kLimits = std::to_array<Limit>({
    {"inline_bytes_max"},
    {"payload_bytes_max"},
    {"message_bytes_max"},
    {"retrieve_bytes_max"},
    {"chunk_threshold_bytes"},
    {"chunk_bytes"},
    {"buffer_bytes_max"},
    {"ttl_default_ms"},
    {"ttl_max_ms"},
    {"ttl_grace_ms"},
    {"lease_default_ms"},
    {"lease_max_ms"},
    {"redelivery_grace_ms"},
    {"delay_max_ms"},
    {"delay_grace_ms"},
    {"time_granularity_ms"},
    {"attempts_max"},
    {"backoff.base_ms"},
    {"backoff.factor", LimitKind::number},
    {"backoff.cap_ms"},
    {"backoff.jitter", LimitKind::switched},
    {"priority.min"},
    {"priority.max"},
    {"priority.default"},
    {"credit_default"},
    {"credit_max"},
    {"batch_max"},
    {"name_bytes_max"},
    {"json_depth_max"},
    {"upload_ttl_ms"},
    {"uploads_max"},
    {"retain_settled_ms"},
    {"connections_max"},
    {"publish_per_s"},
    {"breaker.failures"},
    {"breaker.open_ms"},
    {"breaker.probes"},
    {"breaker.call_timeout_ms"},
    {"health.degraded_ms"},
    {"health.unhealthy_ms"},
    {"health.detect_ms"},
    {"wakeup_ms"},
    {"propagation_ms"},
    {"counts_settle_ms"},
    {"ping_ms"},
    {"idle_ms"},
    {"shutdown_ms"},
    {"recovery_ms"},
    {"health_interval_ms"},
    {"answer_ms"},
    {"loss_window_ms"},        // Lives in `guarantees`.
    {"dedupe.window_ms"},      // Lives in the capability.
    {"breaker.closes_after"},  // Lives in the capability.
    {"queue.messages_max"},    // Lives in the capability.
    {"queue.bytes_max"},       // Lives in the capability.
});

}  // namespace

std::span<const std::string_view> capabilities() { return kCapabilities; }
std::span<const std::string_view> control_capabilities() { return kControls; }
std::span<const Trait> traits() { return kTraits; }
std::span<const Limit> limits() { return kLimits; }

const Trait* find_trait(std::string_view capability, std::string_view name) {
  const auto* found = std::find_if(kTraits.begin(), kTraits.end(), [&](const Trait& trait) {
    return trait.capability == capability && trait.name == name;
  });
  return found == kTraits.end() ? nullptr : found;
}

const Limit* find_limit(std::string_view path) {
  const auto* found = std::find_if(kLimits.begin(), kLimits.end(),
                                   [&](const Limit& limit) { return limit.path == path; });
  return found == kLimits.end() ? nullptr : found;
}

bool is_capability(std::string_view name) {
  return name == kWebSocket || std::ranges::count(kCapabilities, name) > 0 ||
         std::ranges::count(kControls, name) > 0;
}

std::vector<std::string_view> words(std::string_view text, char separator) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

}  // namespace busproof::contract
