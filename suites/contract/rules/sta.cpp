// STA: statistics.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kSta1Cases = std::to_array<Case>({
    {.name = "totals", .says = "The totals agree."},
    {.name = "queues", .says = "The numbers of each destination and group agree.", .also = "queue"},
    {.name = "subscribers", .says = "The number of live subscriptions agrees."},
});
constexpr Rule kSta1{.id = "STA-1",
                     .level = Level::must,
                     .capability = "stats",
                     .sentence = "Statistics agree with a model after any sequence of operations.",
                     .sources = "S2, S4",
                     .method = Method::tested,
                     .cases = kSta1Cases};

constexpr auto kSta2Cases = std::to_array<Case>({
    {.name = "balance",
     .says = "Accepted is the sum of acked, ready, leased, delayed, dead, expired and deleted.",
     .also = "queue"},
});
constexpr Rule kSta2{
    .id = "STA-2",
    .level = Level::must,
    .capability = "stats",
    .sentence = "For each destination and group, what was accepted is all somewhere.",
    .sources = "S2, S4",
    .method = Method::tested,
    .cases = kSta2Cases};

constexpr auto kSta3Cases = std::to_array<Case>({
    {.name = "agree",
     .says = "The metrics page and bus/stats give the same numbers.",
     .hook = Hook::needed},
    {.name = "usage",
     .says = "Count and bytes of the payloads kept are there and agree with what was stored.",
     .also = "store"},
    {.name = "signs",
     .says = "Fallbacks, the breaker's state and the store's latency are on the metrics page.",
     .hook = Hook::needed},
});
constexpr Rule kSta3{
    .id = "STA-3",
    .level = Level::must,
    .capability = "stats",
    .sentence = "What is there to watch a bus by agrees with itself and is enough.",
    .sources = "S2, S4",
    .method = Method::tested,
    .cases = kSta3Cases};

constexpr auto kRules = std::to_array<Rule>({kSta1, kSta2, kSta3});

}  // namespace

Family sta() {
  return {.name = "STA",
          .title = "statistics",
          .note = "Judged at rest, after counts_settle_ms.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
