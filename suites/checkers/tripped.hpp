// The breaker of a payload store that is a server of its own, made to trip on the link to it.
//
// A call needs the store: a publish above the inline limit, or the retrieval of one that went by
// reference. It is served where that goes by reference, or gives the payload. The breaker can have
// opened no sooner than the fault began, and then it is open for its open time at least.
//
// Threads: no state.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// BRK-2.overlapping: calls that were under way together and all failed, as many as open it.
/// BRK-6.connection: calls one after the other, while the link was reset, refused, or silent.
/// The next call after the link was healed is not served. Finding: did_not_open.
Judgement judge_overlapping_open(const history::View& view, const contract::Claims& claims);
Judgement judge_lost_links_open(const history::View& view, const contract::Claims& claims);

/// BRK-6.refusal: the same while the store that holds the payloads refused what it was asked for,
/// between the marks "refusing" and "refusing_over". Finding: did_not_open.
Judgement judge_refusals_open(const history::View& view, const contract::Claims& claims);

/// BRK-3.store_silent, of the spans of operations and of nothing (link_spans.hpp) that lie within
/// the time in which it certainly was open. Finding: reached.
Judgement judge_open_is_silent(const history::View& view, const contract::Claims& claims);

/// BRK-4.no_herd, between the marks "herd" and "herd_end", of as many calls at once as its amount,
/// after the open time: at least half of them came to the store, and more than as many probes as
/// declared need, each what a failing call needed between the marks "single" and "single_end", and
/// what an idle bus sends besides. Finding: herd.
Judgement judge_no_herd(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
