// STORE-6: a record's status is what its history makes it, and reading it changes nothing.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

// One case each, named after what befell the message last. Findings of all: wrong_status, where an
// inspection says what the message cannot be; record_missing, where it says that there is none.

Judgement judge_status_accepted(const history::View& view, const contract::Claims& claims);
Judgement judge_status_settled(const history::View& view, const contract::Claims& claims);
Judgement judge_status_dead(const history::View& view, const contract::Claims& claims);
Judgement judge_status_redriven(const history::View& view, const contract::Claims& claims);
Judgement judge_status_purged(const history::View& view, const contract::Claims& claims);
Judgement judge_status_corrupt(const history::View& view, const contract::Claims& claims);
Judgement judge_status_expired(const history::View& view, const contract::Claims& claims);

/// STORE-6.transitions: whatever befell it, as far as it is known.
Judgement judge_status(const history::View& view, const contract::Claims& claims);

/// STORE-6.reading: two inspections between which a message was read and nothing else happened to
/// it. Findings: reading_changed_status; reading_changed_record, where another field than the
/// accessed time is different; accessed_backwards, where the accessed time went back or was lost;
/// accessed_stuck, where a read more than a second after the last did not move it.
Judgement judge_reading(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
