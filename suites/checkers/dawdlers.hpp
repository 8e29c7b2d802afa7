// Peers that dawdle: handshakes and frames a byte at a time, connections on which nothing more is
// said. What they may not do is keep others waiting.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// END-9.slow_handshake, END-9.half_open, END-9.byte_frames: while some dawdle others connect and
/// are answered. Finding: others_wait (nobody could connect, or a request had no answer, where both
/// worked before and again when the dawdlers had gone). How long a bus bears with them is its own
/// affair.
Judgement judge_slow_handshake(const history::View& view, const contract::Claims& claims);
Judgement judge_half_open(const history::View& view, const contract::Claims& claims);

/// The same, and the message itself is taken. Findings: others_wait, refused (the connection
/// ended), unanswered.
Judgement judge_byte_frames(const history::View& view, const contract::Claims& claims);

/// END-9.memory: what fifty such peers or more cost. Finding: grew.
Judgement judge_dawdlers_memory(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
