#include "suites/checkers/recovery.hpp"

#include "suites/checkers/timing.hpp"

namespace busproof::checkers {

using history::Operation;
using history::Time;
using history::View;

Recovery recovery(const View& view, const contract::Claims& claims, Time from, Time until) {
  const Time limit = std::chrono::milliseconds(claims.limit_or_default("recovery_ms"));
  Time open{};
  if (claims.has("breaker")) open = declared(claims, "breaker.open_ms").value_or(Time::zero());
  for (const Operation& publish : view.operations(history::Action::publish)) {
    if (publish.invoked <= from || publish.invoked > until) continue;
    if (publish.ok()) return {.accepted = true};
    const Time due = limit + own_delay(view, from, publish.invoked);
    if (publish.answered != history::kNever && publish.invoked - from > due &&
        view.passed_at_least(from, publish.invoked) > due + open)
      return {.late = &publish};
  }
  return {};
}

}  // namespace busproof::checkers
