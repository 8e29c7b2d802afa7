// Judges of settling that comes too late: after the lease's end, and after another has the message.
//
// Threads: no state.
// Source:  QUE-8.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// Once the message has come again: `late_ack_accepted`, `wrong_error`, `settled_by_late_ack`.
Judgement judge_late_ack(const history::View& view, const contract::Claims& claims);

/// The same of rejects: `late_reject_accepted`, `wrong_error`, `settled_by_late_reject`,
/// `freed_by_late_reject`.
Judgement judge_late_reject(const history::View& view, const contract::Claims& claims);

/// The same of extensions: `late_extend_accepted`, `wrong_error`, `prolonged_by_late_extend`.
Judgement judge_late_extend(const history::View& view, const contract::Claims& claims);

/// Acks after a lease's end while the message has not come again: `late_ack_accepted`,
/// `wrong_error`, `settled_by_late_ack` where they are refused; `late_ack_refused`,
/// `acked_came_again` where they count until the next delivery.
Judgement judge_ack_between(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
