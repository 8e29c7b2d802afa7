// Payloads: which way they go, whether they come back the same, what their digests are worth.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// ROUTE-3: inline at or below inline_bytes_max, by reference above. Finding: wrong_route.
Judgement judge_routes(const history::View& view, const contract::Claims& claims);

/// STORE-1: what is retrieved is what was published; what may be gone by then is not judged.
/// Findings: altered, missing.
Judgement judge_retrieved_same(const history::View& view, const contract::Claims& claims);

/// SUM-1: every digest and size that the bus states are the payload's. Findings: wrong_digest,
/// wrong_size.
Judgement judge_stated_digests(const history::View& view, const contract::Claims& claims);

/// SUM-2: after the mark "corrupted" a message reads right, or with an error that owns up to
/// damage. Findings: wrong_bytes, damage_hidden.
Judgement judge_corruption_found(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
