// Peers: who watches over its connections, and how they end when the bus is told to stop.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// END-4: who said nothing for `ping_ms`, and half a second more, has been pinged. Finding:
/// no_ping.
Judgement judge_pinged(const history::View& view, const contract::Claims& claims);

/// END-4: who answered nothing for `idle_ms` is no longer served. Finding: kept.
Judgement judge_dropped(const history::View& view, const contract::Claims& claims);

/// END-4: what such a peer held came to another. Finding: held_back.
Judgement judge_dropped_gives_back(const history::View& view, const contract::Claims& claims);

/// END-6: every connection that was open ends with 1001. Finding: close_code.
Judgement judge_going_away(const history::View& view, const contract::Claims& claims);

/// END-6: the process ends within `shutdown_ms`. Finding: too_slow.
Judgement judge_stops_in_time(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
