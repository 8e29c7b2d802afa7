// COR: correlation.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kCor1Cases = std::to_array<Case>({
    {.name = "all", .says = "Every queue message with the id is there, once, over all pages."},
    {.name = "only", .says = "Nothing without the id is there."},
    {.name = "order", .says = "They come in the order of their acceptance."},
    {.name = "allowed",
     .says = "Messages at destinations that the caller may not subscribe to are left out.",
     .also = "agents queue"},
});
constexpr Rule kCor1{.id = "COR-1",
                     .level = Level::must,
                     .capability = "correlation",
                     .sentence =
                         "Asking for a correlation id gives all and only its messages, across "
                         "destinations, in order of acceptance.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kCor1Cases};

constexpr auto kCor2Cases = std::to_array<Case>({
    {.name = "unknown", .says = "An id that nobody used gives an empty list."},
    {.name = "settled",
     .says = "Messages that were acked are still listed.",
     .where = "store.keeps=until_expiry"},
    {.name = "dead",
     .says = "Messages that became dead letters are still listed.",
     .also = "dead_letter",
     .where = "store.keeps=until_expiry"},
    {.name = "expired",
     .says = "Expired messages are no longer listed.",
     .also = "ttl",
     .where = "ttl.on_expiry=drop",
     .limits = "ttl_grace_ms"},
    {.name = "restart",
     .says = "The list is the same after a restart.",
     .hook = Hook::needed,
     .from = Durability::restart},
});
constexpr Rule kCor2{.id = "COR-2",
                     .level = Level::must,
                     .capability = "correlation",
                     .sentence =
                         "An unknown id is an empty list, and a known one is found for as long as "
                         "its messages are kept.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kCor2Cases};

constexpr auto kCor3Cases = std::to_array<Case>({
    {.name = "unchanged", .says = "The id that arrives is the id that was sent.", .also = "queue"},
    {.name = "askers",
     .says = "Each of many askers gets all and only the answers to its own questions.",
     .also = "queue"},
});
constexpr Rule kCor3{.id = "COR-3",
                     .level = Level::must,
                     .capability = "",
                     .sentence =
                         "A correlation id goes there and back unchanged, and many askers at once "
                         "each get their own answers.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kCor3Cases};

constexpr auto kRules = std::to_array<Rule>({kCor1, kCor2, kCor3});

}  // namespace

Family cor() {
  return {.name = "COR",
          .title = "correlation",
          .note = "A correlation id is the event's correlationid.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
