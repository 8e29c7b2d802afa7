// AGT: agents and workspaces.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kAgt1Cases = std::to_array<Case>({
    {.name = "only_it", .says = "No other agent gets it.", .also = "queue"},
    {.name = "waits", .says = "It is delivered when the agent comes.", .also = "queue"},
    {.name = "inbox_closed",
     .says = "Another agent that subscribes to the inbox is refused with forbidden.",
     .also = "queue"},
});
constexpr Rule kAgt1{
    .id = "AGT-1",
    .level = Level::must,
    .capability = "agents",
    .sentence = "What is sent to an agent's inbox reaches that agent alone, and waits for it.",
    .sources = "S3",
    .method = Method::tested,
    .cases = kAgt1Cases};

constexpr auto kAgt2Cases = std::to_array<Case>({
    {.name = "workspace",
     .says = "A workspace's broadcast reaches each of its members.",
     .also = "topic"},
    {.name = "outsiders",
     .says = "Nobody outside the workspace gets it, and subscribing to it is forbidden.",
     .also = "topic"},
    {.name = "everyone", .says = "A global broadcast reaches every agent.", .also = "topic"},
});
constexpr Rule kAgt2{.id = "AGT-2",
                     .level = Level::must,
                     .capability = "agents",
                     .sentence = "A broadcast reaches whom it is for and nobody else.",
                     .sources = "S3",
                     .method = Method::tested,
                     .cases = kAgt2Cases};

constexpr auto kAgt3Cases = std::to_array<Case>({
    {.name = "backlog_first",
     .says = "On subscribing, the backlog comes first, in order.",
     .also = "queue"},
});
constexpr Rule kAgt3{
    .id = "AGT-3",
    .level = Level::must,
    .capability = "agents",
    .sentence = "What waits in an inbox is delivered before what comes later at the same priority.",
    .sources = "S3",
    .method = Method::tested,
    .cases = kAgt3Cases};

constexpr auto kAgt4Cases = std::to_array<Case>({
    {.name = "once",
     .says = "A receiver subscribed both ways on one connection gets it once.",
     .also = "queue topic"},
    {.name = "later",
     .says = "A receiver that was absent gets it from its queue.",
     .also = "queue topic"},
});
constexpr Rule kAgt4{
    .id = "AGT-4",
    .level = Level::must,
    .capability = "agents",
    .sentence =
        "In mode both a live receiver gets a message once, and an absent one gets it later.",
    .sources = "S3",
    .method = Method::tested,
    .cases = kAgt4Cases};

constexpr auto kAgt5Cases = std::to_array<Case>({
    {.name = "kept",
     .says = "Request, response, notification and command arrive as they were sent.",
     .also = "queue"},
    {.name = "unknown", .says = "Another messagetype is refused with invalid_argument."},
});
constexpr Rule kAgt5{.id = "AGT-5",
                     .level = Level::must,
                     .capability = "agents",
                     .sentence = "The kind of a message is kept, and an unknown kind is refused.",
                     .sources = "S3",
                     .method = Method::tested,
                     .cases = kAgt5Cases};

constexpr auto kAgt6Cases = std::to_array<Case>({
    {.name = "own_name",
     .says = "An event with another's fromagent is refused or replaced, as declared.",
     .also = "queue"},
    {.name = "no_name",
     .says = "A connection without an agent id can't name one.",
     .also = "queue"},
    {.name = "odd_ids", .says = "Agent ids with a colon or pattern signs are refused."},
    {.name = "shared_inbox",
     .says = "Two connections of one agent share its inbox, each message going to one.",
     .also = "queue"},
});
constexpr Rule kAgt6{
    .id = "AGT-6",
    .level = Level::must,
    .capability = "agents",
    .sentence = "Nobody speaks in another's name, and two connections of one agent are one agent.",
    .sources = "S3",
    .method = Method::tested,
    .cases = kAgt6Cases};

constexpr auto kRules = std::to_array<Rule>({kAgt1, kAgt2, kAgt3, kAgt4, kAgt5, kAgt6});

}  // namespace

Family agt() {
  return {.name = "AGT",
          .title = "agents and workspaces",
          .note = "Destinations agent:{id}:inbox, workspace:{id}, broadcast and agent:{name}.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
