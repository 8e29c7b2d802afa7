// Credit: a window of unsettled deliveries that the bus never exceeds.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// QUE-11.window, on subscriptions whose credit never changed. Finding: credit_exceeded.
///
/// A delivery counts as outstanding from its receipt until its settling was invoked or its lease
/// can have ended: both count in favour of the bus.
Judgement judge_window(const history::View& view, const contract::Claims& claims);

/// QUE-11.zero: what is published after a credit of 0 was answered does not come before more credit
/// is asked for. A credit that was asked for at the same time leaves the 0 in doubt: not judged.
/// Finding: delivered_without_credit.
Judgement judge_zero(const history::View& view, const contract::Claims& claims);

/// The instant from which on the delivery can no longer be held against the bus, as one that takes
/// up credit: settled, deleted, or its lease may be over.
history::Time excused(const history::View& view, const contract::Claims& claims,
                      const history::Delivery& delivery);

}  // namespace busproof::checkers
