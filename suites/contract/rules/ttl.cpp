// TTL: expiry.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kTtl1Cases = std::to_array<Case>({
    {.name = "default",
     .says = "Without a word about it, expires_at lies the declared default after acceptance.",
     .also = "store",
     .limits = "ttl_default_ms"},
    {.name = "explicit", .says = "An explicit time to live decides expires_at.", .also = "store"},
    {.name = "expirytime",
     .says = "An event's expirytime decides too, and the earlier of both wins.",
     .also = "store"},
});
constexpr Rule kTtl1{
    .id = "TTL-1",
    .level = Level::must,
    .capability = "ttl",
    .sentence = "A message lives for the declared default, or for what its publish says.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kTtl1Cases};

constexpr auto kTtl2Cases = std::to_array<Case>({
    {.name = "early",
     .says = "A record is retrieved successfully right up to its expiry.",
     .also = "store"},
    {.name = "late",
     .says = "Past expiry and grace a retrieve gives expired or not_found, swept or not.",
     .also = "store",
     .limits = "ttl_grace_ms"},
    {.name = "senders_clock",
     .says = "A sender whose clock is wrong changes nothing about ttl_ms.",
     .also = "store"},
    {.name = "any_sequence",
     .says = "Whatever is done to records, random sequences agree with a model of the store.",
     .also = "queue store"},
});
constexpr Rule kTtl2{.id = "TTL-2",
                     .level = Level::must,
                     .capability = "ttl",
                     .sentence =
                         "A message is readable at every instant before its expiry and at none "
                         "past its grace, and only the bus' clock counts.",
                     .sources = "S0, S1, S2",
                     .method = Method::tested,
                     .cases = kTtl2Cases};

constexpr auto kTtl3Cases = std::to_array<Case>({
    {.name = "not_delivered",
     .says = "No delivery of a message begins past its expiry and grace.",
     .also = "queue",
     .limits = "ttl_grace_ms"},
    {.name = "dropped",
     .says = "It is in no queue and among no dead letters.",
     .also = "queue",
     .where = "ttl.on_expiry=drop",
     .limits = "ttl_grace_ms"},
    {.name = "dead_lettered",
     .says = "It becomes a dead letter once.",
     .also = "queue dead_letter",
     .where = "ttl.on_expiry=dead_letter",
     .limits = "ttl_grace_ms"},
    {.name = "counted_once",
     .says = "Statistics count it as expired exactly once.",
     .also = "queue stats",
     .where = "ttl.on_expiry=drop",
     .limits = "ttl_grace_ms"},
});
constexpr Rule kTtl3{
    .id = "TTL-3",
    .level = Level::must,
    .capability = "ttl",
    .sentence = "An expired message is not delivered; it goes where the bus declared, once.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kTtl3Cases};

constexpr auto kTtl4Cases = std::to_array<Case>({
    {.name = "removes",
     .says = "After a sweep nothing expired is left.",
     .hook = Hook::needed,
     .limits = "time_granularity_ms"},
    {.name = "spares", .says = "A sweep leaves everything else as it was.", .hook = Hook::needed},
    {.name = "archives",
     .says = "What is swept is in the archive where one is declared.",
     .hook = Hook::needed,
     .where = "ttl.archive=true"},
    {.name = "tells",
     .says = "The sweep reports the number that it removed.",
     .hook = Hook::needed},
});
constexpr Rule kTtl4{
    .id = "TTL-4",
    .level = Level::must,
    .capability = "ttl",
    .sentence = "The sweep removes what is expired and nothing else, and says how much.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs the sweep hook, and a look at the store for the archive.",
    .cases = kTtl4Cases};

constexpr auto kTtl5Cases = std::to_array<Case>({
    {.name = "ack",
     .says = "An ack of a delivery whose message expired under its lease succeeds.",
     .also = "queue"},
    {.name = "no_redelivery",
     .says = "A message that expired under its lease is not delivered again.",
     .also = "queue",
     .limits = "ttl_grace_ms"},
});
constexpr Rule kTtl5{
    .id = "TTL-5",
    .level = Level::must,
    .capability = "ttl",
    .sentence =
        "A message that expires in a consumer's hands can still be acked, and does not come again.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kTtl5Cases};

constexpr auto kTtl6Cases = std::to_array<Case>({
    {.name = "kept",
     .says = "After a restart expires_at is what it was.",
     .hook = Hook::needed,
     .also = "store",
     .from = Durability::restart},
    {.name = "expires",
     .says = "A message that fell due while the bus was down is gone once it is back.",
     .hook = Hook::needed,
     .from = Durability::restart,
     .limits = "ttl_grace_ms"},
});
constexpr Rule kTtl6{.id = "TTL-6",
                     .level = Level::must,
                     .capability = "ttl",
                     .sentence = "Expiry survives a restart and runs on through it.",
                     .sources = "S0, S1, S2",
                     .method = Method::tested,
                     .cases = kTtl6Cases};

constexpr auto kTtl7Cases = std::to_array<Case>({
    {.name = "zero", .says = "A ttl_ms of zero is invalid_argument."},
    {.name = "negative", .says = "A negative ttl_ms is invalid_argument."},
    {.name = "overflow",
     .says = "A ttl_ms beyond the declared largest, or beyond any calendar, is invalid_argument."},
    {.name = "past",
     .says = "An expirytime in the past is invalid_argument.",
     .also = "queue store"},
});
constexpr Rule kTtl7{.id = "TTL-7",
                     .level = Level::must,
                     .capability = "ttl",
                     .sentence = "A time to live that makes no sense is refused.",
                     .sources = "S0, S1, S2",
                     .method = Method::tested,
                     .cases = kTtl7Cases};

constexpr auto kTtl8Cases = std::to_array<Case>({
    {.name = "redelivery", .says = "A redelivery leaves expires_at alone.", .also = "queue store"},
    {.name = "extension",
     .says = "Extending a lease leaves expires_at alone.",
     .also = "queue store",
     .where = "queue.lease=timed queue.extend=any|reset"},
    {.name = "redrive",
     .says = "A redrive leaves expires_at alone.",
     .also = "queue store redrive"},
});
constexpr Rule kTtl8{.id = "TTL-8",
                     .level = Level::must,
                     .capability = "ttl",
                     .sentence = "Nothing that happens to a message moves its expiry.",
                     .sources = "S0, S1, S2",
                     .method = Method::tested,
                     .cases = kTtl8Cases};

constexpr auto kTtl9Cases = std::to_array<Case>({
    {.name = "retrieve",
     .says = "Retrieves while others expire and are swept give whole payloads or a clean error.",
     .also = "store"},
    {.name = "ack", .says = "Acks while others expire and are swept hold.", .also = "queue"},
    {.name = "publish",
     .says = "What is published while others expire and are swept is delivered.",
     .also = "queue"},
});
constexpr Rule kTtl9{.id = "TTL-9",
                     .level = Level::must,
                     .capability = "ttl",
                     .sentence = "A sweep harms nothing that goes on beside it.",
                     .sources = "S0, S1, S2",
                     .method = Method::tested,
                     .cases = kTtl9Cases};

constexpr auto kTtl10Cases = std::to_array<Case>({
    {.name = "forward",
     .says = "With the clock an hour ahead no lease and no life ends early.",
     .hook = Hook::needed,
     .also = "queue"},
    {.name = "back",
     .says = "With the clock an hour back everything still expires.",
     .hook = Hook::needed,
     .also = "queue",
     .limits = "ttl_grace_ms"},
});
constexpr Rule kTtl10{
    .id = "TTL-10",
    .level = Level::should,
    .capability = "ttl",
    .sentence = "A node's clock that jumps an hour ends nothing early and makes nothing immortal.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the node's clock.",
    .cases = kTtl10Cases};

constexpr auto kRules =
    std::to_array<Rule>({kTtl1, kTtl2, kTtl3, kTtl4, kTtl5, kTtl6, kTtl7, kTtl8, kTtl9, kTtl10});

}  // namespace

Family ttl() {
  return {.name = "TTL",
          .title = "expiry",
          .note =
              "Instants are judged with the declared grace, the clock's granularity and the "
              "harness' own delay, on both sides.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
