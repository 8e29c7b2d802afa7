// Parts of payloads: what bus/retrieve gives for an offset and a length.
//
// Marks: see upload_calls.hpp.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-1.range: of a published message a range gives that slice, or the beginning of it, nothing
/// at the payload's end, and beyond it an invalid_argument; what may be gone by then may be
/// refused. Findings: wrong_slice, wrong_end, not_empty, refused, served, wrong_refusal.
Judgement judge_message_ranges(const history::View& view, const contract::Claims& claims);

/// CHUNK-3.slice: of an upload a range gives that slice, or the beginning of it, and says whether
/// that is the end. Findings: wrong_slice, wrong_end, refused.
Judgement judge_slices(const history::View& view, const contract::Claims& claims);

/// CHUNK-3.at_end: at the payload's end it is empty. Findings: not_empty, refused.
Judgement judge_range_at_end(const history::View& view, const contract::Claims& claims);

/// CHUNK-3.beyond: beyond it, it is an invalid_argument. Findings: served, wrong_refusal.
Judgement judge_range_beyond(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
