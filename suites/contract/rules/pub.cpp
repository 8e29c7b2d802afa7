// PUB: topics.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kPub1Cases = std::to_array<Case>({
    {.name = "each",
     .says = "Every subscription gets every message published between its answer and its end."},
    {.name = "once", .says = "No subscription gets a message twice."},
});
constexpr Rule kPub1{.id = "PUB-1",
                     .level = Level::must,
                     .capability = "topic",
                     .sentence =
                         "Each subscriber that keeps reading gets each message published while it "
                         "is subscribed, once per subscription.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub1Cases};

constexpr auto kPub2Cases = std::to_array<Case>({
    {.name = "matches", .says = "What the grammar matches is delivered.", .also = "topic"},
    {.name = "literal",
     .says = "An escaped special character matches itself alone.",
     .also = "topic",
     .where = "patterns.escape=true"},
    {.name = "invalid",
     .says = "A pattern that the grammar calls invalid is refused.",
     .also = "topic"},
});
constexpr Rule kPub2{.id = "PUB-2",
                     .level = Level::must,
                     .capability = "patterns",
                     .sentence = "Patterns match by the declared grammar.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub2Cases};

constexpr auto kPub3Cases = std::to_array<Case>({
    {.name = "topics", .says = "A subscription to one topic gets nothing of another."},
    {.name = "patterns",
     .says = "A pattern gets nothing that it does not match.",
     .also = "patterns"},
});
constexpr Rule kPub3{.id = "PUB-3",
                     .level = Level::must,
                     .capability = "topic",
                     .sentence = "Nothing comes for a topic that was not asked for.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub3Cases};

constexpr auto kPub4Cases = std::to_array<Case>({
    {.name = "silence", .says = "No delivery follows the answer."},
});
constexpr Rule kPub4{.id = "PUB-4",
                     .level = Level::must,
                     .capability = "topic",
                     .sentence = "After unsubscribe is answered nothing more comes.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub4Cases};

constexpr auto kPub5Cases = std::to_array<Case>({
    {.name = "in_order",
     .says = "Each subscription sees each publisher's messages in the order of their acceptance."},
});
constexpr Rule kPub5{.id = "PUB-5",
                     .level = Level::must,
                     .capability = "topic",
                     .sentence = "One publisher's messages on a topic arrive in order.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub5Cases};

constexpr auto kPub6Cases = std::to_array<Case>({
    {.name = "exact",
     .says = "The number is that of the subscriptions that match, patterns included.",
     .where = "topic.receivers=exact"},
    {.name = "zero",
     .says = "Nobody listening is an answer of 0 and no error.",
     .where = "topic.receivers=exact"},
});
constexpr Rule kPub6{
    .id = "PUB-6",
    .level = Level::must,
    .capability = "topic",
    .sentence = "Where it is claimed, publish tells how many subscriptions it reached.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kPub6Cases};

constexpr auto kPub7Cases = std::to_array<Case>({
    {.name = "others", .says = "Other subscribers get every message in their usual time."},
    {.name = "told",
     .says = "A subscription that the bus ends is ended by bus/closed with its kind."},
});
constexpr Rule kPub7{
    .id = "PUB-7",
    .level = Level::must,
    .capability = "topic",
    .sentence = "A slow subscriber delays nobody, and if it is cut off it is told why.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kPub7Cases};

constexpr auto kPub8Cases = std::to_array<Case>({
    {.name = "receivers", .says = "Publish no longer counts it.", .where = "topic.receivers=exact"},
    {.name = "counts", .says = "The number of subscribers goes back to zero.", .also = "stats"},
});
constexpr Rule kPub8{.id = "PUB-8",
                     .level = Level::must,
                     .capability = "topic",
                     .sentence = "A subscriber that disconnects leaves nothing behind.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub8Cases};

constexpr auto kPub9Cases = std::to_array<Case>({
    {.name = "same_node", .says = "A publish by anyone, sent after the answer, is delivered."},
    {.name = "other_node",
     .says = "A publish at another node is delivered from propagation_ms after the answer.",
     .also = "multi_node",
     .limits = "propagation_ms"},
});
constexpr Rule kPub9{.id = "PUB-9",
                     .level = Level::must,
                     .capability = "topic",
                     .sentence = "Subscribe answered means that the next publish reaches it.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPub9Cases};

constexpr auto kPub10Cases = std::to_array<Case>({
    {.name = "live_again",
     .says = "After the link is back each subscription is delivered to or was ended by bus/closed.",
     .hook = Hook::needed},
    {.name = "patterns",
     .says = "The same holds for patterns.",
     .hook = Hook::needed,
     .also = "patterns"},
});
constexpr Rule kPub10{.id = "PUB-10",
                      .level = Level::must,
                      .capability = "topic",
                      .sentence =
                          "When the bus loses its link to other nodes or its store, no "
                          "subscription goes deaf in silence.",
                      .sources = "S3, S4",
                      .method = Method::needs_hook,
                      .reason = "Needs a hold on the link that carries topics.",
                      .cases = kPub10Cases};

constexpr auto kRules =
    std::to_array<Rule>({kPub1, kPub2, kPub3, kPub4, kPub5, kPub6, kPub7, kPub8, kPub9, kPub10});

}  // namespace

Family pub() {
  return {.name = "PUB",
          .title = "topics",
          .note = "Live, at most once: no lease, no ack, no attempt.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
