// NODE: several processes of a bus over the same stores.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kNode1Cases = std::to_array<Case>({
    {.name = "queues",
     .says = "A queue message published at one node is delivered at another.",
     .also = "queue"},
    {.name = "topics",
     .says = "A topic message published at one node is delivered at another.",
     .also = "topic",
     .limits = "propagation_ms"},
    {.name = "agents",
     .says = "A message to an agent's inbox is delivered at another node.",
     .also = "agents queue"},
    {.name = "references",
     .says = "A reference published at one node can be retrieved at another.",
     .also = "queue store routing",
     .limits = "inline_bytes_max"},
});
constexpr Rule kNode1{.id = "NODE-1",
                      .level = Level::must,
                      .capability = "multi_node",
                      .sentence = "What is published at one node is received at another.",
                      .sources = "S3",
                      .method = Method::tested,
                      .cases = kNode1Cases};

constexpr auto kNode2Cases = std::to_array<Case>({
    {.name = "one_holder",
     .says = "No message is in the hands of members at two nodes at once.",
     .also = "queue"},
    {.name = "dead_node",
     .says = "The messages of a node that died come to members at others.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash},
});
constexpr Rule kNode2{.id = "NODE-2",
                      .level = Level::must,
                      .capability = "multi_node",
                      .sentence = "A group is one group at all nodes.",
                      .sources = "S3",
                      .method = Method::tested,
                      .cases = kNode2Cases};

constexpr auto kNode3Cases = std::to_array<Case>({
    {.name = "rolling",
     .says = "Every message accepted meanwhile is delivered.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
});
constexpr Rule kNode3{
    .id = "NODE-3",
    .level = Level::must,
    .capability = "multi_node",
    .sentence = "Restarting the nodes one by one under load loses nothing accepted.",
    .sources = "S3",
    .method = Method::tested,
    .cases = kNode3Cases};

constexpr auto kNode4Cases = std::to_array<Case>({
    {.name = "empty",
     .says = "Nodes that start at once on an empty store all come to serve it.",
     .hook = Hook::needed},
    {.name = "migration",
     .says = "Nodes that start at once on an older schema take it over once and whole.",
     .hook = Hook::needed,
     .from = Durability::restart},
});
constexpr Rule kNode4{
    .id = "NODE-4",
    .level = Level::must,
    .capability = "multi_node",
    .sentence = "Nodes that start at once on an older or an empty store do not harm it.",
    .sources = "S3",
    .method = Method::tested,
    .cases = kNode4Cases};

constexpr auto kNode5Cases = std::to_array<Case>({
    {.name = "back",
     .says = "All of its clients are served again within recovery_ms.",
     .hook = Hook::needed,
     .from = Durability::process_crash},
    {.name = "leases",
     .says = "No lease is held for longer than its term.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash,
     .where = "queue.lease=timed",
     .limits = "redelivery_grace_ms"},
});
constexpr Rule kNode5{.id = "NODE-5",
                      .level = Level::should,
                      .capability = "multi_node",
                      .sentence = "The death of a node under a thousand connections is over soon.",
                      .sources = "S3",
                      .method = Method::tested,
                      .cases = kNode5Cases};

constexpr auto kRules = std::to_array<Rule>({kNode1, kNode2, kNode3, kNode4, kNode5});

}  // namespace

Family node() {
  return {.name = "NODE",
          .title = "several processes of a bus over the same stores",
          .note = "Needs a target of two nodes or more.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
