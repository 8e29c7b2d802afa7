#include "reference/core/breaker.hpp"

namespace reference::core {
namespace {

Breaker turned(const Breaker& before, BreakerState state, Ms now) {
  Breaker after;
  after.state = state;
  after.changed = now;
  after.term = before.term + 1;
  return after;
}

BreakerStep ask(Breaker breaker, Ms now, const BreakerLimits& limits) {
  if (breaker.state == BreakerState::open && now - breaker.changed >= limits.open)
    breaker = turned(breaker, BreakerState::half_open, now);
  if (breaker.state == BreakerState::closed) return {breaker, true};
  if (breaker.state == BreakerState::open || breaker.probing >= limits.probes)
    return {breaker, false};
  ++breaker.probing;
  return {breaker, true};
}

Breaker succeed(Breaker breaker, Ms now, const BreakerLimits& limits) {
  if (breaker.state == BreakerState::closed) {
    breaker.failures = 0;
    return breaker;
  }
  --breaker.probing;
  if (++breaker.successes >= limits.closes_after) return turned(breaker, BreakerState::closed, now);
  return breaker;
}

Breaker fail(Breaker breaker, Ms now, const BreakerLimits& limits) {
  ++breaker.failures;
  if (breaker.state == BreakerState::closed && breaker.failures < limits.failures) return breaker;
  Breaker opened = turned(breaker, BreakerState::open, now);
  opened.failures = breaker.failures;
  return opened;
}

}  // namespace

std::string_view breaker_text(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::open:
      return "open";
    case BreakerState::half_open:
      return "half_open";
  }
  return "closed";
}

BreakerStep step_breaker(Breaker before, const BreakerInput& input, const BreakerLimits& limits) {
  if (!limits.enabled) return {before, input.what == Happened::asked};
  if (input.what == Happened::asked) return ask(before, input.now, limits);
  // What was let through before the last change says nothing about the store as it is now.
  if (input.term != before.term) return {before, false};
  if (input.what == Happened::succeeded) return {succeed(before, input.now, limits), false};
  return {fail(before, input.now, limits), false};
}

}  // namespace reference::core
