// Statistics: what bus/stats says, against what a model makes of the history up to then.
//
// Judged at rest: counts_settle_ms after the last thing asked of the bus or handed out by it. An
// answer before that which agrees counts as well; one that does not says nothing.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STA-1.totals: the growth from the first bus/stats to the last, on a bus that nobody else uses.
/// Findings: wrong_total, no_number.
Judgement judge_totals(const history::View& view, const contract::Claims& claims);

/// STA-1.queues: of every destination that was asked about. Findings: wrong_count, no_number.
Judgement judge_group_counts(const history::View& view, const contract::Claims& claims);

/// STA-1.subscribers. Findings: wrong_subscribers, no_number.
Judgement judge_subscribers(const history::View& view, const contract::Claims& claims);

/// STA-2.balance. Finding: unbalanced.
Judgement judge_balance(const history::View& view, const contract::Claims& claims);

/// STA-3.usage: the growth of payloads.count and payloads.bytes over messages that all are kept.
/// Findings: wrong_usage, no_number.
Judgement judge_usage(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
