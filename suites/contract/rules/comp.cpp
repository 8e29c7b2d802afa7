// COMP: compression.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kComp1Cases = std::to_array<Case>({
    {.name = "gzip",
     .says = "Payloads of every class survive gzip.",
     .also = "store",
     .where = "compression.algorithms=gzip"},
    {.name = "zstd",
     .says = "Payloads of every class survive zstd.",
     .also = "store",
     .where = "compression.algorithms=zstd"},
});
constexpr Rule kComp1{
    .id = "COMP-1",
    .level = Level::must,
    .capability = "compression",
    .sentence = "Each claimed algorithm gives every class of payload back unchanged.",
    .sources = "S0, S1",
    .method = Method::tested,
    .cases = kComp1Cases};

constexpr auto kComp2Cases = std::to_array<Case>({
    {.name = "compressible",
     .says = "A compressible payload of 64 KiB or more that goes to the store takes less room than "
             "its size.",
     .also = "store"},
    {.name = "incompressible",
     .says = "An incompressible payload takes at most 1 % and 1 KiB per chunk more than its size.",
     .also = "store"},
});
constexpr Rule kComp2{
    .id = "COMP-2",
    .level = Level::must,
    .capability = "compression",
    .sentence = "Compression pays where it can and costs next to nothing where it can't.",
    .sources = "S0, S1",
    .method = Method::tested,
    .cases = kComp2Cases};

constexpr auto kComp3Cases = std::to_array<Case>({
    {.name = "readable",
     .says = "Every record written before the setting changed is retrieved byte for byte after it.",
     .hook = Hook::needed,
     .also = "store",
     .from = Durability::restart},
});
constexpr Rule kComp3{.id = "COMP-3",
                      .level = Level::must,
                      .capability = "compression",
                      .sentence = "Records written under one setting stay readable under another.",
                      .sources = "S0, S1",
                      .method = Method::needs_hook,
                      .reason = "Needs the target's variants of compression.",
                      .cases = kComp3Cases};

constexpr auto kComp4Cases = std::to_array<Case>({
    {.name = "original",
     .says = "The original size is the number of bytes that the digest was taken over.",
     .also = "store integrity"},
    {.name = "stored",
     .says = "The stored size is there, and not smaller than any compression could make it.",
     .also = "store"},
});
constexpr Rule kComp4{.id = "COMP-4",
                      .level = Level::must,
                      .capability = "compression",
                      .sentence = "The sizes that the bus declares are true.",
                      .sources = "S0, S1",
                      .method = Method::tested,
                      .cases = kComp4Cases};

constexpr auto kComp5Cases = std::to_array<Case>({
    {.name = "gzip_instead",
     .says = "Payloads are stored with gzip and inspect says gzip.",
     .hook = Hook::needed,
     .also = "store"},
});
constexpr Rule kComp5{.id = "COMP-5",
                      .level = Level::should,
                      .capability = "compression",
                      .sentence = "Where zstd is missing gzip stands in, and the bus says so.",
                      .sources = "S0, S1",
                      .method = Method::needs_hook,
                      .reason = "Needs a build or variant of the target without zstd.",
                      .cases = kComp5Cases};

constexpr auto kRules = std::to_array<Rule>({kComp1, kComp2, kComp3, kComp4, kComp5});

}  // namespace

Family comp() {
  return {.name = "COMP",
          .title = "compression",
          .note = "Sizes stored are those that bus/inspect reports or the store shows.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
