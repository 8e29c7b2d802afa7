// Judges of the way that payloads go: inline or by reference.
//
// Sizes are those of payloads whose bytes are judged; what is routed by a JSON value's bytes is the
// bus' own affair.
//
// Threads: no state.
#pragma once

#include <functional>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// ROUTE-1.delivered_inline: at or below the limit the payload is in the delivery. Finding:
/// wrong_route.
Judgement judge_inline_delivered(const history::View& view, const contract::Claims& claims);

/// ROUTE-1.retrievable, ROUTE-2.retrievable: what went inline, or by reference, can be retrieved.
/// Findings: missing, altered.
Judgement judge_inline_retrievable(const history::View& view, const contract::Claims& claims);
Judgement judge_reference_retrievable(const history::View& view, const contract::Claims& claims);

/// ROUTE-2.reference: above the limit the delivery states id, size and digest. Findings:
/// wrong_route, wrong_id, wrong_size, wrong_digest.
Judgement judge_reference_stated(const history::View& view, const contract::Claims& claims);

/// ROUTE-2.no_payload. Finding: carries_payload.
Judgement judge_reference_bare(const history::View& view, const contract::Claims& claims);

/// ROUTE-7.any_connection: the first retrieve after the delivery, on another connection. Findings:
/// missing, altered.
Judgement judge_retrievable_elsewhere(const history::View& view, const contract::Claims& claims);

/// The retrieves that are wanted of payloads that must go by reference. Findings: missing, altered.
Judgement judge_reference_retrieves_of(
    const history::View& view, const contract::Claims& claims,
    const std::function<bool(const history::Operation& retrieve)>& wanted);

/// The first delivery of a message that was received before `until`, or null.
const history::Delivery* first_delivery(const history::View& view, std::uint32_t message,
                                        history::Time until);

/// ROUTE-11: payloads of one size go one way. Finding: different_ways.
Judgement judge_same_way(const history::View& view, const contract::Claims& claims);

/// ROUTE-12.order, .priority, .lease, .expiry: what the other families ask, of a history in which
/// both ways occurred. Findings: those of judge_order_of_publisher and judge_order_of_destination,
/// judge_higher_first, judge_not_early and judge_not_late, judge_not_readable_late.
Judgement judge_mixed_order(const history::View& view, const contract::Claims& claims);
Judgement judge_mixed_priority(const history::View& view, const contract::Claims& claims);
Judgement judge_mixed_lease(const history::View& view, const contract::Claims& claims);
Judgement judge_mixed_expiry(const history::View& view, const contract::Claims& claims);

/// ROUTE-12.dead_letter: what was rejected for good is listed, whichever way it went. Finding:
/// not_listed.
Judgement judge_mixed_dead_letters(const history::View& view, const contract::Claims& claims);

/// ROUTE-12.counts: bus/pending counts both. Finding: wrong_count.
Judgement judge_mixed_counts(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
