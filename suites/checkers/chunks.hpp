// Very large payloads: how many chunks they are in, and that those leave no trace.
//
// Marks: see upload_calls.hpp.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// CHUNK-1.above_threshold: an upload above chunk_threshold_bytes is shown with more than one
/// chunk. Finding: one_chunk.
Judgement judge_chunked(const history::View& view, const contract::Claims& claims);

/// CHUNK-1.chunk_size: it is shown with as many chunks as its stored bytes take at chunk_bytes, or
/// more. Finding: too_few_chunks.
Judgement judge_chunk_size(const history::View& view, const contract::Claims& claims);

/// CHUNK-2.edges: uploads of whole chunks, of one byte less and one more are read as they were.
/// Findings: refused, altered, unreadable.
Judgement judge_chunk_edges(const history::View& view, const contract::Claims& claims);

/// CHUNK-2.largest: so is one of payload_bytes_max. Findings: refused, altered, unreadable.
Judgement judge_largest_payload(const history::View& view, const contract::Claims& claims);

/// CHUNK-4.swept: once uploads that were begun and left alone are over, no more rows are stored
/// than before the first was opened, as the marks "rows" count them. Finding: orphans_kept.
Judgement judge_orphans_swept(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
