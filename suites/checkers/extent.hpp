// How much a bus takes: payloads above its largest one, and all of them while it is disabled.
//
// The scenario marks what it knows of its own publishes: "beyond_payload" is above
// payload_bytes_max in a message that the transport carries, "beyond_message" fits no message,
// "beyond_inline" is above the inline limit that the bus has while it is enabled.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// ROUTE-6.publish. Findings: accepted, wrong_refusal, refused_within (at or below the limit), and
/// those of undefined_outcome.
Judgement judge_too_large_refused(const history::View& view, const contract::Claims& claims);

/// ROUTE-6.nothing_kept. Findings: refused_but_delivered, counted (by bus/pending or in its group's
/// statistics), stored (more payloads are kept than were accepted).
Judgement judge_too_large_not_kept(const history::View& view, const contract::Claims& claims);

/// ROUTE-5.inline. Findings: refused, by_reference (as answered or as delivered), altered.
Judgement judge_disabled_inline(const history::View& view, const contract::Claims& claims);

/// ROUTE-5.refused. Findings: accepted, delivered.
Judgement judge_disabled_refused(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
