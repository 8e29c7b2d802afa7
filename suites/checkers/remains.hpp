// What a bus still shows of messages whose life is over: counts of queues, lists of messages.
//
// Threads: no state.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// Whether a message must no longer show in the answer to a request.
using Ended =
    std::function<bool(const history::Operation& publish, const history::Operation& request)>;

/// The declared grace of expiry, or what stands in for it.
history::Time grace_of(const contract::Claims& claims);

/// How long counts may lag behind.
history::Time settle_time(const contract::Claims& claims);

/// Messages that were, or may have been, put into that queue by then.
std::vector<const history::Operation*> queued_at(const history::View& view,
                                                 history::Text destination, history::Time before);

/// How many messages a bus/pending counts as waiting or dead, as far as the bus claims to know;
/// dead ones only where what expires does not become one.
std::int64_t counted(const history::Operation& pending, const contract::Claims& claims);

/// The first bus/pending that counts more messages than can still be there, or null; `judged` grows
/// by those that must have left some out and did.
const history::Operation* counts_too_many(const history::View& view, const contract::Claims& claims,
                                          const Ended& ended, std::uint64_t& judged);

/// The first answer to `method` that lists one that has ended, or null; `judged` as above.
const history::Operation* lists_ended(const history::View& view, std::string_view method,
                                      const Ended& ended, std::uint64_t& judged);

}  // namespace busproof::checkers
