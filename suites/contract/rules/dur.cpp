// DUR: persistence across restarts.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kDur1Cases = std::to_array<Case>({
    {.name = "waiting",
     .says = "What was waiting before it is delivered after it.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "acked",
     .says = "What was acked before it does not come after it.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "records",
     .says = "Stored payloads can be retrieved after it.",
     .hook = Hook::needed,
     .also = "store",
     .from = Durability::restart},
});
constexpr Rule kDur1{.id = "DUR-1",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "A restart in good order loses nothing and forgets nothing.",
                     .sources = "S2, S4",
                     .method = Method::tested,
                     .cases = kDur1Cases};

constexpr auto kDur2Cases = std::to_array<Case>({
    {.name = "publish",
     .says = "Every publish that was answered before the kill is delivered.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash},
    {.name = "ack",
     .says = "Every ack that was answered before the kill holds.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash,
     .where = "queue.ack=durable"},
    {.name = "upload",
     .says = "After the kill an upload goes on from no earlier than what was answered.",
     .hook = Hook::needed,
     .also = "upload",
     .from = Durability::process_crash},
});
constexpr Rule kDur2{
    .id = "DUR-2",
    .level = Level::must,
    .capability = "",
    .sentence = "Killing the bus at any instant loses nothing that it had answered for.",
    .sources = "S2, S4",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the bus' process.",
    .cases = kDur2Cases};

constexpr auto kDur3Cases = std::to_array<Case>({
    {.name = "recovers",
     .says = "The bus accepts again within recovery_ms once its store is back.",
     .hook = Hook::needed,
     .from = Durability::process_crash},
    {.name = "publish",
     .says = "Every publish that was answered before the store died is delivered.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash},
    {.name = "ack",
     .says = "Every ack that was answered before the store died holds.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash,
     .where = "queue.ack=durable"},
});
constexpr Rule kDur3{
    .id = "DUR-3",
    .level = Level::must,
    .capability = "",
    .sentence = "Killing or restarting a store is survived without help, under the same guarantee.",
    .sources = "S2, S4",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the store's process.",
    .cases = kDur3Cases};

constexpr auto kDur4Cases = std::to_array<Case>({
    {.name = "nothing_lost",
     .says = "Where power_loss is claimed nothing that was answered is lost.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::power_loss},
    {.name = "window",
     .says = "Under a weaker claim nothing older than the declared window is lost.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart,
     .limits = "loss_window_ms"},
});
constexpr Rule kDur4{.id = "DUR-4",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "A power cut of the store's disk loses no more than was claimed.",
                     .sources = "S2, S4",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the disk beneath the store.",
                     .cases = kDur4Cases};

constexpr auto kDur5Cases = std::to_array<Case>({
    {.name = "priority",
     .says = "Its priority survives a restart.",
     .hook = Hook::needed,
     .also = "queue priority",
     .from = Durability::restart},
    {.name = "correlation",
     .says = "Its correlation id survives a restart.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "attempts",
     .says = "Its number of attempts survives a restart.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart,
     .where = "queue.attempts=exact"},
    {.name = "expiry",
     .says = "Its expiry survives a restart.",
     .hook = Hook::needed,
     .also = "queue ttl store",
     .from = Durability::restart},
    {.name = "dead_letters",
     .says = "Dead letters survive a restart, with reason and attempts.",
     .hook = Hook::needed,
     .also = "queue dead_letter",
     .from = Durability::restart},
    {.name = "large",
     .says = "A payload stored by reference survives a restart byte for byte.",
     .hook = Hook::needed,
     .also = "queue store routing",
     .from = Durability::restart,
     .limits = "inline_bytes_max"},
});
constexpr Rule kDur5{.id = "DUR-5",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "What belongs to a message survives with it.",
                     .sources = "S2, S4",
                     .method = Method::tested,
                     .cases = kDur5Cases};

constexpr auto kDur6Cases = std::to_array<Case>({
    {.name = "twice",
     .says = "A bus that is started a second time on the same data serves it or refuses, and harms "
             "nothing.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "older_schema",
     .says = "Data of an older schema is taken over whole, where the target provides some.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
});
constexpr Rule kDur6{.id = "DUR-6",
                     .level = Level::must,
                     .capability = "",
                     .sentence = "Starting again on data that is there already is safe.",
                     .sources = "S2, S4",
                     .method = Method::tested,
                     .cases = kDur6Cases};

constexpr auto kDur7Cases = std::to_array<Case>({
    {.name = "publish",
     .says = "A publish without an answer is delivered whole or never.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash},
    {.name = "batch",
     .says = "A batch without an answer is delivered whole or never.",
     .hook = Hook::needed,
     .also = "queue batch",
     .from = Durability::process_crash},
    {.name = "ack",
     .says = "An ack without an answer holds or the message comes again whole.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::process_crash,
     .where = "queue.ack=durable"},
    {.name = "fanout",
     .says = "A publish without an answer reached every group or none.",
     .hook = Hook::needed,
     .also = "queue groups",
     .from = Durability::process_crash,
     .where = "queue.fanout=atomic"},
});
constexpr Rule kDur7{
    .id = "DUR-7",
    .level = Level::must,
    .capability = "",
    .sentence = "An operation whose answer never came happened wholly or not at all.",
    .sources = "S2, S4",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the bus' process.",
    .cases = kDur7Cases};

constexpr auto kDur8Cases = std::to_array<Case>({
    {.name = "never_empty",
     .says = "It never comes up silently empty.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "says_so",
     .says = "A refusal says why; what a repair lost is reported and bounded.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
});
constexpr Rule kDur8{
    .id = "DUR-8",
    .level = Level::must,
    .capability = "",
    .sentence = "A bus that is started on damaged data refuses clearly or repairs and says so.",
    .sources = "S2, S4",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the stored files.",
    .cases = kDur8Cases};

constexpr auto kDur9Cases = std::to_array<Case>({
    {.name = "refused",
     .says = "A publish that finds no room is refused definitely.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "kept",
     .says = "Nothing accepted is lost.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
    {.name = "reads",
     .says = "Retrieves go on.",
     .hook = Hook::needed,
     .also = "queue store",
     .from = Durability::restart},
    {.name = "recovers",
     .says = "With room again it accepts again without a restart.",
     .hook = Hook::needed,
     .also = "queue",
     .from = Durability::restart},
});
constexpr Rule kDur9{.id = "DUR-9",
                     .level = Level::must,
                     .capability = "",
                     .sentence =
                         "A full disk is refused definitely, harms nothing accepted, and is over "
                         "once there is room.",
                     .sources = "S2, S4",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on the disk beneath the store.",
                     .cases = kDur9Cases};

constexpr auto kDur10Cases = std::to_array<Case>({
    {.name = "empty",
     .says = "A store that comes back empty makes the bus unhealthy first.",
     .hook = Hook::needed,
     .also = "health queue",
     .from = Durability::restart,
     .limits = "health.detect_ms"},
    {.name = "older",
     .says = "A store that comes back older makes the bus unhealthy first.",
     .hook = Hook::needed,
     .also = "health queue",
     .from = Durability::restart,
     .limits = "health.detect_ms"},
});
constexpr Rule kDur10{
    .id = "DUR-10",
    .level = Level::should,
    .capability = "",
    .sentence =
        "A store that comes back empty or older is noticed before anything new is accepted on it.",
    .sources = "S2, S4",
    .method = Method::needs_hook,
    .reason = "Needs a hold on the store's data.",
    .cases = kDur10Cases};

constexpr auto kRules =
    std::to_array<Rule>({kDur1, kDur2, kDur3, kDur4, kDur5, kDur6, kDur7, kDur8, kDur9, kDur10});

}  // namespace

Family dur() {
  return {.name = "DUR",
          .title = "persistence across restarts",
          .note = "Binds from the claimed durability upward: restart, process_crash, power_loss.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
