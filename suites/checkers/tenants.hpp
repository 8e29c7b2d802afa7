// Judges of what one tenant learns of another: nothing, whatever is asked.
//
// A connection's tenant is what its hello gave as `session_id`; without one it is the empty tenant.
// Where the bus takes that from a token nothing is known, and the judges say unverified.
//
// Threads: no state.
// Source:  SEC-1.
#pragma once

#include <map>
#include <string>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// The tenant of every connection whose hello was answered with a result, by session.
std::map<std::uint32_t, std::string> tenants_of(const history::View& view);

/// What is said where the bus takes from a token which tenant a connection is of.
Judgement tenant_from_token();

/// SEC-1.destinations: what comes to who has subscribed by name. Finding: crossed_over.
Judgement judge_destinations_apart(const history::View& view, const contract::Claims& claims);

/// SEC-1.patterns: what comes by pattern. Finding: came_by_pattern.
Judgement judge_patterns_apart(const history::View& view, const contract::Claims& claims);

/// SEC-1.dead_letters: lists, redrive and purge at a name where another has some. Findings:
/// foreign_letter, in a list; foreign_count, where more is redriven or purged than the tenant ever
/// published there; foreign_touched, where another's letter is gone after it.
Judgement judge_letters_apart(const history::View& view, const contract::Claims& claims);

/// SEC-1.statistics: bus/stats and bus/pending. Findings: foreign_destination, a name that another
/// alone has named; foreign_counts, where more is counted than the tenant ever did.
Judgement judge_statistics_apart(const history::View& view, const contract::Claims& claims);

/// SEC-1.ids: calls that name what is another's, beside those that name what was never made, and
/// events that repeat another's. Findings: differs; acted, where another's message is deleted by
/// it; shared_identity.
Judgement judge_ids_apart(const history::View& view, const contract::Claims& claims);

/// SEC-1.errors: no error's text holds what another alone has said or been given. Finding: tells.
Judgement judge_errors_apart(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
