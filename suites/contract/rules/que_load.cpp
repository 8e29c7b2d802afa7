// QUE-14 to QUE-26: work queues with many at once, in odd order, full, and at length.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kQue14Cases = std::to_array<Case>({
    {.name = "lost", .says = "Every accepted message is delivered."},
    {.name = "made_up", .says = "Nothing is delivered that nobody published."},
    {.name = "acked_again", .says = "Nothing that was acked is delivered again."},
});
constexpr Rule kQue14{.id = "QUE-14",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence =
                          "With many publishers and many consumers nothing is lost, nothing is "
                          "made up, and nothing acked comes again.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue14Cases};

constexpr auto kQue15Cases = std::to_array<Case>({
    {.name = "holds",
     .says = "An extended delivery does not come again before its extension ended.",
     .where = "queue.lease=timed queue.extend=any|reset"},
    {.name = "ends",
     .says = "After the extension it comes again within the grace.",
     .where = "queue.lease=timed queue.extend=any|reset",
     .limits = "redelivery_grace_ms"},
});
constexpr Rule kQue15{.id = "QUE-15",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "A lease that was extended holds that much longer.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue15Cases};

constexpr auto kQue16Cases = std::to_array<Case>({
    {.name = "lost",
     .says = "After a reject or an abandoned delivery every other message still comes."},
    {.name = "order",
     .says =
         "The others keep their order, and the one given back takes the place that is declared.",
     .where = "guarantees.ordering=per_publisher|per_destination"},
});
constexpr Rule kQue16{.id = "QUE-16",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "Giving one message back neither loses nor reorders the rest.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue16Cases};

constexpr auto kQue17Cases = std::to_array<Case>({
    {.name = "early",
     .says = "A delayed message does not come before its delay is over.",
     .also = "queue"},
    {.name = "late",
     .says = "It comes within the declared grace after that.",
     .also = "queue",
     .limits = "delay_grace_ms"},
    {.name = "counted",
     .says = "It is not among the ready ones while it waits.",
     .also = "queue",
     .where = "queue.counts=exact|ready"},
});
constexpr Rule kQue17{
    .id = "QUE-17",
    .level = Level::must,
    .capability = "delay",
    .sentence = "A delayed message waits for its time and is not counted ready before it.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue17Cases};

constexpr auto kQue18Cases = std::to_array<Case>({
    {.name = "silent", .says = "Nothing is delivered from an empty queue and no error comes."},
    {.name = "idle",
     .says = "The bus burns no processor time over empty queues.",
     .hook = Hook::needed},
});
constexpr Rule kQue18{.id = "QUE-18",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "An empty queue is silent.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue18Cases};

constexpr auto kQue19Cases = std::to_array<Case>({
    {.name = "per_publisher",
     .says = "Messages of one publisher come in the order of their acceptance.",
     .where = "guarantees.ordering=per_publisher|per_destination"},
    {.name = "per_destination",
     .says = "All messages of a destination come in the order of their acceptance.",
     .where = "guarantees.ordering=per_destination"},
});
constexpr Rule kQue19{
    .id = "QUE-19",
    .level = Level::must,
    .capability = "queue",
    .sentence =
        "A lone member gets first deliveries in the claimed order, whatever their size and way.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue19Cases};

constexpr auto kQue20Cases = std::to_array<Case>({
    {.name = "past_1000",
     .says = "A backlog of 1 001 messages drains with no further publish, subscribe or credit."},
    {.name = "past_10000", .says = "A backlog of 10 001 messages drains likewise."},
});
constexpr Rule kQue20{
    .id = "QUE-20",
    .level = Level::must,
    .capability = "queue",
    .sentence = "A backlog larger than any buffer drains to its last message without a nudge.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue20Cases};

constexpr auto kQue21Cases = std::to_array<Case>({
    {.name = "link_cut",
     .says = "A message accepted once the links to the stores were cut is delivered within "
             "wakeup_ms, whatever the bus was woken by over them.",
     .hook = Hook::needed,
     .limits = "wakeup_ms"},
    {.name = "falling_idle",
     .says = "A message accepted at the instant a member falls idle is delivered within wakeup_ms.",
     .limits = "wakeup_ms"},
});
constexpr Rule kQue21{.id = "QUE-21",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "A lost wake-up costs no more than the declared time.",
                      .sources = "S3, S4",
                      .method = Method::needs_hook,
                      .reason = "Needs a hold on the link that carries wake-ups.",
                      .cases = kQue21Cases};

constexpr auto kQue22Cases = std::to_array<Case>({
    {.name = "leased", .says = "A message in a consumer's hands holds up nobody."},
    {.name = "delayed", .says = "A delayed message holds up nobody.", .also = "delay"},
    {.name = "rejected", .says = "A message that is rejected again and again holds up nobody."},
    {.name = "corrupt",
     .says = "A message that waits for its payload holds up nobody.",
     .hook = Hook::needed,
     .also = "store routing"},
});
constexpr Rule kQue22{.id = "QUE-22",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "A message that can't go forward holds up no other.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue22Cases};

constexpr auto kQue23Cases = std::to_array<Case>({
    {.name = "ends",
     .says = "After attempts_max deaths of its consumer it is a dead letter.",
     .also = "dead_letter",
     .where = "queue.release_counts=true",
     .limits = "attempts_max"},
    {.name = "neighbours",
     .says = "Messages leased beside it are not lost.",
     .also = "dead_letter",
     .where = "queue.release_counts=true",
     .limits = "attempts_max"},
});
constexpr Rule kQue23{.id = "QUE-23",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence =
                          "A message that kills each of its consumers ends as a dead letter though "
                          "nobody rejects it.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue23Cases};

constexpr auto kQue24Cases = std::to_array<Case>({
    {.name = "refuses",
     .says = "Past its limit a publish is refused with backpressure, definitely.",
     .hook = Hook::needed,
     .where = "queue.overflow=refuse"},
    {.name = "keeps",
     .says = "Everything accepted before and after is delivered.",
     .hook = Hook::needed,
     .where = "queue.overflow=refuse"},
    {.name = "counted",
     .says = "Where it drops as declared, the drops are counted.",
     .hook = Hook::needed,
     .also = "stats",
     .where = "queue.overflow=drop_oldest|drop_newest",
     .limits = "queue.messages_max"},
});
constexpr Rule kQue24{.id = "QUE-24",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence =
                          "A full queue refuses the new and drops nothing that it accepted, unless "
                          "it declares otherwise and counts it.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue24Cases};

constexpr auto kQue25Cases = std::to_array<Case>({
    {.name = "operations",
     .says = "Publish, deliver, ack and counts take at most ten times what they take at 1 000 "
             "waiting."},
    {.name = "restart",
     .says = "A restart with them is ready within the target's limit.",
     .hook = Hook::needed,
     .from = Durability::restart},
});
constexpr Rule kQue25{
    .id = "QUE-25",
    .level = Level::should,
    .capability = "queue",
    .sentence = "A million waiting messages slow the bus by no more than a factor of ten.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue25Cases};

constexpr auto kQue26Cases = std::to_array<Case>({
    {.name = "store",
     .says = "Rows and keys are back where they were after 10 000 messages and groups.",
     .hook = Hook::needed,
     .also = "ttl"},
    {.name = "process",
     .says =
         "Descriptors and memory are back where they were after 10 000 messages and connections.",
     .hook = Hook::needed,
     .also = "ttl"},
});
constexpr Rule kQue26{.id = "QUE-26",
                      .level = Level::should,
                      .capability = "queue",
                      .sentence = "Finished work leaves nothing behind.",
                      .sources = "S3, S4",
                      .method = Method::needs_hook,
                      .reason = "Needs a look at the process and the store.",
                      .cases = kQue26Cases};

constexpr auto kRules = std::to_array<Rule>({kQue14, kQue15, kQue16, kQue17, kQue18, kQue19, kQue20,
                                             kQue21, kQue22, kQue23, kQue24, kQue25, kQue26});

}  // namespace

std::span<const Rule> que_load() { return kRules; }

}  // namespace busproof::contract::rules
