// COR-1, COR-2: what a listing by correlation id must hold, and what it must not.
//
// A listing is a call of bus/correlated without a cursor and those that go on from it; it counts as
// whole when its last page named no further one.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// COR-1.all. Findings: not_listed, where a queue message with the id that was accepted before the
/// listing began is on no page of it; listed_twice.
Judgement judge_all_listed(const history::View& view, const contract::Claims& claims);

/// COR-1.only. Finding: stranger_listed, where a message has another id, or none.
Judgement judge_only_listed(const history::View& view, const contract::Claims& claims);

/// COR-1.order. Finding: out_of_order, where a message comes behind one that was published only
/// after it had been accepted.
Judgement judge_listed_in_order(const history::View& view, const contract::Claims& claims);

/// COR-2.unknown. Findings: stranger_listed; unknown_refused, where the answer was a refusal.
Judgement judge_unknown_correlation(const history::View& view, const contract::Claims& claims);

/// COR-2.settled and COR-2.dead: COR-1.all, judged by messages that were acked, or rejected for
/// good, before the listing began.
Judgement judge_settled_listed(const history::View& view, const contract::Claims& claims);
Judgement judge_dead_listed(const history::View& view, const contract::Claims& claims);

/// COR-2.expired. Finding: listed_expired, where one is listed whose time and grace were over.
Judgement judge_expired_unlisted(const history::View& view, const contract::Claims& claims);

/// COR-2.restart: all findings of COR-1, for messages from before a restart and listings after it.
Judgement judge_listed_after_restart(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
