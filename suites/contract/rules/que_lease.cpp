// QUE-1 to QUE-13: delivery, leases, settling, credit and counts of work queues.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kQue1Cases = std::to_array<Case>({
    {.name = "subscriber_before",
     .says = "A message published while someone is subscribed is delivered."},
    {.name = "subscriber_after",
     .says = "A message published before anyone subscribed is delivered to who comes."},
});
constexpr Rule kQue1{.id = "QUE-1",
                     .level = Level::must,
                     .capability = "queue",
                     .sentence =
                         "A message that was accepted is delivered, whether its subscriber was "
                         "there before it or came after.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kQue1Cases};

constexpr auto kQue2Cases = std::to_array<Case>({
    {.name = "one_holder", .says = "No message is in the hands of two members of a group at once."},
    {.name = "every_group",
     .says = "Each group gets each message that was accepted while it existed.",
     .also = "groups"},
    {.name = "late_group",
     .says = "A group owes nothing to what was accepted before it existed.",
     .also = "groups"},
});
constexpr Rule kQue2{.id = "QUE-2",
                     .level = Level::must,
                     .capability = "queue",
                     .sentence =
                         "Within a group one live member at a time holds a message, and every "
                         "group gets every message accepted while it exists.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kQue2Cases};

constexpr auto kQue3Cases = std::to_array<Case>({
    {.name = "after_lease",
     .says = "Once acked it does not come within twice its lease.",
     .where = "queue.lease=timed"},
    {.name = "after_reconnect",
     .says = "Once acked it does not come after its consumer connects anew."},
    {.name = "after_restart",
     .says = "Once acked it does not come after the bus was restarted.",
     .hook = Hook::needed,
     .from = Durability::restart},
    {.name = "after_crash",
     .says = "Once acked it does not come after the bus was killed.",
     .hook = Hook::needed,
     .from = Durability::process_crash,
     .where = "queue.ack=durable"},
    {.name = "any_sequence",
     .says = "It does not come in random sequences of publish, take, ack, reject and reconnect."},
});
constexpr Rule kQue3{.id = "QUE-3",
                     .level = Level::must,
                     .capability = "queue",
                     .sentence = "A message that was acked never comes again.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kQue3Cases};

constexpr auto kQue4Cases = std::to_array<Case>({
    {.name = "attempt",
     .says = "Each redelivery has a higher attempt than the one before.",
     .where = "queue.lease=timed"},
    {.name = "early",
     .says = "It does not come again before its lease can have ended.",
     .where = "queue.lease=timed"},
    {.name = "late",
     .says = "It comes again within the declared grace after its lease ended.",
     .where = "queue.lease=timed",
     .limits = "redelivery_grace_ms"},
});
constexpr Rule kQue4{
    .id = "QUE-4",
    .level = Level::must,
    .capability = "queue",
    .sentence =
        "A delivery that nobody settles comes again when its lease ends, with a higher attempt.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue4Cases};

constexpr auto kQue5Cases = std::to_array<Case>({
    {.name = "again", .says = "A message rejected with requeue is delivered again."},
    {.name = "delay",
     .says = "It does not come before the delay that its reject asked for.",
     .also = "delay",
     .where = "queue.reject_delay=any"},
    {.name = "backoff",
     .says = "Without a delay its waits grow as declared, up to the cap and within the jitter.",
     .limits = "backoff.base_ms backoff.factor backoff.cap_ms backoff.jitter"},
});
constexpr Rule kQue5{
    .id = "QUE-5",
    .level = Level::must,
    .capability = "queue",
    .sentence =
        "A message rejected for another try comes again, after its delay or the declared backoff.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue5Cases};

constexpr auto kQue6Cases = std::to_array<Case>({
    {.name = "rejected",
     .says = "A message rejected without requeue becomes a dead letter.",
     .also = "dead_letter"},
    {.name = "attempts_used",
     .says = "A message becomes a dead letter at the failure of its last attempt and not before.",
     .also = "dead_letter",
     .limits = "attempts_max"},
    {.name = "once", .says = "No message is among the dead letters twice.", .also = "dead_letter"},
    {.name = "reason",
     .says = "Its reason is the given one, or the declared class.",
     .also = "dead_letter"},
    {.name = "attempts",
     .says = "It says how many attempts there were.",
     .also = "dead_letter",
     .where = "dead_letter.attempts=exact"},
    {.name = "whole",
     .says = "Attributes and payload of the original message are all there.",
     .also = "dead_letter"},
});
constexpr Rule kQue6{.id = "QUE-6",
                     .level = Level::must,
                     .capability = "queue",
                     .sentence =
                         "What is rejected for good or has used up its attempts becomes a dead "
                         "letter once, whole, and after its retries.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kQue6Cases};

constexpr auto kQue7Cases = std::to_array<Case>({
    {.name = "list",
     .says = "Every dead letter is in the list, page by page, and nothing else is.",
     .also = "dead_letter"},
    {.name = "redrive",
     .says = "A redriven message is delivered again and is no longer listed.",
     .also = "redrive"},
    {.name = "attempt_one",
     .says = "A redriven message starts again at attempt 1.",
     .also = "redrive",
     .where = "queue.attempts=exact"},
    {.name = "purge",
     .says = "A purged dead letter is gone and does not come again.",
     .also = "redrive"},
});
constexpr Rule kQue7{.id = "QUE-7",
                     .level = Level::must,
                     .capability = "queue",
                     .sentence = "Dead letters can be listed, sent round again and purged.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kQue7Cases};

constexpr auto kQue8Cases = std::to_array<Case>({
    {.name = "ack",
     .says = "A late ack does not settle what another holds, and is refused with lease_lost.",
     .where = "queue.lease=timed"},
    {.name = "reject",
     .says = "A late reject does not return what another holds, and is refused with lease_lost.",
     .where = "queue.lease=timed"},
    {.name = "extend",
     .says = "A late extend does not prolong it, and is refused with lease_lost.",
     .where = "queue.lease=timed queue.extend=any|reset"},
    {.name = "between",
     .says = "Between the lease's end and the next delivery a late ack does as declared.",
     .where = "queue.lease=timed"},
});
constexpr Rule kQue8{
    .id = "QUE-8",
    .level = Level::must,
    .capability = "queue",
    .sentence = "Once another holds a message, its former holder can do nothing to it.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue8Cases};

constexpr auto kQue9Cases = std::to_array<Case>({
    {.name = "double_ack",
     .says = "A second ack answers with success while remembered, and changes nothing."},
    {.name = "unknown_id", .says = "An ack of an id that was never made is an error."},
    {.name = "reject_after_ack", .says = "A reject after an ack changes nothing."},
    {.name = "other_connection", .says = "A delivery id settles nothing on another connection."},
});
constexpr Rule kQue9{
    .id = "QUE-9",
    .level = Level::must,
    .capability = "queue",
    .sentence = "Settling twice, the wrong thing or in the wrong place is harmless.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue9Cases};

constexpr auto kQue10Cases = std::to_array<Case>({
    {.name = "disconnect",
     .says = "After a clean close its messages come to another at once.",
     .where = "queue.release=frees"},
    {.name = "cut",
     .says = "After a cut connection they come to another, no later than their leases end.",
     .where = "queue.lease=timed queue.release=frees"},
    {.name = "kept",
     .says = "Where the lease runs on they come to another when it ends, and no later.",
     .where = "queue.release=keeps queue.lease=timed",
     .limits = "redelivery_grace_ms"},
});
constexpr Rule kQue10{.id = "QUE-10",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "A consumer that goes away gives its messages back.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue10Cases};

constexpr auto kQue11Cases = std::to_array<Case>({
    {.name = "window",
     .says = "At no instant are more deliveries outstanding than the subscription's credit."},
    {.name = "zero", .says = "With a credit of 0 nothing is delivered."},
    {.name = "resumes", .says = "More credit brings the rest, and nothing is lost on the way."},
});
constexpr Rule kQue11{
    .id = "QUE-11",
    .level = Level::must,
    .capability = "queue",
    .sentence = "Credit is a window: never more unsettled deliveries than credit.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue11Cases};

constexpr auto kQue12Cases = std::to_array<Case>({
    {.name = "publishers",
     .says = "Publishers go on while a subscriber reads nothing, with 100, 101, 1 000 and 1 001 "
             "messages waiting."},
    {.name = "others", .says = "Other subscribers go on meanwhile."},
    {.name = "nothing_lost", .says = "Nothing unacked is lost when it goes away."},
    {.name = "memory",
     .says = "Memory grows by no more than the same backlog unattended and the declared buffer.",
     .hook = Hook::needed,
     .limits = "buffer_bytes_max"},
});
constexpr Rule kQue12{.id = "QUE-12",
                      .level = Level::must,
                      .capability = "queue",
                      .sentence = "A subscriber that never reads harms nobody but itself.",
                      .sources = "S3, S4",
                      .method = Method::tested,
                      .cases = kQue12Cases};

constexpr auto kQue13Cases = std::to_array<Case>({
    {.name = "ready",
     .says = "The number ready agrees with the history.",
     .where = "queue.counts=exact|ready"},
    {.name = "leased",
     .says = "The number leased agrees with the history.",
     .where = "queue.counts=exact"},
    {.name = "delayed",
     .says = "The number delayed agrees with the history.",
     .also = "delay",
     .where = "queue.counts=exact"},
    {.name = "dead",
     .says = "The number of dead letters agrees with the history.",
     .also = "dead_letter",
     .where = "queue.counts=exact"},
});
constexpr Rule kQue13{
    .id = "QUE-13",
    .level = Level::must,
    .capability = "queue",
    .sentence = "The counts of a queue agree with what happened, once it is at rest.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kQue13Cases};

constexpr auto kRules = std::to_array<Rule>({kQue1, kQue2, kQue3, kQue4, kQue5, kQue6, kQue7, kQue8,
                                             kQue9, kQue10, kQue11, kQue12, kQue13});

}  // namespace

std::span<const Rule> que_lease() { return kRules; }

}  // namespace busproof::contract::rules
