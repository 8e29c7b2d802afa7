// Judges of settling twice, the wrong thing, or in the wrong place.
//
// Threads: no state.
// Source:  QUE-9.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// `second_ack_refused`, `wrong_error`, `acked_came_again`
Judgement judge_double_ack(const history::View& view, const contract::Claims& claims);

/// An ack of no delivery that ever was: `unknown_id_accepted`, `wrong_error`.
Judgement judge_unknown_id(const history::View& view, const contract::Claims& claims);

/// `reject_after_ack_accepted`, `wrong_error`, `acked_came_again`, `acked_dead_lettered`
Judgement judge_reject_after_ack(const history::View& view, const contract::Claims& claims);

/// `accepted_elsewhere`, `wrong_error`, `freed_elsewhere`, `settled_elsewhere`
Judgement judge_other_connection(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
