// Slow topic subscribers: one that reads nothing delays nobody, and is told when it is cut off.
//
// When it reads nothing is as slow.hpp says.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// PUB-7.others: publishers are answered, and who reads gets what it asked for within five seconds.
/// A refusal with backpressure counts where it lasts though everybody else has all there was, since
/// a bus may well slow down a publisher that runs ahead of those who read. Findings:
/// publisher_stalled, publisher_refused, others_starved.
Judgement judge_topic_others(const history::View& view, const contract::Claims& claims);

/// PUB-7.told: the subscription lives on once it reads again, whatever it missed, or was ended by
/// bus/closed with a kind that says why. Who reads nothing for ten seconds need not be waited for
/// with the word. Findings: untold, wrong_kind.
Judgement judge_topic_told(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
