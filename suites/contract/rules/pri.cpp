// PRI: priority.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kPri1Cases = std::to_array<Case>({
    {.name = "higher_first",
     .says = "No waiting message is delivered after one of lower priority."},
});
constexpr Rule kPri1{
    .id = "PRI-1",
    .level = Level::must,
    .capability = "priority",
    .sentence = "Of the messages that wait, one of higher priority is delivered first.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kPri1Cases};

constexpr auto kPri2Cases = std::to_array<Case>({
    {.name = "in_order", .says = "Equal priorities come in the order in which they were accepted."},
});
constexpr Rule kPri2{
    .id = "PRI-2",
    .level = Level::must,
    .capability = "priority",
    .sentence = "Messages of equal priority are delivered in the order of their acceptance.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kPri2Cases};

constexpr auto kPri3Cases = std::to_array<Case>({
    {.name = "restart",
     .says = "After a restart the waiting messages come in the same order.",
     .hook = Hook::needed,
     .from = Durability::restart},
    {.name = "keeps_priority",
     .says = "A redelivered message comes before everything of lower priority."},
    {.name = "place",
     .says = "Among its equals a redelivered message takes its old place or the tail, as declared.",
     .where = "queue.redelivered=place|tail"},
});
constexpr Rule kPri3{.id = "PRI-3",
                     .level = Level::must,
                     .capability = "priority",
                     .sentence = "Both hold across a restart and for what is delivered again.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPri3Cases};

constexpr auto kPri4Cases = std::to_array<Case>({
    {.name = "range",
     .says = "Both ends of the range order as they should.",
     .limits = "priority.min priority.max"},
    {.name = "outside",
     .says = "A priority beyond either end is invalid_argument.",
     .limits = "priority.min priority.max"},
});
constexpr Rule kPri4{.id = "PRI-4",
                     .level = Level::must,
                     .capability = "priority",
                     .sentence = "The whole declared range works, and nothing beyond it.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPri4Cases};

constexpr auto kPri5Cases = std::to_array<Case>({
    {.name = "overtakes", .says = "It is the next to be delivered."},
});
constexpr Rule kPri5{
    .id = "PRI-5",
    .level = Level::must,
    .capability = "priority",
    .sentence =
        "A message of high priority that comes late overtakes every lower one not yet delivered.",
    .sources = "S3, S4",
    .method = Method::tested,
    .cases = kPri5Cases};

constexpr auto kPri6Cases = std::to_array<Case>({
    {.name = "agrees_with_model",
     .says = "Every delivery in a random sequence is one that the model allows."},
});
constexpr Rule kPri6{.id = "PRI-6",
                     .level = Level::must,
                     .capability = "priority",
                     .sentence =
                         "Random sequences of publish, deliver, ack and reject agree with a model "
                         "of a priority queue.",
                     .sources = "S3, S4",
                     .method = Method::tested,
                     .cases = kPri6Cases};

constexpr auto kRules = std::to_array<Rule>({kPri1, kPri2, kPri3, kPri4, kPri5, kPri6});

}  // namespace

Family pri() {
  return {.name = "PRI",
          .title = "priority",
          .note =
              "Judged on one member, for publishes that do not overlap, with its credit spent or 0 "
              "while messages are added; what was handed over before is no violation.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
