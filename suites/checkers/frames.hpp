// The endpoint as RFC 6455 has it: what it makes of frames, right and wrong.
//
// Where the RFC says "Fail the WebSocket Connection" a bus may drop the TCP connection without a
// close frame; a close frame, where one comes, says why. What END-3 promises goes further: there
// a connection that ends in order without its code is a violation; one that was reset is none,
// since the close frame may have been lost with it.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// END-3.too_large, END-3.invalid_utf8. Findings: taken (it was answered with a result), kept (a
/// later request on the same connection was answered), wrong_code, no_code.
Judgement judge_too_large(const history::View& view, const contract::Claims& claims);
Judgement judge_invalid_utf8(const history::View& view, const contract::Claims& claims);

/// END-3.memory: between two looks at the memory, what was sent as messages too large or no UTF-8
/// cost no more than the largest message allows. Finding: grew.
Judgement judge_bad_frames_memory(const history::View& view, const contract::Claims& claims);

/// END-7.masking, END-7.reserved_bits. Findings: taken, kept, wrong_code.
Judgement judge_masking(const history::View& view, const contract::Claims& claims);
Judgement judge_reserved_bits(const history::View& view, const contract::Claims& claims);

/// END-7.fragments. Findings: taken_apart (an error that names no request), refused (the connection
/// ended), unanswered.
Judgement judge_fragments(const history::View& view, const contract::Claims& claims);

/// END-7.control_frames: the ping is answered, and the message around it. Findings: no_pong,
/// wrong_pong, and those of the fragments.
Judgement judge_control_frames(const history::View& view, const contract::Claims& claims);

/// END-7.close_codes. A close is answered with its code, or with 1000 or none, which the RFC leaves
/// open. Findings: unanswered, another_code, took_bad_code (any answer but 1002 to a code that may
/// not be sent).
Judgement judge_close_codes(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
