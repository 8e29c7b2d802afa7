// bus/health, and the looks at the stores that it tells of.
//
// The bus looks by itself, past the breakers, so that nobody who asks for the health has to wait
// for a store or reaches one. Source: HLT-1, HLT-2, BRK-3, BRK-8.
#include <algorithm>
#include <numeric>

#include "reference/core/state.hpp"
#include "reference/core/timestamp.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr double kDegradedMs = 50;
constexpr double kUnhealthyMs = 200;
/// So long a look may take before its store counts as down.
constexpr double kDownMs = 2'000;
/// So long a failed call of a client shows.
constexpr Ms kRecent{2'000};

double millis(Tick::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void answer_health(State& state, const Reply& reply);

void answer_awaiting(State& state) {
  for (const auto& reply : std::exchange(state.awaiting_checkup, {})) answer_health(state, reply);
}

bool is_known(const State& state) {
  const auto known = [](const Checkup& one) { return !one.latency.ms.empty() || !one.asked; };
  return std::all_of(state.checkups.begin(), state.checkups.end(), known);
}

void looked_after(State& state, Store store, bool well) {
  auto& checkup = state.checkup(store);
  checkup.latency.add(millis(state.now - *checkup.asked));
  checkup.well = well;
  checkup.asked.reset();
  if (is_known(state)) answer_awaiting(state);
}

std::string_view status_of(const State& state, Store store) {
  const auto& checkup = state.checkup(store);
  const auto failed = state.guard(store).failed_at;
  const double waited = checkup.asked ? millis(state.now - *checkup.asked) : 0;
  const double took = checkup.usual_ms();
  const bool down = checkup.latency.ms.empty() || !checkup.well || waited >= kDownMs;
  if (down || took >= kUnhealthyMs || (failed && state.now - *failed < kRecent)) return "unhealthy";
  return took >= kDegradedMs ? "degraded" : "healthy";
}

json::object component(const State& state, Store store) {
  const auto& checkup = state.checkup(store);
  auto samples = checkup.latency.ms;
  if (samples.empty()) samples.push_back(checkup.asked ? millis(state.now - *checkup.asked) : 0);
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  const double mean =
      std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
  return {{"status", status_of(state, store)},
          {"latency_ms", {{"min", *low}, {"avg", std::clamp(mean, *low, *high)}, {"max", *high}}}};
}

// Of two breakers the one that keeps more away.
const Guard& worse(const State& state) {
  const auto rank = [](const Guard& guard) {
    switch (guard.breaker.state) {
      case BreakerState::closed:
        return 0;
      case BreakerState::half_open:
        return 1;
      case BreakerState::open:
        return 2;
    }
    return 0;
  };
  const auto& payloads = state.guard(Store::payloads);
  const auto& queues = state.guard(Store::queues);
  if (rank(payloads) != rank(queues)) return rank(payloads) > rank(queues) ? payloads : queues;
  return payloads.breaker.failures >= queues.breaker.failures ? payloads : queues;
}

void answer_health(State& state, const Reply& reply) {
  json::object components{{"queue", component(state, Store::queues)}};
  if (state.settings.enabled) components["ping"] = component(state, Store::payloads);
  const auto any = [&](std::string_view status) {
    return std::any_of(components.begin(), components.end(), [&](const auto& one) {
      return one.value().at("status").as_string() == status;
    });
  };
  const auto& breaker = worse(state);
  const bool degraded = any("degraded") || breaker.breaker.state != BreakerState::closed;
  json::object result{{"status", any("unhealthy") ? "unhealthy"
                                 : degraded       ? "degraded"
                                                  : "healthy"},
                      {"components", std::move(components)}};
  if (state.settings.limits.breaker.enabled) {
    result["breaker"] = breaker_object(breaker);
    result["breakers"] = {{"payloads", breaker_object(state.guard(Store::payloads))},
                          {"queues", breaker_object(state.guard(Store::queues))}};
  }
  state.answer(reply, result);
}

}  // namespace

double Checkup::usual_ms() const {
  constexpr std::ptrdiff_t kLooks = 3;
  const auto newest = std::min<std::ptrdiff_t>(kLooks, std::ssize(latency.ms));
  const auto quickest = std::min_element(latency.ms.end() - newest, latency.ms.end());
  return quickest == latency.ms.end() ? 0 : *quickest;
}

json::object breaker_object(const Guard& guard) {
  json::object shown{
      {"state", breaker_text(guard.breaker.state)},
      {"failures", guard.breaker.failures},
      {"changes",
       {{"open", guard.opened}, {"half_open", guard.half_opened}, {"closed", guard.closed}}}};
  if (guard.opened_at) shown["opened_at"] = to_rfc3339(*guard.opened_at);
  return shown;
}

void check_up(State& state) {
  state.next_checkup = state.now + state.settings.limits.health_interval;
  // Whoever has waited for a whole interval hears that nothing is known.
  answer_awaiting(state);
  if (auto& queues = state.checkup(Store::queues); !queues.asked) {
    queues.asked = state.now;
    state.ask_past_breaker(AskCounts{}, [&state](const Result<View>& view) {
      looked_after(state, Store::queues, view.has_value());
    });
  }
  if (auto& payloads = state.checkup(Store::payloads); !payloads.asked && state.settings.enabled) {
    payloads.asked = state.now;
    // Nothing has that id: what counts is that the store says so.
    state.read_past_breaker({}, [&state](const Result<PayloadAnswer>& answer) {
      looked_after(state, Store::payloads, answer.has_value());
    });
  }
}

void health(State& state, Call& call) {
  if (is_known(state)) return answer_health(state, call.reply);
  state.awaiting_checkup.push_back(call.reply);
}

}  // namespace reference::core
