// A message's life as a judge can know it: certainly over, certainly not yet, or neither.
//
// It begins when the bus accepts the message: after the publish was invoked and before it was
// answered. Time is the bus', with whatever ctl/clock added to it.
//
// Threads: no state.
#pragma once

#include <optional>

#include "suites/contract/claims.hpp"
#include "suites/contract/instant.hpp"
#include "suites/history/view.hpp"

namespace busproof::checkers {

/// The expirytime that the event was published with; nothing where it has none that can be read.
std::optional<contract::Instant> expirytime_of(const history::Operation& publish);

/// The ttl_ms that it was published with; nothing where that is none, or a century and more.
std::optional<history::Time> asked_life(const history::Operation& publish);

/// Whether the publish said anything at all about when the message ends.
bool is_mortal(const history::Operation& publish);

/// How long the message lives by its ttl_ms alone; nothing where that is not what decides.
std::optional<history::Time> life_of(const history::Operation& publish);

/// Whether the message was accepted and its life was certainly over at that instant, for `longer`
/// at least.
bool certainly_over(const history::View& view, const contract::Claims& claims,
                    const history::Operation& publish, history::Time at,
                    history::Time longer = history::Time::zero());

/// Whether its life can have been over at that instant, accepted or not.
bool maybe_over(const history::View& view, const contract::Claims& claims,
                const history::Operation& publish, history::Time at);

/// Whether a request on a message says that there is none of that id.
inline bool says_gone(const history::Operation& request) {
  return request.error == "expired" || request.error == "not_found";
}

}  // namespace busproof::checkers
