// Time's work: leases that end, delays that run out, messages that expire.
//
// The store finds what is due by its own clock; the core only remembers when to ask next.
// Source: QUE-4, QUE-17, TTL-2, TTL-3.
#include "reference/core/state.hpp"

namespace reference::core {
namespace {

constexpr int kSweepMost = 1'000;
constexpr Ms kSweepRetry{500};
constexpr Ms kProbeEvery{250};

void finish_waiting(State& state, const std::optional<Fault>& fault) {
  const auto waiting = std::exchange(state.after_sweep, {});
  const auto expired = std::exchange(state.swept_expired, 0);
  for (const auto& then : waiting) then(fault, expired);
}

}  // namespace

void run_sweep(State& state) {
  if (state.sweeping) return;
  state.sweeping = true;
  state.next_sweep.reset();
  state.effects.emplace_back(SweepQueue{Ticket{state.next_ticket++}, kSweepMost,
                                        state.settings.limits.attempts_max, state.shift});
}

void swept(State& state, Result<Swept> swept) {
  state.sweeping = false;
  if (!swept) {
    state.want_sweep(state.now + kSweepRetry);
    finish_waiting(state, store_fault(swept.error()));
    return;
  }
  std::set<std::string> woken(swept->woken.begin(), swept->woken.end());
  for (const auto token : swept->ended) {
    const auto found = state.deliveries.find(token);
    if (found == state.deliveries.end()) continue;
    const auto owner = state.subscriptions.find(found->second.subscription);
    if (owner != state.subscriptions.end()) woken.insert(owner->second.destination);
    end_delivery(state, token, Past::lost);
  }
  for (const auto& destination : woken) state.ring(destination);
  state.drop_payloads(std::move(swept->unreferenced));
  state.swept_expired += swept->expired;
  const bool at_once = std::exchange(state.sweep_again, false) || swept->more ||
                       (swept->next_due && *swept->next_due <= Ms(0));
  if (swept->next_due) state.want_sweep(state.now + *swept->next_due);
  if (at_once) return run_sweep(state);
  finish_waiting(state, std::nullopt);
}

void store_failed(State& state) {
  if (!state.next_probe) state.next_probe = state.now + kProbeEvery;
}

void probe(State& state) {
  state.next_probe.reset();
  const auto again = [&state](const Result<Answer>& answer) {
    if (!answer) return;
    const auto retry = std::exchange(state.retry_pumps, {});
    for (const auto& destination : retry) state.ring(destination);
  };
  state.to_queue(Count{}, again, Behalf::bus);
}

void absorb(State& state, const Answer& answer) {
  for (const auto token : answer.ended) {
    const auto found = state.deliveries.find(token);
    if (found == state.deliveries.end()) continue;
    const auto owner = state.subscriptions.find(found->second.subscription);
    if (owner != state.subscriptions.end()) state.ring(owner->second.destination);
    end_delivery(state, token, Past::gone);
  }
  for (const auto& destination : answer.woken) state.ring(destination);
  state.drop_payloads(answer.unreferenced);
  if (answer.due) state.want_sweep(state.now + *answer.due);
}

}  // namespace reference::core
