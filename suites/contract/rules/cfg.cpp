// CFG: configuration.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kCfg1Cases = std::to_array<Case>({
    {.name = "declared",
     .says = "Started with nothing set, the bus has the defaults that its documentation declares.",
     .hook = Hook::needed},
    {.name = "in_force",
     .says = "A subscription that names no credit gets the declared one.",
     .also = "queue",
     .limits = "credit_default"},
});
constexpr Rule kCfg1{
    .id = "CFG-1",
    .level = Level::must,
    .capability = "config",
    .sentence = "What is declared as a default is what happens when nothing is set.",
    .sources = "S0, S1, S3",
    .method = Method::tested,
    .cases = kCfg1Cases};

constexpr auto kCfg2Cases = std::to_array<Case>({
    {.name = "stops",
     .says = "The process ends with an error before it serves anyone.",
     .hook = Hook::needed},
    {.name = "says_why",
     .says = "Its message names the variable, the value and what is allowed.",
     .hook = Hook::needed},
});
constexpr Rule kCfg2{.id = "CFG-2",
                     .level = Level::must,
                     .capability = "config",
                     .sentence = "A wrong value stops the start and says which and why.",
                     .sources = "S0, S1, S3",
                     .method = Method::needs_hook,
                     .reason = "Needs the target's variants bad_config.",
                     .cases = kCfg2Cases};

constexpr auto kCfg3Cases = std::to_array<Case>({
    {.name = "starts", .says = "The process stays up and answers hello.", .hook = Hook::needed},
    {.name = "serves",
     .says = "It serves what needs no store.",
     .hook = Hook::needed,
     .also = "topic"},
    {.name = "recovers",
     .says = "Once the store is there it accepts within recovery_ms.",
     .hook = Hook::needed},
});
constexpr Rule kCfg3{.id = "CFG-3",
                     .level = Level::must,
                     .capability = "config",
                     .sentence = "A store that can't be reached at start is no reason to die.",
                     .sources = "S0, S1, S3",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the store.",
                     .cases = kCfg3Cases};

constexpr auto kCfg4Cases = std::to_array<Case>({
    {.name = "answers",
     .says = "No error, statistic or health answer holds a token.",
     .also = "auth"},
    {.name = "logs",
     .says = "No password or token that the target was started with is in its log.",
     .hook = Hook::needed},
});
constexpr Rule kCfg4{.id = "CFG-4",
                     .level = Level::must,
                     .capability = "config",
                     .sentence = "Secrets show nowhere.",
                     .sources = "S0, S1, S3",
                     .method = Method::tested,
                     .cases = kCfg4Cases};

constexpr auto kRules = std::to_array<Rule>({kCfg1, kCfg2, kCfg3, kCfg4});

}  // namespace

Family cfg() {
  return {.name = "CFG",
          .title = "configuration",
          .note = "Judged by starting variants of the target.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
