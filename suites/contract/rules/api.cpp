// API: the edges every client leans on.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kApi1Cases = std::to_array<Case>({
    {.name = "unsubscribe_twice",
     .says = "A second unsubscribe answers with success or a defined error."},
    {.name = "settle_after_unsubscribe",
     .says = "Settling after unsubscribe answers with success or a defined error.",
     .also = "queue"},
    {.name = "publish_during_shutdown",
     .says = "A publish during shutdown is accepted and kept, or fails with a defined error.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "cut_under_publish",
     .says = "A connection cut under a publish leaves it done wholly or not at all.",
     .also = "queue"},
});
constexpr Rule kApi1{.id = "API-1",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Odd moments have a defined outcome and lose nothing accepted.",
                     .sources = "S4, R",
                     .method = Method::tested,
                     .cases = kApi1Cases};

constexpr auto kApi2Cases = std::to_array<Case>({
    {.name = "says_which", .says = "Each error tells by its kind and data whether it is definite."},
    {.name = "definite_absent",
     .says = "A publish that was refused as definite is never seen later."},
});
constexpr Rule kApi2{
    .id = "API-2",
    .level = Level::must,
    .capability = "",
    .sentence = "Every error says whether the operation did not happen, and what it says is true.",
    .sources = "S4, R",
    .method = Method::tested,
    .cases = kApi2Cases};

constexpr auto kApi3Cases = std::to_array<Case>({
    {.name = "retried",
     .says = "The retry gives one message, delivered once.",
     .also = "queue",
     .limits = "dedupe.window_ms"},
    {.name = "concurrent",
     .says = "The same event published over several connections at once is one message.",
     .also = "queue",
     .limits = "dedupe.window_ms"},
});
constexpr Rule kApi3{
    .id = "API-3",
    .level = Level::must,
    .capability = "dedupe",
    .sentence = "An indefinite publish can be tried again under its event id and is stored once.",
    .sources = "S4, R",
    .method = Method::tested,
    .cases = kApi3Cases};

constexpr auto kApi4Cases = std::to_array<Case>({
    {.name = "methods",
     .says = "A method of an unclaimed capability is refused with not_supported or -32601.",
     .lacks = "upload audit batch correlation stats health redrive dead_letter store queue"},
    {.name = "params",
     .says = "A parameter of an unclaimed capability is refused with not_supported or -32601.",
     .lacks = "queue topic delay ttl groups patterns"},
    {.name = "attributes",
     .says = "An event attribute of an unclaimed capability arrives unchanged and has no effect.",
     .lacks = "agents tenancy ttl"},
});
constexpr Rule kApi4{.id = "API-4",
                     .level = Level::must,
                     .capability = "",
                     .sentence =
                         "What belongs to a capability that is not claimed is refused when asked "
                         "for, and left alone when it merely travels.",
                     .sources = "S4, R",
                     .method = Method::tested,
                     .cases = kApi4Cases};

constexpr auto kRules = std::to_array<Rule>({kApi1, kApi2, kApi3, kApi4});

}  // namespace

Family api() {
  return {.name = "API",
          .title = "the edges every client leans on",
          .note = "What every bus owes a client, whatever else it claims.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
