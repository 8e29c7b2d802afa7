// Judges of dead letters: that they come to be, are whole, are listed, and go round or away again.
//
// Threads: no state.
// Source:  QUE-6, QUE-7.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// What was rejected for good: `not_dead_lettered`, `dead_came_again`.
Judgement judge_rejected_dies(const history::View& view, const contract::Claims& claims);

/// What failed attempts_max times: `not_dead_lettered`, `too_many_attempts`; or failed less often:
/// `dead_too_early`.
Judgement judge_attempts_used(const history::View& view, const contract::Claims& claims);

/// `listed_twice`
Judgement judge_listed_once(const history::View& view, const contract::Claims& claims);

/// `wrong_reason`
Judgement judge_reason(const history::View& view, const contract::Claims& claims);

/// `wrong_attempts`
Judgement judge_letter_attempts(const history::View& view, const contract::Claims& claims);

/// `attribute_changed`, `payload_altered`
Judgement judge_letter_whole(const history::View& view, const contract::Claims& claims);

/// `dead_letter_missing`, `not_a_dead_letter`
Judgement judge_letters_listed(const history::View& view, const contract::Claims& claims);

/// `not_redelivered`, `still_listed`
Judgement judge_redrive(const history::View& view, const contract::Claims& claims);

/// `attempt_not_reset`
Judgement judge_redrive_attempt(const history::View& view, const contract::Claims& claims);

/// `still_listed`, `purged_came_again`
Judgement judge_purge(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
