// Judges of a bus that is started while its servers are away, and of one whose server comes back
// with other data than it had.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// CFG-3, of a start ("launched") while every server that was killed ("store_killed") was away, up
/// to the last "store_back".
///
/// starts: it answers hello. Findings: died, no_hello.
Judgement judge_starts_without(const history::View& view, const contract::Claims& claims);

/// serves: topics, where the mark "topics_apart" says that no server holds them, subscribed and
/// published meanwhile. Finding: refused.
Judgement judge_serves_without(const history::View& view, const contract::Claims& claims);

/// recovers: what is published recovery_ms after they are back is accepted. Finding:
/// did_not_recover.
Judgement judge_recovers_later(const history::View& view, const contract::Claims& claims);

/// DUR-10.empty, DUR-10.older: the store held accepted messages, and has come back
/// ("data_replaced") without them. A publish is accepted on it, and nothing said so before: neither
/// was health "unhealthy" so late that the store must have been seen to be back, nor does the log
/// (the marks "log") have a word on it. Finding: accepted_unnoticed.
Judgement judge_empty_noticed(const history::View& view, const contract::Claims& claims);
Judgement judge_older_noticed(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
