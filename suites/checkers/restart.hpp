// What belongs to a message survives a restart with it; what was under way in a crash is whole or
// not there.
//
// A restart is a mark "stop" or "kill" and the mark "started" behind it.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// DUR-5.correlation: a message published before a restart and delivered after it has the
/// correlation id that it was published with. Finding: correlation_lost.
Judgement judge_correlation_survives(const history::View& view, const contract::Claims& claims);

/// DUR-5.attempts: the first delivery after a restart of a message that was delivered before says a
/// higher attempt than the last one did; where a released delivery uses up none, no lower one.
/// Finding: attempts_forgotten.
Judgement judge_attempts_survive(const history::View& view, const contract::Claims& claims);

/// DUR-5.dead_letters: what bus/dead_letters listed before a restart it lists after it, with the
/// same reason and, where they are told, the same attempts. Findings: dead_letter_lost,
/// dead_letter_changed.
Judgement judge_dead_letters_survive(const history::View& view, const contract::Claims& claims);

/// DUR-7.publish: a message whose publish was not answered comes as it was published, if it comes.
/// Finding: torn.
Judgement judge_doubtful_publishes(const history::View& view, const contract::Claims& claims);

/// DUR-7.ack: a message whose ack was not answered comes again as it was published, if it comes.
/// Finding: torn.
Judgement judge_doubtful_acks(const history::View& view, const contract::Claims& claims);

/// DUR-7.batch: of a batch that was not answered all come or none. Finding: batch_torn.
Judgement judge_doubtful_batches(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
