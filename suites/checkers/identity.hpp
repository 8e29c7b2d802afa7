// STORE-2, STORE-4: what transaction ids name, and what names nothing.
#pragma once

#include <optional>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// STORE-2.connections. Finding: id_repeated, where two messages published on different
/// connections, or on one, were told the same transaction id. Judged with messages of two
/// connections at least.
Judgement judge_ids_over_connections(const history::View& view, const contract::Claims& claims);

/// STORE-2.restart: the same, with messages from before and from after a restart.
Judgement judge_ids_over_restart(const history::View& view, const contract::Claims& claims);

/// The first two accepted messages that were told the same transaction id: id_repeated.
std::optional<Judgement> find_repeated_id(const history::View& view);

// STORE-4: requests that name an id that the bus never made, as calls. Findings of all three:
// reached_a_record, where the answer was that of a record; wrong_refusal, where the refusal was for
// certain and neither not_found nor invalid_argument; harmed_a_record, where a real record was gone
// after its near miss was deleted.

Judgement judge_unknown_ids(const history::View& view, const contract::Claims& claims);
Judgement judge_malformed_ids(const history::View& view, const contract::Claims& claims);
Judgement judge_near_misses(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
