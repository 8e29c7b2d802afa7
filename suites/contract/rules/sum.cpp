// SUM: integrity.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kSum1Cases = std::to_array<Case>({
    {.name = "sha256",
     .says = "Every reported digest equals one that the harness computed itself."},
    {.name = "size", .says = "Every reported size is the number of bytes that were digested."},
    {.name = "senders_own",
     .says =
         "An event whose own datadigest or datasize is wrong is refused and nothing is stored."},
    {.name = "senders_right",
     .says = "An event whose own datadigest and datasize are right is not refused for them."},
});
constexpr Rule kSum1{.id = "SUM-1",
                     .level = Level::must,
                     .capability = "integrity",
                     .sentence = "The digest is the SHA-256 of the uncompressed payload.",
                     .sources = "S0, S1, S2",
                     .method = Method::tested,
                     .cases = kSum1Cases};

constexpr auto kSum2Cases = std::to_array<Case>({
    {.name = "flipped_bit",
     .says = "After one bit was flipped, retrieve gives the right bytes or an error, never other "
             "bytes.",
     .hook = Hook::needed},
    {.name = "any_place",
     .says = "The same holds for a bit at the start, in the middle and at the very end.",
     .hook = Hook::needed},
});
constexpr Rule kSum2{.id = "SUM-2",
                     .level = Level::must,
                     .capability = "integrity",
                     .sentence =
                         "A single flipped bit in a stored payload is repaired or reported, at the "
                         "latest with the last piece, and never passed off as good.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on stored bytes.",
                     .cases = kSum2Cases};

constexpr auto kSum3Cases = std::to_array<Case>({
    {.name = "truncated",
     .says = "A payload cut short is never given as whole.",
     .hook = Hook::needed},
    {.name = "extended",
     .says = "A payload with bytes added is never given with them.",
     .hook = Hook::needed},
    {.name = "zeroed",
     .says = "A payload with a zeroed block is never given as good.",
     .hook = Hook::needed},
    {.name = "wrong_digest",
     .says = "A payload whose stored digest was changed is never given under that digest.",
     .hook = Hook::needed},
});
constexpr Rule kSum3{.id = "SUM-3",
                     .level = Level::must,
                     .capability = "integrity",
                     .sentence =
                         "The same holds for stored bytes that were cut, extended or zeroed, and "
                         "for a stored digest that is wrong.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on stored bytes.",
                     .cases = kSum3Cases};

constexpr auto kSum4Cases = std::to_array<Case>({
    {.name = "found",
     .says = "Damage inside a compressed payload gives the right bytes or an error.",
     .hook = Hook::needed,
     .also = "compression"},
    {.name = "survives",
     .says = "The bus answers others while and after it meets a damaged stream.",
     .hook = Hook::needed,
     .also = "compression"},
    {.name = "bounded",
     .says =
         "Meeting a damaged stream takes no more memory than the payload's declared size allows.",
     .hook = Hook::needed,
     .also = "compression"},
});
constexpr Rule kSum4{
    .id = "SUM-4",
    .level = Level::must,
    .capability = "integrity",
    .sentence =
        "Damage inside a compressed stream is found without a crash, a hang or unbounded memory.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on stored bytes.",
    .cases = kSum4Cases};

constexpr auto kSum5Cases = std::to_array<Case>({
    {.name = "swapped",
     .says = "Two chunks that changed places are found.",
     .hook = Hook::needed,
     .also = "chunking"},
    {.name = "missing",
     .says = "A missing chunk is found.",
     .hook = Hook::needed,
     .also = "chunking"},
    {.name = "doubled",
     .says = "A chunk that is there twice is found.",
     .hook = Hook::needed,
     .also = "chunking"},
    {.name = "foreign",
     .says = "A chunk of another message is found.",
     .hook = Hook::needed,
     .also = "chunking"},
});
constexpr Rule kSum5{.id = "SUM-5",
                     .level = Level::must,
                     .capability = "integrity",
                     .sentence = "Chunks out of place are found.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on stored chunks.",
                     .cases = kSum5Cases};

constexpr auto kSum6Cases = std::to_array<Case>({
    {.name = "others_readable",
     .says = "Other messages can be retrieved while a damaged one is being found.",
     .hook = Hook::needed},
    {.name = "stays_up",
     .says = "The bus keeps answering through any number of damaged records.",
     .hook = Hook::needed},
});
constexpr Rule kSum6{.id = "SUM-6",
                     .level = Level::must,
                     .capability = "integrity",
                     .sentence = "Damage to one message harms no other.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on stored bytes.",
                     .cases = kSum6Cases};

constexpr auto kSum7Cases = std::to_array<Case>({
    {.name = "status",
     .says = "Its status becomes error with a message that names the cause.",
     .hook = Hook::needed},
    {.name = "counted",
     .says = "Statistics count it as corrupt.",
     .hook = Hook::needed,
     .also = "stats"},
});
constexpr Rule kSum7{.id = "SUM-7",
                     .level = Level::must,
                     .capability = "integrity",
                     .sentence = "A damaged record says so.",
                     .sources = "S0, S1, S2",
                     .method = Method::needs_hook,
                     .reason = "Needs a hold on stored bytes.",
                     .cases = kSum7Cases};

constexpr auto kSum8Cases = std::to_array<Case>({
    {.name = "refused",
     .says = "A planted bomb gives an error instead of its bytes.",
     .hook = Hook::needed,
     .also = "compression"},
    {.name = "bounded",
     .says = "Memory grows by no more than the declared size while it is refused.",
     .hook = Hook::needed,
     .also = "compression"},
});
constexpr Rule kSum8{
    .id = "SUM-8",
    .level = Level::must,
    .capability = "integrity",
    .sentence =
        "A stored body that would inflate beyond its declared size is refused at that size.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on stored bytes.",
    .cases = kSum8Cases};

constexpr auto kSum9Cases = std::to_array<Case>({
    {.name = "flipped_bit",
     .says = "A queue message with a flipped bit is never delivered as good.",
     .hook = Hook::needed,
     .also = "queue",
     .where = "integrity.inline=true"},
});
constexpr Rule kSum9{
    .id = "SUM-9",
    .level = Level::must,
    .capability = "integrity",
    .sentence =
        "Where it is claimed, small payloads kept with their queue message are covered too.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on stored bytes.",
    .cases = kSum9Cases};

constexpr auto kSum10Cases = std::to_array<Case>({
    {.name = "settle",
     .says = "A delivery whose payload can't be read can still be settled.",
     .hook = Hook::needed,
     .also = "queue"},
    {.name = "set_aside",
     .says = "A damaged queue message becomes a dead letter with reason digest_mismatch.",
     .hook = Hook::needed,
     .also = "queue dead_letter",
     .where = "integrity.inline=true"},
    {.name = "others_go_on",
     .says = "The messages behind a damaged one are delivered.",
     .hook = Hook::needed,
     .also = "queue"},
});
constexpr Rule kSum10{
    .id = "SUM-10",
    .level = Level::must,
    .capability = "integrity",
    .sentence = "A message whose payload is damaged or gone does not block its queue.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a hold on stored bytes.",
    .cases = kSum10Cases};

constexpr auto kRules =
    std::to_array<Rule>({kSum1, kSum2, kSum3, kSum4, kSum5, kSum6, kSum7, kSum8, kSum9, kSum10});

}  // namespace

Family sum() {
  return {.name = "SUM",
          .title = "integrity",
          .note =
              "The stored bytes are reached through a control hook or the target's own corrupt "
              "commands.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
