// STORE: the record.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kStore1Cases = std::to_array<Case>({
    {.name = "empty", .says = "A payload of no bytes comes back as no bytes."},
    {.name = "nul", .says = "NUL bytes come back where they were."},
    {.name = "invalid_utf8", .says = "Bytes that are no UTF-8 come back unchanged."},
    {.name = "json",
     .says =
         "A deeply nested JSON value comes back equal, and its bytes match their digest and size."},
    {.name = "large",
     .says = "A payload of several size classes up to what one message carries comes back byte for "
             "byte."},
    {.name = "range",
     .says = "Of a message's payload a range is that slice, nothing at the end, and refused beyond "
             "it."},
});
constexpr Rule kStore1{.id = "STORE-1",
                       .level = Level::must,
                       .capability = "store",
                       .sentence = "Retrieve returns exactly the bytes that were accepted.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore1Cases};

constexpr auto kStore2Cases = std::to_array<Case>({
    {.name = "connections",
     .says = "No two messages published over several connections share an id."},
    {.name = "nodes",
     .says = "No two messages published at different nodes share an id.",
     .also = "multi_node"},
    {.name = "restart",
     .says = "No id made before a restart is made again after it.",
     .hook = Hook::needed,
     .from = Durability::restart},
    {.name = "unguessable_tenancy",
     .says = "Ids show no counter and no clock alone: at least 64 of their bits look random.",
     .also = "tenancy"},
    {.name = "unguessable_http",
     .says = "Ids that open the side door hold at least 64 bits that look random.",
     .also = "payload.http"},
});
constexpr Rule kStore2{.id = "STORE-2",
                       .level = Level::must,
                       .capability = "store",
                       .sentence =
                           "Transaction ids never repeat, and where tenants or the HTTP side door "
                           "lean on them they can't be guessed.",
                       .sources = "S0, S1, S2",
                       .method = Method::statistical,
                       .reason = "Uniqueness and randomness can only be counted over many ids.",
                       .cases = kStore2Cases};

constexpr auto kStore3Cases = std::to_array<Case>({
    {.name = "attributes",
     .says = "Session, tool, provider, type, subject and correlation come back exactly."},
    {.name = "extensions", .says = "Every extension of the sender's own comes back exactly."},
    {.name = "times", .says = "Times come back as the same instant."},
});
constexpr Rule kStore3{.id = "STORE-3",
                       .level = Level::must,
                       .capability = "store",
                       .sentence = "What the sender said about an event comes back with it.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore3Cases};

constexpr auto kStore4Cases = std::to_array<Case>({
    {.name = "unknown",
     .says = "A well-formed id that was never made gives not_found or invalid_argument."},
    {.name = "malformed",
     .says = "Rubbish, over-long and hostile ids give not_found or invalid_argument."},
    {.name = "near_miss", .says = "A real id changed in one character reaches no record."},
});
constexpr Rule kStore4{.id = "STORE-4",
                       .level = Level::must,
                       .capability = "store",
                       .sentence = "An id that the bus never made names nothing.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore4Cases};

constexpr auto kStore5Cases = std::to_array<Case>({
    {.name = "idempotent", .says = "A second delete answers like the first or with not_found."},
    {.name = "retrieve", .says = "After a delete, retrieve gives not_found."},
    {.name = "no_delivery", .says = "No delivery of a deleted message begins.", .also = "queue"},
    {.name = "settling",
     .says = "Settling a delivery that was out when its message was deleted is harmless.",
     .also = "queue"},
});
constexpr Rule kStore5{.id = "STORE-5",
                       .level = Level::must,
                       .capability = "store",
                       .sentence = "Delete takes a record out for good and may be repeated.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore5Cases};

constexpr auto kStore6Cases = std::to_array<Case>({
    {.name = "accepted",
     .says = "A queue message is pending once it is accepted.",
     .also = "queue"},
    {.name = "settled",
     .says = "A message is complete once every group owed it has acked it.",
     .also = "queue"},
    {.name = "dead",
     .says = "A message with a dead letter has status error.",
     .also = "queue dead_letter"},
    {.name = "redriven", .says = "A redriven message is pending again.", .also = "queue redrive"},
    {.name = "purged",
     .says = "A message whose last dead letter is purged is complete once all else is settled.",
     .also = "queue redrive"},
    {.name = "corrupt",
     .says = "A message whose payload fails its digest has status error.",
     .hook = Hook::needed,
     .also = "integrity"},
    {.name = "expired",
     .says = "An expired message has status expired or is gone.",
     .also = "ttl",
     .limits = "ttl_grace_ms"},
    {.name = "transitions",
     .says = "No sequence of operations shows any other change of status.",
     .also = "queue"},
    {.name = "reading",
     .says =
         "Retrieve changes no status, and where an accessed time is reported it moves forward."},
});
constexpr Rule kStore6{.id = "STORE-6",
                       .level = Level::must,
                       .capability = "store",
                       .sentence =
                           "A record's status moves only along the ways that the protocol names, "
                           "and reading it may touch the accessed time alone.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore6Cases};

constexpr auto kStore7Cases = std::to_array<Case>({
    {.name = "same",
     .says = "A repeated event gets the first one's transaction id and is not delivered again.",
     .also = "queue",
     .limits = "dedupe.window_ms"},
    {.name = "conflict",
     .says = "The same source and id with another payload is refused with conflict.",
     .also = "queue",
     .limits = "dedupe.window_ms"},
    {.name = "settled",
     .says = "A repeated event is not delivered again after its message was acked.",
     .also = "queue",
     .limits = "dedupe.window_ms"},
});
constexpr Rule kStore7{
    .id = "STORE-7",
    .level = Level::must,
    .capability = "dedupe",
    .sentence =
        "The same event again is the same message, and the same id with another body is refused.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kStore7Cases};

constexpr auto kStore8Cases = std::to_array<Case>({
    {.name = "all",
     .says = "Every message of an accepted batch is delivered once, with an id of its own.",
     .also = "queue"},
    {.name = "none",
     .says = "One bad item refuses the batch, names the item, and nothing of it is delivered.",
     .also = "queue"},
});
constexpr Rule kStore8{.id = "STORE-8",
                       .level = Level::must,
                       .capability = "batch",
                       .sentence = "A batch is accepted whole or not at all.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore8Cases};

constexpr auto kStore9Cases = std::to_array<Case>({
    {.name = "repeated",
     .says = "The same record can be retrieved again and again.",
     .also = "queue"},
    {.name = "concurrent",
     .says = "Many retrieves of one record at once all succeed with the same bytes.",
     .also = "queue"},
});
constexpr Rule kStore9{.id = "STORE-9",
                       .level = Level::must,
                       .capability = "store",
                       .sentence = "Retrieving takes nothing away.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kStore9Cases};

constexpr auto kStore10Cases = std::to_array<Case>({
    {.name = "complete",
     .says = "Every accepted message is in the audit, with sender, size, way and outcome.",
     .also = "queue"},
    {.name = "no_extra", .says = "The audit holds nothing that was not sent.", .also = "queue"},
});
constexpr Rule kStore10{.id = "STORE-10",
                        .level = Level::should,
                        .capability = "audit",
                        .sentence =
                            "Every accepted message leaves a record of who sent it, how large it "
                            "was, which way it went and how it ended.",
                        .sources = "S0, S1, S2",
                        .method = Method::tested,
                        .reason = "Without bus/audit no such record can be seen from outside.",
                        .cases = kStore10Cases};

constexpr auto kStore11Cases = std::to_array<Case>({
    {.name = "other_group",
     .says = "Settling one group's copy leaves the payload to the others.",
     .also = "queue groups"},
    {.name = "other_publish",
     .says = "Deleting one publish of an upload leaves the payload to another.",
     .also = "upload"},
    {.name = "leased",
     .says = "A payload can be retrieved while a delivery of it is out.",
     .also = "queue"},
    {.name = "dead_letter",
     .says = "A payload can be retrieved while a dead letter names it.",
     .also = "queue dead_letter"},
    {.name = "released",
     .says = "When the last message that names it is deleted, the payload's room is given back.",
     .also = "queue stats"},
});
constexpr Rule kStore11{.id = "STORE-11",
                        .level = Level::must,
                        .capability = "store",
                        .sentence = "A payload lives as long as anything names it, and no longer.",
                        .sources = "S0, S1, S2",
                        .method = Method::tested,
                        .cases = kStore11Cases};

constexpr auto kRules = std::to_array<Rule>({kStore1, kStore2, kStore3, kStore4, kStore5, kStore6,
                                             kStore7, kStore8, kStore9, kStore10, kStore11});

}  // namespace

Family store() {
  return {
      .name = "STORE",
      .title = "the record",
      .note = "A record is what a transaction id names: a payload, its attributes and its status.",
      .rules = kRules};
}

}  // namespace busproof::contract::rules
