// Judges of what a stranger learns of an inbox or a workspace: nothing, by pattern, count or list.
//
// Threads: no state.
// Source:  SEC-7, COR-1.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// SEC-7.inbox, SEC-7.workspace. Finding: came_by_pattern.
Judgement judge_pattern_and_inbox(const history::View& view, const contract::Claims& claims);
Judgement judge_pattern_and_workspace(const history::View& view, const contract::Claims& claims);

/// SEC-7.counts: pending, dead_letters, redrive and purge. Findings: accepted; wrong_error, for a
/// refusal other than forbidden; own_refused, where its agent may not ask either; counted, where
/// statistics tell of it.
Judgement judge_counts_closed(const history::View& view, const contract::Claims& claims);

/// SEC-7.correlated, of inboxes; COR-1.allowed, of workspaces, too. Finding: foreign_listed.
Judgement judge_inbox_unlisted(const history::View& view, const contract::Claims& claims);
Judgement judge_foreign_unlisted(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
