// Room: what a subscription's credit allowed within a span of time, as bounds.
//
// Threads: no state.
#pragma once

#include <optional>

#include "suites/contract/claims.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// The least credit that the subscription may have had within [from, to]; nothing where unknown.
std::optional<std::int64_t> least_credit(const history::View& view, const contract::Claims& claims,
                                         std::uint32_t subscription, history::Time from,
                                         history::Time to);

/// The most credit that it may have had within [from, to]; nothing where unknown.
std::optional<std::int64_t> most_credit(const history::View& view, const contract::Claims& claims,
                                        const history::Operation& subscribe, history::Time from,
                                        history::Time to);

/// Whether there certainly was credit for any message within [from, to]: more than there can have
/// been unsettled messages. Else one may have had to wait for its place.
bool has_room(const history::View& view, const contract::Claims& claims, std::uint32_t subscription,
              history::Time from, history::Time to);

}  // namespace busproof::checkers
