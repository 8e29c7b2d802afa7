// Who is connected, as the endpoint's pages tell it.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// END-5.list: each list holds every connection that was certainly open, and no more than may have
/// been. Findings: missing, left_over, listed_twice, no_page (another status than 200), unreadable
/// (no list of objects with an id).
Judgement judge_connections_listed(const history::View& view, const contract::Claims& claims);

/// END-5.one: who is on the list before and after has a page, with its id; who was on it before and
/// is on neither has none. Findings: unknown, another, gone_but_shown, unreadable.
Judgement judge_connection_pages(const history::View& view, const contract::Claims& claims);

/// END-5.stats: the number of connections lies within the same bounds. Findings: disagree, no_page,
/// unreadable.
Judgement judge_connection_stats(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
