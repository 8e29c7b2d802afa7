// Unread backlog: what a subscriber that reads nothing costs the bus in memory.
//
// It is measured in goes: from one mark "memory" to the next within one life of the bus, with
// nothing published meanwhile but to one destination. A go is attended where a session that has
// stopped reading throughout holds subscriptions there, and unattended where there are none.
#pragma once

#include <cstdint>

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// The backlog that it takes to tell, in bytes: of messages of up to `largest` bytes, beside that
/// much declared buffer.
std::int64_t telling_backlog(std::int64_t buffer, std::int64_t largest);

/// QUE-12.memory: the least growth of the attended goes against the most of the unattended. What
/// collectors and allocators do differently from one go to the next is allowed for: half of what
/// the unattended backlog took, half of the backlog itself, and no less than 32 MiB. Finding:
/// holds_backlog.
Judgement judge_unread_backlog(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
