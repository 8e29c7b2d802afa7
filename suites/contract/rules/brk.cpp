// BRK: circuit breaker, of consecutive failures.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kBrk1Cases = std::to_array<Case>({
    {.name = "starts_closed",
     .says = "A fresh bus reports its breaker closed.",
     .hook = Hook::needed,
     .also = "health"},
    {.name = "below_threshold",
     .says = "One failure less than the threshold leaves it closed.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
    {.name = "success_resets",
     .says = "A success in between starts the count again.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk1{
    .id = "BRK-1",
    .level = Level::must,
    .capability = "breaker",
    .sentence = "It starts closed, and fewer failures in a row than its threshold leave it so.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the store.",
    .cases = kBrk1Cases};

constexpr auto kBrk2Cases = std::to_array<Case>({
    {.name = "opens",
     .says = "The failure that reaches the threshold opens it.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
    {.name = "overlapping",
     .says = "Calls that overlap count as they complete, by call or attempt as declared.",
     .hook = Hook::needed,
     .limits = "breaker.failures"},
});
constexpr Rule kBrk2{.id = "BRK-2",
                     .level = Level::must,
                     .capability = "breaker",
                     .sentence =
                         "It opens at exactly the declared number of failures in a row, counted in "
                         "the order in which they complete.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the store.",
                     .cases = kBrk2Cases};

constexpr auto kBrk3Cases = std::to_array<Case>({
    {.name = "store_silent",
     .says = "The wire to the store carries no more than an idle bus sends.",
     .hook = Hook::needed},
    {.name = "at_once",
     .says = "Calls that need the store are answered well within the call timeout.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.call_timeout_ms breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk3{
    .id = "BRK-3",
    .level = Level::must,
    .capability = "breaker",
    .sentence =
        "While it is open no client's call reaches the store, and calls fail or fall back at once.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a proxy on the wire to the store.",
    .cases = kBrk3Cases};

constexpr auto kBrk4Cases = std::to_array<Case>({
    {.name = "probes",
     .says = "After the open time the store is asked again, and not before.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
    {.name = "no_herd",
     .says = "However many call at that instant, no more probes than declared reach the store.",
     .hook = Hook::needed,
     .limits = "breaker.open_ms breaker.probes"},
});
constexpr Rule kBrk4{
    .id = "BRK-4",
    .level = Level::must,
    .capability = "breaker",
    .sentence = "After its open time a probe goes through, and no more at once than declared.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the store.",
    .cases = kBrk4Cases};

constexpr auto kBrk5Cases = std::to_array<Case>({
    {.name = "closes",
     .says = "As many successful probes as declared close it, with its count at zero.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
    {.name = "opens_again",
     .says = "After a failed probe the store is left alone for at least the open time.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk5{
    .id = "BRK-5",
    .level = Level::must,
    .capability = "breaker",
    .sentence = "Enough successes close it, and a failed probe opens it for the whole time again.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the store.",
    .cases = kBrk5Cases};

constexpr auto kBrk6Cases = std::to_array<Case>({
    {.name = "about_the_message",
     .says = "Not found, digest mismatch, too large and conflict never open it.",
     .hook = Hook::needed,
     .also = "routing store",
     .limits = "breaker.failures inline_bytes_max payload_bytes_max"},
    {.name = "connection",
     .says = "Refused connections, resets and timeouts open it.",
     .hook = Hook::needed,
     .limits = "breaker.failures"},
    {.name = "refusal",
     .says = "Read-only, out of memory, disk full, too many connections and failed authentication "
             "open it.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk6{.id = "BRK-6",
                     .level = Level::must,
                     .capability = "breaker",
                     .sentence =
                         "What an answer says about one message is no failure, and what the store "
                         "says about itself is one.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the store.",
                     .cases = kBrk6Cases};

constexpr auto kBrk7Cases = std::to_array<Case>({
    {.name = "lost",
     .says = "Everything accepted before, during and after is delivered.",
     .hook = Hook::needed,
     .also = "queue routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
    {.name = "doubled",
     .says = "Nothing is accepted twice, whatever was answered.",
     .hook = Hook::needed,
     .also = "queue routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk7{.id = "BRK-7",
                     .level = Level::must,
                     .capability = "breaker",
                     .sentence = "Nothing accepted is lost or doubled across trip and recovery.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the store.",
                     .cases = kBrk7Cases};

constexpr auto kBrk8Cases = std::to_array<Case>({
    {.name = "state",
     .says = "Health reports closed, open and half open when they are so.",
     .hook = Hook::needed,
     .also = "health routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
    {.name = "transitions",
     .says = "Each transition shows in statistics or the log.",
     .hook = Hook::needed,
     .also = "health routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk8{.id = "BRK-8",
                     .level = Level::must,
                     .capability = "breaker",
                     .sentence = "Its state and its transitions can be seen.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the store.",
                     .cases = kBrk8Cases};

constexpr auto kBrk9Cases = std::to_array<Case>({
    {.name = "never_opens",
     .says = "Ten times the threshold of failures leaves every call going to the store.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures inline_bytes_max"},
});
constexpr Rule kBrk9{.id = "BRK-9",
                     .level = Level::must,
                     .capability = "breaker",
                     .sentence = "Switched off it never opens.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs the target's variant breaker.off.",
                     .cases = kBrk9Cases};

constexpr auto kBrk10Cases = std::to_array<Case>({
    {.name = "agrees_with_model",
     .says = "Every state and every answer is one that the model allows.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk10{.id = "BRK-10",
                      .level = Level::must,
                      .capability = "breaker",
                      .sentence =
                          "It is one state machine: random sequences of success, failure, slow "
                          "call and elapsed time agree with a model.",
                      .sources = "S0, S1, S2",
                      .method = Method::needs_hook,
                      .reason = "Needs a hold on the store and on the clock.",
                      .cases = kBrk10Cases};

constexpr auto kBrk11Cases = std::to_array<Case>({
    {.name = "hanging",
     .says = "Calls that get no answer fail at the call timeout and open it.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.call_timeout_ms breaker.open_ms inline_bytes_max"},
});
constexpr Rule kBrk11{.id = "BRK-11",
                      .level = Level::must,
                      .capability = "breaker",
                      .sentence = "A store that hangs trips it too.",
                      .sources = "S0, S1, S2",
                      .method = Method::needs_hook,
                      .reason = "Needs a hold on the store.",
                      .cases = kBrk11Cases};

constexpr auto kBrk12Cases = std::to_array<Case>({
    {.name = "hanging_probe",
     .says = "A probe that hangs is a failure at the call timeout, and another follows.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms breaker.call_timeout_ms inline_bytes_max"},
    {.name = "orphaned_probe",
     .says = "A probe whose caller went away ends too, and another follows.",
     .hook = Hook::needed,
     .also = "routing",
     .limits = "breaker.failures breaker.open_ms breaker.call_timeout_ms inline_bytes_max"},
});
constexpr Rule kBrk12{.id = "BRK-12",
                      .level = Level::must,
                      .capability = "breaker",
                      .sentence = "Half open never lasts.",
                      .sources = "S0, S1, S2",
                      .method = Method::needs_hook,
                      .reason = "Needs a hold on the store.",
                      .cases = kBrk12Cases};

constexpr auto kBrk13Cases = std::to_array<Case>({
    {.name = "inline",
     .says = "With the payload store down inline messages are published, delivered and acked in "
             "their usual time.",
     .hook = Hook::needed,
     .also = "queue routing",
     .limits = "inline_bytes_max"},
    {.name = "topics",
     .says = "With the payload store down topics go on in their usual time.",
     .hook = Hook::needed,
     .also = "topic routing",
     .limits = "inline_bytes_max"},
    {.name = "pool",
     .says = "Calls that wait for a hanging store use up nothing that the others need.",
     .hook = Hook::needed,
     .also = "queue routing",
     .limits = "inline_bytes_max"},
});
constexpr Rule kBrk13{.id = "BRK-13",
                      .level = Level::must,
                      .capability = "breaker",
                      .sentence = "Only what needs the failing store fails.",
                      .sources = "S0, S1, S2",
                      .method = Method::needs_hook,
                      .reason = "Needs a hold on the store.",
                      .cases = kBrk13Cases};

constexpr auto kRules = std::to_array<Rule>({kBrk1, kBrk2, kBrk3, kBrk4, kBrk5, kBrk6, kBrk7, kBrk8,
                                             kBrk9, kBrk10, kBrk11, kBrk12, kBrk13});

}  // namespace

Family brk() {
  return {.name = "BRK",
          .title = "circuit breaker, of consecutive failures",
          .note = "The store is made to fail behind the proxy or by a control hook.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
