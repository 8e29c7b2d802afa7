// HLT: health.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kHlt1Cases = std::to_array<Case>({
    {.name = "components", .says = "Each component that is there has a status and a latency."},
    {.name = "latency",
     .says =
         "Of each latency the least is no more than the mean, and the mean no more than the most."},
});
constexpr Rule kHlt1{.id = "HLT-1",
                     .level = Level::must,
                     .capability = "health",
                     .sentence = "Health names each component with its latency.",
                     .sources = "S3",
                     .method = Method::tested,
                     .cases = kHlt1Cases};

constexpr auto kHlt2Cases = std::to_array<Case>({
    {.name = "degraded",
     .says = "Half the delay leaves it healthy, and twice the delay makes it degraded.",
     .hook = Hook::needed,
     .limits = "health.degraded_ms health.detect_ms"},
    {.name = "unhealthy",
     .says = "Half the delay leaves it short of unhealthy, and twice the delay makes it so.",
     .hook = Hook::needed,
     .limits = "health.unhealthy_ms health.detect_ms"},
    {.name = "down",
     .says = "A store that is down is seen within detect_ms.",
     .hook = Hook::needed,
     .limits = "health.detect_ms"},
    {.name = "recovered",
     .says = "A store that is back is seen within detect_ms.",
     .hook = Hook::needed,
     .limits = "health.detect_ms"},
});
constexpr Rule kHlt2{.id = "HLT-2",
                     .level = Level::must,
                     .capability = "health",
                     .sentence =
                         "It says degraded and unhealthy at the declared latencies, and sees a "
                         "store go and come in time.",
                     .sources = "S3",
                     .method = Method::needs_hook,
                     .reason = "Needs a proxy on the wire to the store.",
                     .cases = kHlt2Cases};

constexpr auto kHlt3Cases = std::to_array<Case>({
    {.name = "live",
     .says = "With the store down the process still says that it lives.",
     .hook = Hook::needed},
    {.name = "not_ready",
     .says = "It is not ready while every publish to a queue is refused.",
     .hook = Hook::needed,
     .also = "queue",
     .limits = "health.detect_ms"},
    {.name = "ready",
     .says = "It is ready while fallback serves.",
     .hook = Hook::needed,
     .also = "routing",
     .where = "routing.fallback=inline",
     .limits = "inline_bytes_max"},
});
constexpr Rule kHlt3{.id = "HLT-3",
                     .level = Level::must,
                     .capability = "health",
                     .sentence =
                         "Liveness is about the process alone, readiness about whether a publish "
                         "would be accepted now.",
                     .sources = "S3",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the store, and the target's addresses for both.",
                     .cases = kHlt3Cases};

constexpr auto kRules = std::to_array<Rule>({kHlt1, kHlt2, kHlt3});

}  // namespace

Family hlt() {
  return {.name = "HLT",
          .title = "health",
          .note = "Components are ping, write_read, pubsub and queue, as far as the bus has them.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
