#include "suites/checkers/recovery.hpp"

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {

using history::Operation;
using history::Time;
using history::View;

Recovery recovery(const View& view, Time from, Time limit, Time until) {
  for (const Operation& publish : view.operations(history::Action::publish)) {
    if (publish.invoked <= from || publish.invoked > until) continue;
    if (publish.ok()) return {.accepted = true};
    if (publish.answered != history::kNever && view.passed_at_least(from, publish.invoked) >
                                                   limit + own_delay(view, from, publish.invoked))
      return {.late = &publish};
  }
  return {};
}

}  // namespace busproof::checkers
