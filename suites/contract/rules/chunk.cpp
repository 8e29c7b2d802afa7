// CHUNK: very large payloads.
//
// Threads: constant data.
#include <array>

#include "suites/contract/rules/rules.hpp"

namespace busproof::contract::rules {
namespace {

constexpr auto kChunk1Cases = std::to_array<Case>({
    {.name = "above_threshold",
     .says = "A payload above the threshold has more than one chunk.",
     .also = "store upload",
     .limits = "chunk_threshold_bytes"},
    {.name = "chunk_size",
     .says = "Its chunks are as many as its stored size needs at the declared chunk size, or more.",
     .also = "store upload",
     .limits = "chunk_bytes"},
});
constexpr Rule kChunk1{
    .id = "CHUNK-1",
    .level = Level::must,
    .capability = "chunking",
    .sentence =
        "Above the chunk threshold a payload is stored in pieces, none larger than the chunk size.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kChunk1Cases};

constexpr auto kChunk2Cases = std::to_array<Case>({
    {.name = "edges",
     .says = "Payloads of k chunks, one byte less and one byte more come back byte for byte.",
     .also = "store upload",
     .limits = "chunk_bytes"},
    {.name = "largest",
     .says = "The largest payload comes back byte for byte.",
     .also = "store upload",
     .limits = "payload_bytes_max"},
});
constexpr Rule kChunk2{.id = "CHUNK-2",
                       .level = Level::must,
                       .capability = "chunking",
                       .sentence = "The edges of chunks and of the largest payload leave no trace.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kChunk2Cases};

constexpr auto kChunk3Cases = std::to_array<Case>({
    {.name = "slice",
     .says = "Ranges at, across and between chunk edges give that slice of the payload.",
     .also = "store upload"},
    {.name = "at_end", .says = "A range that starts at the end is empty.", .also = "store upload"},
    {.name = "beyond",
     .says = "A range that starts beyond the end is refused.",
     .also = "store upload"},
});
constexpr Rule kChunk3{.id = "CHUNK-3",
                       .level = Level::must,
                       .capability = "chunking",
                       .sentence = "Any range gives exactly that slice.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kChunk3Cases};

constexpr auto kChunk4Cases = std::to_array<Case>({
    {.name = "invisible",
     .says = "A half-finished upload gives no delivery and nothing to retrieve.",
     .also = "upload"},
    {.name = "swept",
     .says = "The pieces of a store cut off half way are swept.",
     .hook = Hook::needed,
     .also = "upload"},
    {.name = "abandoned",
     .says = "An upload left alone past upload_ttl_ms is gone and its room freed.",
     .also = "upload",
     .limits = "upload_ttl_ms"},
});
constexpr Rule kChunk4{
    .id = "CHUNK-4",
    .level = Level::must,
    .capability = "chunking",
    .sentence = "A payload that was stored half is never seen, and its room comes back.",
    .sources = "S0, S1, S2",
    .method = Method::tested,
    .cases = kChunk4Cases};

constexpr auto kChunk5Cases = std::to_array<Case>({
    {.name = "resumes",
     .says = "An upload goes on over another connection from the reported offset, and the payload "
             "is whole."},
    {.name = "wrong_offset",
     .says = "An append at another offset is refused with upload_offset and the expected one."},
    {.name = "durable",
     .says = "After a kill the reported offset is no later than what survives.",
     .hook = Hook::needed,
     .from = Durability::process_crash},
});
constexpr Rule kChunk5{.id = "CHUNK-5",
                       .level = Level::must,
                       .capability = "upload",
                       .sentence =
                           "An interrupted upload goes on from where the bus says, which is never "
                           "past what is durable.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kChunk5Cases};

constexpr auto kChunk6Cases = std::to_array<Case>({
    {.name = "storing",
     .says = "Memory grows by no more than four chunks per transfer while it is stored.",
     .hook = Hook::needed,
     .also = "store upload",
     .from = Durability::restart,
     .limits = "chunk_bytes"},
    {.name = "reading",
     .says = "Memory grows by no more than four chunks per transfer while it is read.",
     .hook = Hook::needed,
     .also = "store upload",
     .from = Durability::restart,
     .limits = "chunk_bytes"},
});
constexpr Rule kChunk6{
    .id = "CHUNK-6",
    .level = Level::should,
    .capability = "chunking",
    .sentence = "Storing or reading the largest payload holds at most four chunks in memory.",
    .sources = "S0, S1, S2",
    .method = Method::needs_hook,
    .reason = "Needs a look at the process. Where memory is the store it holds the whole.",
    .cases = kChunk6Cases};

constexpr auto kChunk7Cases = std::to_array<Case>({
    {.name = "interleaved", .says = "Uploads whose appends alternate each give their own bytes."},
});
constexpr Rule kChunk7{.id = "CHUNK-7",
                       .level = Level::must,
                       .capability = "upload",
                       .sentence = "Uploads at the same time never mix.",
                       .sources = "S0, S1, S2",
                       .method = Method::tested,
                       .cases = kChunk7Cases};

constexpr auto kRules =
    std::to_array<Rule>({kChunk1, kChunk2, kChunk3, kChunk4, kChunk5, kChunk6, kChunk7});

}  // namespace

Family chunk() {
  return {.name = "CHUNK",
          .title = "very large payloads",
          .note = "A payload too large for one message goes by upload.",
          .rules = kRules};
}

}  // namespace busproof::contract::rules
