// Slow: a subscriber that reads nothing harms nobody but itself.
//
// It begins with the mark "stops_reading" of its session and ends with "reads_again", its leaving
// or the end of its connection.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// From when until when a session read nothing.
struct Stop {
  std::uint32_t session = 0;
  history::Time from{}, until = history::kNever;
  bool left = false;  ///< It ended by going away.
  std::size_t index = 0;
};
std::vector<Stop> stops(const history::View& view);

/// QUE-12.publishers, where more than 1 000 messages came to wait for it. Findings:
/// publisher_stalled, publisher_refused.
Judgement judge_publishers_go_on(const history::View& view, const contract::Claims& claims);

/// QUE-12.others: what other groups are owed comes meanwhile. Finding: others_starved.
Judgement judge_others_unhindered(const history::View& view, const contract::Claims& claims);

/// QUE-12.nothing_lost: once it has gone away, what it had not acked comes to another, whether it
/// had come to it or not. Finding: lost.
Judgement judge_slow_loses_none(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
