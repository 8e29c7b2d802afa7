// Transfer memory: what a bus holds of a large payload while it is stored or read.
//
// Peaks are compared, from one mark "memory" to the next, so that what a bus keeps for good counts
// once: first the same bytes go through it in small payloads, then in one large one. What the
// second way takes more is held for the size of the payload alone. A bus keeps much of what it
// gave back, which later needs are met from: storing and reading are seen in two lives of it.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// CHUNK-6.storing and CHUNK-6.reading: the peak grows by no more than four chunks, and what a
/// runtime may need besides. Finding: held_whole.
Judgement judge_memory_storing(const history::View& view, const contract::Claims& claims);
Judgement judge_memory_reading(const history::View& view, const contract::Claims& claims);

/// The bytes that a payload needs at least for the judgement to be one, and those that may go
/// through as one small payload, with chunks of that many bytes.
std::int64_t telling_payload(std::int64_t chunk_bytes);
std::int64_t small_payload(std::int64_t chunk_bytes);

}  // namespace busproof::checkers
