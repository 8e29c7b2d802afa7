// What went over the links between a bus and the servers that it stores in, as the proxies on them
// counted and searched it.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// ROUTE-1.nothing_stored, of the marks "sought": no piece of a payload at or below the inline
/// limit passed to the payload store. That one would have been seen, a payload above the limit has
/// shown before. Finding: payload_sent.
Judgement judge_inline_not_sent(const history::View& view, const contract::Claims& claims);

/// ROUTE-5.store_untouched, of the spans between the marks "calls" and "calls_end", of as many
/// operations as their amounts, and between "idle" and "idle_end": some sort of operation sent the
/// payload store more, each time it was tried, than an idle bus ever did in no less time. Finding:
/// contacted.
Judgement judge_store_untouched(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
