// Calls to the stores, past their breakers. Source: BRK-1..6, BRK-11, BRK-12.
#include "reference/core/guard.hpp"

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

// What was let through while the breaker was closed need not reach the store any more.
void withdraw(State& state, const Guard& guard) {
  Withdraw effect;
  for (const auto& [ticket, flight] : guard.flights) effect.tickets.push_back(ticket);
  if (!effect.tickets.empty()) state.effects.emplace_back(std::move(effect));
}

bool take_step(State& state, Store store, Happened what, std::uint64_t term) {
  auto& guard = state.guard(store);
  const auto before = guard.breaker.state;
  const auto step = state.policies.breaker(guard.breaker, {what, term, state.bus_time()},
                                           state.settings.limits.breaker);
  guard.breaker = step.breaker;
  if (guard.breaker.state == before) return step.admitted;
  state.effects.emplace_back(Turned{store, guard.breaker.state});
  switch (guard.breaker.state) {
    case BreakerState::closed:
      ++guard.closed;
      guard.opened_at.reset();
      break;
    case BreakerState::half_open:
      ++guard.half_opened;
      break;
    case BreakerState::open:
      ++guard.opened;
      guard.opened_at = state.time_of_day();
      withdraw(state, guard);
      break;
  }
  return step.admitted;
}

void ring_all(State& state) {
  for (const auto& [destination, groups] : state.queues) state.ring(destination);
}

// Nobody waits for its answer any longer.
void give_up(State& state, Ticket ticket) {
  const auto error = StoreError::may_have_happened("no answer within the call timeout");
  state.asked_at.erase(ticket);
  if (auto waiting = state.on_fetched.extract(ticket); !waiting.empty())
    waiting.mapped()(tl::make_unexpected(error));
  if (auto waiting = state.on_looked.extract(ticket); !waiting.empty())
    waiting.mapped()(tl::make_unexpected(error));
  if (auto waiting = state.on_stored.extract(ticket); !waiting.empty()) {
    state.given_up.insert(ticket);
    store_failed(state);
    waiting.mapped()(tl::make_unexpected(error));
  }
}

// Whoever calls next is the probe. But those who wait for a delivery call nothing: so the bus
// probes the queue store by itself, though only once a look at it went well, lest it take another's
// turn.
bool may_probe(const State& state, Store store, Behalf behalf) {
  if (behalf == Behalf::client || state.guard(store).breaker.state == BreakerState::closed)
    return true;
  return store == Store::queues && state.checkup(store).well;
}

}  // namespace

bool admit(State& state, Store store, Ticket ticket, Behalf behalf) {
  auto& guard = state.guard(store);
  if (!may_probe(state, store, behalf) || !take_step(state, store, Happened::asked, 0)) {
    state.effects.emplace_back(KeepAway{ticket});
    return false;
  }
  const bool counts = behalf == Behalf::client || guard.breaker.state != BreakerState::closed;
  guard.flights.emplace(ticket, Guard::Flight{guard.breaker.term, counts});
  guard.deadlines.emplace_back(state.now + state.settings.limits.breaker.call_timeout, ticket);
  return true;
}

void concluded(State& state, Store store, Ticket ticket, bool well) {
  auto& guard = state.guard(store);
  const auto flight = guard.flights.extract(ticket);
  while (!guard.deadlines.empty() && !guard.flights.contains(guard.deadlines.front().second))
    guard.deadlines.pop_front();
  if (flight.empty() || !flight.mapped().counts) return;
  if (!well) guard.failed_at = state.now;
  take_step(state, store, well ? Happened::succeeded : Happened::failed, flight.mapped().term);
}

Ms open_for(const State& state, Store store) {
  const auto& breaker = state.guard(store).breaker;
  const auto left = breaker.changed + state.settings.limits.breaker.open - state.bus_time();
  return breaker.state == BreakerState::open ? std::max(left, Ms(0)) : Ms(0);
}

bool shut(const State& state, Store store) {
  return !state.policies
              .breaker(state.guard(store).breaker, {Happened::asked, 0, state.bus_time()},
                       state.settings.limits.breaker)
              .admitted;
}

void time_out_calls(State& state) {
  for (const auto store : {Store::payloads, Store::queues}) {
    auto& guard = state.guard(store);
    while (!guard.deadlines.empty() && guard.deadlines.front().first <= state.now) {
      const auto ticket = guard.deadlines.front().second;
      guard.deadlines.pop_front();
      if (!guard.flights.contains(ticket)) continue;
      concluded(state, store, ticket, false);
      state.effects.emplace_back(Withdraw{{ticket}});
      give_up(state, ticket);
    }
  }
}

void came_late(State& state, Ticket ticket, const Result<Answer>& answer) {
  if (state.given_up.erase(ticket) == 0 || !answer) return;
  ring_all(state);
  for (const auto& taken : answer->taken) {
    Fail fail;
    fail.copy = taken.copy;
    fail.unsent = true;
    const auto then = [&state](const Result<Answer>& done) {
      if (done) ring_all(state);
    };
    state.to_queue(std::move(fail), then, Behalf::bus);
  }
}

std::optional<Tick> next_timeout(const State& state) {
  std::optional<Tick> next;
  for (const auto& guard : state.guards)
    if (!guard.deadlines.empty() && (!next || guard.deadlines.front().first < *next))
      next = guard.deadlines.front().first;
  return next;
}

}  // namespace reference::core
