// Tokens: who shows which, what becomes of it, and what is told of secrets.
//
// What a history calls a token stands as "shown" beside the hello, or the call of "handshake", that
// brought it.
//
// Threads: no state.
// Source:  SEC-3, CFG-4.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SEC-3: a hello that shows that is refused with unauthenticated, or its handshake with 401, and
/// nothing that its connection asks for is done. Findings: accepted, wrong_error, wrong_status,
/// done_unauthenticated.
Judgement judge_token_missing(const history::View& view, const contract::Claims& claims);
Judgement judge_token_altered(const history::View& view, const contract::Claims& claims);
Judgement judge_token_unsigned(const history::View& view, const contract::Claims& claims);
Judgement judge_token_expired(const history::View& view, const contract::Claims& claims);
Judgement judge_token_audience(const history::View& view, const contract::Claims& claims);
Judgement judge_token_of_other_key(const history::View& view, const contract::Claims& claims);

/// SEC-3.ends: the token of the hello that shows "brief" ends as long after the mark "token_ends"
/// as that says, and within idle_ms and a second of that bus/closed tells its connection so; what
/// it held comes to another. Findings: outlived, late, wordless, wrong_kind, held_back.
Judgement judge_token_ends(const history::View& view, const contract::Claims& claims);

/// CFG-4.answers: no refusal and no answer holds the text of a mark "secret". Finding: told.
Judgement judge_secrets_untold(const history::View& view, const contract::Claims& claims);

/// CFG-4.logs: no mark "secret" was found "in_log". Finding: logged.
Judgement judge_secrets_unlogged(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
