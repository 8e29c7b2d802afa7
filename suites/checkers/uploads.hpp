// Payloads that come in parts: where they go on, when they are seen, what they become.
//
// Marks: see upload_calls.hpp; "kill" as the stage sets it.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// CHUNK-5.resumes: an upload that goes on over another connection from the offset that the bus
/// reports there becomes the whole payload. Findings: lost, refused, altered.
Judgement judge_upload_resumes(const history::View& view, const contract::Claims& claims);

/// CHUNK-5.wrong_offset: an append at another offset than the upload has is refused with
/// upload_offset, which tells the right one. Findings: accepted, wrong_refusal, wrong_expected.
Judgement judge_upload_offset(const history::View& view, const contract::Claims& claims);

/// CHUNK-5.durable: the offset that is reported after a kill is one that the upload can go on from
/// to its right end. Finding: past_durable.
Judgement judge_upload_after_kill(const history::View& view, const contract::Claims& claims);

/// DUR-2.upload: after a kill no less is reported than was answered before it. Findings:
/// upload_lost, bytes_lost.
Judgement judge_upload_survives(const history::View& view, const contract::Claims& claims);

/// CHUNK-7.interleaved: uploads whose appends alternate each become their own bytes. Findings:
/// mixed, refused.
Judgement judge_uploads_apart(const history::View& view, const contract::Claims& claims);

/// CHUNK-4.invisible: before its commit nothing of an upload can be read, inspected or published.
/// Findings: readable, shown, published.
Judgement judge_upload_invisible(const history::View& view, const contract::Claims& claims);

/// CHUNK-4.abandoned: an upload that was left alone for longer than upload_ttl_ms is gone, and not
/// sooner; others can be opened in its place. Findings: still_there, gone_early, room_kept.
Judgement judge_upload_abandoned(const history::View& view, const contract::Claims& claims);

/// ROUTE-6.upload: what is declared larger than the largest payload is refused with
/// payload_too_large, what is not is not, and none grows beyond it. Findings: accepted,
/// wrong_refusal, refused_within, grown.
Judgement judge_upload_too_large(const history::View& view, const contract::Claims& claims);

/// STORE-11.other_publish: a publish of an upload can be read when another was deleted. Findings:
/// missing, altered.
Judgement judge_upload_shared(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
