// ROUTE: which way a payload goes.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kRoute1Cases = std::to_array<Case>({
    {.name = "delivered_inline",
     .says = "A payload at or below the inline limit arrives in its delivery.",
     .limits = "inline_bytes_max"},
    {.name = "nothing_stored",
     .says = "No piece of an inline payload passes to the payload store, be it as it is, in "
             "hexadecimal or in base64.",
     .hook = Hook::needed,
     .limits = "inline_bytes_max"},
    {.name = "retrievable",
     .says = "A payload that was delivered inline can be retrieved by its transaction id.",
     .also = "store",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute1{
    .id = "ROUTE-1",
    .level = Level::must,
    .capability = "routing",
    .sentence =
        "A payload at or below the inline limit travels in its delivery, and none of it goes to a "
        "payload store that is a server of its own; it can be retrieved all the same.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason =
        "Only a proxy on the wire to the payload store sees what goes there, and only where "
        "that is a server of its own whose wire can be read.",
    .cases = kRoute1Cases};

constexpr auto kRoute2Cases = std::to_array<Case>({
    {.name = "reference",
     .says = "A payload above the inline limit arrives as a reference with transaction id, size "
             "and digest.",
     .limits = "inline_bytes_max"},
    {.name = "no_payload",
     .says = "A delivery by reference carries neither data nor data_base64.",
     .limits = "inline_bytes_max"},
    {.name = "retrievable",
     .says = "The payload behind a reference can be retrieved when its delivery arrives.",
     .also = "store",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute2{.id = "ROUTE-2",
                       .level = Level::must,
                       .capability = "routing",
                       .sentence =
                           "A payload above the inline limit is stored first, and its delivery "
                           "carries transaction id, size and digest in its place.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kRoute2Cases};

constexpr auto kRoute3Cases = std::to_array<Case>({
    {.name = "below_limit",
     .says = "A payload of one byte less than the inline limit goes inline.",
     .limits = "inline_bytes_max"},
    {.name = "at_limit",
     .says = "A payload of exactly the inline limit goes inline.",
     .limits = "inline_bytes_max"},
    {.name = "above_limit",
     .says = "A payload of one byte more than the inline limit goes by reference.",
     .limits = "inline_bytes_max"},
    {.name = "multibyte",
     .says = "Text with characters of several bytes changes sides at the same number of bytes.",
     .limits = "inline_bytes_max"},
    {.name = "base64",
     .says = "A payload sent as data_base64 is measured by its decoded bytes.",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute3{
    .id = "ROUTE-3",
    .level = Level::must,
    .capability = "routing",
    .sentence = "The boundary between inline and reference is exact to the byte.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kRoute3Cases};

constexpr auto kRoute4Cases = std::to_array<Case>({
    {.name = "compressible",
     .says =
         "A payload above the limit goes by reference even where it would compress to far less.",
     .limits = "inline_bytes_max"},
    {.name = "characters",
     .says = "A text with fewer characters than the limit and more bytes goes by reference.",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute4{.id = "ROUTE-4",
                       .level = Level::must,
                       .capability = "routing",
                       .sentence =
                           "What decides is the size in bytes of the uncompressed payload, not its "
                           "compressed size and not its number of characters.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kRoute4Cases};

constexpr auto kRoute5Cases = std::to_array<Case>({
    {.name = "inline",
     .says = "A payload above the inline limit that fits one message goes inline.",
     .hook = Hook::needed,
     .limits = "inline_bytes_max"},
    {.name = "refused",
     .says = "What no message can carry is refused.",
     .hook = Hook::needed,
     .limits = "message_bytes_max"},
    {.name = "store_untouched",
     .says = "No operation sends the payload store more than an idle bus does.",
     .hook = Hook::needed},
});
constexpr Rule kRoute5{.id = "ROUTE-5",
                       .level = Level::must,
                       .capability = "routing",
                       .sentence =
                           "With the bus disabled, what fits the transport goes inline, the rest "
                           "is refused, and the payload store is left alone.",
                       .sources = "S0, S1, S2",
                       .method = Method::needs_hook,
                       .reason = "Needs the target's variant bus.disabled.",
                       .cases = kRoute5Cases};

constexpr auto kRoute6Cases = std::to_array<Case>({
    {.name = "publish",
     .says = "A publish above the largest payload is refused with payload_too_large.",
     .hook = Hook::needed,
     .limits = "payload_bytes_max"},
    {.name = "upload",
     .says =
         "An upload declared or grown above the largest payload is refused with payload_too_large.",
     .also = "upload",
     .limits = "payload_bytes_max"},
    {.name = "nothing_kept",
     .says = "After the refusal neither a delivery nor a count shows the payload.",
     .hook = Hook::needed,
     .limits = "payload_bytes_max"},
});
constexpr Rule kRoute6{.id = "ROUTE-6",
                       .level = Level::must,
                       .capability = "routing",
                       .sentence =
                           "A payload above the largest size is refused with payload_too_large, "
                           "and nothing of it is kept.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kRoute6Cases};

constexpr auto kRoute7Cases = std::to_array<Case>({
    {.name = "any_connection",
     .says = "The first retrieve after a delivery succeeds on another connection.",
     .also = "store",
     .limits = "inline_bytes_max"},
    {.name = "any_node",
     .says = "The first retrieve after a delivery succeeds at another node.",
     .also = "store multi_node",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute7{
    .id = "ROUTE-7",
    .level = Level::must,
    .capability = "routing",
    .sentence = "A reference is delivered only once its payload can be retrieved from anywhere.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kRoute7Cases};

constexpr auto kRoute8Cases = std::to_array<Case>({
    {.name = "store_down",
     .says = "With the payload store down a payload above the limit is delivered inline and whole.",
     .hook = Hook::needed,
     .also = "queue",
     .where = "routing.fallback=inline",
     .limits = "inline_bytes_max"},
    {.name = "breaker_open",
     .says = "With the breaker open a payload above the limit is delivered inline and whole.",
     .hook = Hook::needed,
     .also = "breaker queue",
     .where = "routing.fallback=inline",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute8{
    .id = "ROUTE-8",
    .level = Level::must,
    .capability = "routing",
    .sentence =
        "While the payload store is down or its breaker open, a bus that claims fallback sends a "
        "payload above the limit inline as long as the message fits the transport.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the payload store.",
    .cases = kRoute8Cases};

constexpr auto kRoute9Cases = std::to_array<Case>({
    {.name = "refused",
     .says = "The refusal is store_unavailable or breaker_open, retryable and definite.",
     .hook = Hook::needed,
     .also = "queue upload",
     .where = "routing.fallback=inline"},
    {.name = "nothing_delivered",
     .says = "What was refused is never delivered, wholly or in part.",
     .hook = Hook::needed,
     .also = "queue upload",
     .where = "routing.fallback=inline"},
});
constexpr Rule kRoute9{.id = "ROUTE-9",
                       .level = Level::must,
                       .capability = "routing",
                       .sentence =
                           "In that state, what no message can carry is refused, retryable and "
                           "definite, and never dropped or delivered in part.",
                       .sources = "S0, S1, S2",
                       .method = Method::needs_hook,
                       .reason = "Needs a hold on the payload store.",
                       .cases = kRoute9Cases};

constexpr auto kRoute10Cases = std::to_array<Case>({
    {.name = "refused",
     .says = "The refusal is store_unavailable or breaker_open and retryable.",
     .hook = Hook::needed,
     .where = "routing.fallback=none",
     .limits = "inline_bytes_max"},
    {.name = "definite",
     .says = "The refusal is definite unless the call to a store of payloads and queues both was "
             "cut off.",
     .hook = Hook::needed,
     .where = "routing.fallback=none",
     .limits = "inline_bytes_max"},
    {.name = "nothing_delivered",
     .says = "What was definitely refused is never delivered.",
     .hook = Hook::needed,
     .also = "queue",
     .where = "routing.fallback=none",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute10{.id = "ROUTE-10",
                        .level = Level::must,
                        .capability = "routing",
                        .sentence =
                            "Without fallback, a payload above the limit is refused likewise while "
                            "the store is unavailable.",
                        .sources = "S0, S1, S2",
                        .method = Method::needs_hook,
                        .reason = "Needs a hold on the payload store.",
                        .cases = kRoute10Cases};

constexpr auto kRoute11Cases = std::to_array<Case>({
    {.name = "content",
     .says = "Payloads of one size go the same way whatever they hold.",
     .limits = "inline_bytes_max"},
    {.name = "metadata",
     .says = "Priority, correlation, type and sender change nothing about the way.",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute11{.id = "ROUTE-11",
                        .level = Level::must,
                        .capability = "routing",
                        .sentence = "Size and the store's state alone decide the way.",
                        .sources = "S0, S1, S2",
                        .method = Method::tested,
                        .cases = kRoute11Cases};

constexpr auto kRoute12Cases = std::to_array<Case>({
    {.name = "order",
     .says = "Inline and reference messages mixed in one queue keep their order.",
     .also = "queue",
     .where = "guarantees.ordering=per_publisher|per_destination",
     .limits = "inline_bytes_max"},
    {.name = "priority",
     .says = "Priority holds across inline and reference messages.",
     .also = "queue priority",
     .limits = "inline_bytes_max"},
    {.name = "lease",
     .says = "Leases end alike for inline and reference messages.",
     .also = "queue",
     .where = "queue.lease=timed",
     .limits = "inline_bytes_max redelivery_grace_ms"},
    {.name = "expiry",
     .says = "Both ways expire alike.",
     .also = "queue ttl",
     .limits = "inline_bytes_max ttl_grace_ms"},
    {.name = "dead_letter",
     .says = "Both ways become dead letters alike.",
     .also = "queue dead_letter",
     .limits = "inline_bytes_max"},
    {.name = "dedupe",
     .says = "Both ways are deduplicated alike.",
     .also = "queue dedupe",
     .limits = "inline_bytes_max dedupe.window_ms"},
    {.name = "counts",
     .says = "Both ways are counted alike.",
     .also = "queue",
     .where = "queue.counts=exact",
     .limits = "inline_bytes_max"},
    {.name = "fallback",
     .says = "Messages that fell back to inline keep order and settle like the others.",
     .hook = Hook::needed,
     .also = "queue",
     .where = "routing.fallback=inline",
     .limits = "inline_bytes_max"},
});
constexpr Rule kRoute12{
    .id = "ROUTE-12",
    .level = Level::must,
    .capability = "routing",
    .sentence = "The way a payload goes changes nothing else about its message.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kRoute12Cases};

constexpr auto kRules =
    std::to_array<Rule>({kRoute1, kRoute2, kRoute3, kRoute4, kRoute5, kRoute6, kRoute7, kRoute8,
                         kRoute9, kRoute10, kRoute11, kRoute12});

}  // namespace

Family route() {
  return {.name = "ROUTE",
          .title = "which way a payload goes",
          .note = "Sizes are those of the uncompressed payload, in bytes.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
