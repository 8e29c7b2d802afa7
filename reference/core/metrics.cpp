// The metrics page, in Prometheus' text format: the same numbers as bus/stats. Source: STA-3.
#include <algorithm>
#include <array>
#include <vector>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

// Nothing is called that: of the page only the totals are wanted.
constexpr const char* kNoDestination = "";

struct Metric {
  const char* name;
  const char* type;
  const char* help;
  double value = 0;
  std::string labels = {};  ///< `{name="value"}`; samples of one metric follow one another
};

std::string number_text(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? std::to_string(whole) : std::to_string(value);
}

std::string page_of(std::span<const Metric> metrics) {
  std::string text;
  std::string_view before;
  for (const Metric& metric : metrics) {
    const std::string name = std::string("refbus_") + metric.name;
    if (metric.name != before)
      text += "# HELP " + name + ' ' + metric.help + "\n# TYPE " + name + ' ' + metric.type + '\n';
    before = metric.name;
    text += name + metric.labels + ' ' + number_text(metric.value) + '\n';
  }
  return text;
}

double slowest(const Latency& latency) {
  const auto found = std::max_element(latency.ms.begin(), latency.ms.end());
  return found == latency.ms.end() ? 0 : *found / 1'000;
}

double number_of(BreakerState breaker) {
  switch (breaker) {
    case BreakerState::closed:
      return 0;
    case BreakerState::half_open:
      return 1;
    case BreakerState::open:
      return 2;
  }
  return 0;
}

std::vector<Metric> breaker_metrics(const State& state) {
  constexpr std::array kStores{std::pair{Store::payloads, "payloads"},
                               std::pair{Store::queues, "queues"}};
  std::vector<Metric> metrics;
  for (const auto& [store, name] : kStores)
    metrics.push_back({"breaker_state", "gauge", "0 closed, 1 half open, 2 open",
                       number_of(state.guard(store).breaker.state),
                       std::string("{store=\"") + name + "\"}"});
  for (const auto& [store, name] : kStores) {
    const auto& guard = state.guard(store);
    for (const auto& [to, count] :
         {std::pair{"open", guard.opened}, std::pair{"half_open", guard.half_opened},
          std::pair{"closed", guard.closed}})
      metrics.push_back({"breaker_changes_total", "counter", "changes of a breaker to that state",
                         static_cast<double>(count),
                         std::string("{store=\"") + name + "\",to=\"" + to + "\"}"});
  }
  return metrics;
}

double of(std::int64_t count) { return static_cast<double>(count); }

// What the queue store counts.
std::string totals_page(const State& state, const Totals& totals) {
  const auto open = uncounted(state, std::nullopt);
  const std::array metrics{
      Metric{"published_total", "counter", "messages accepted", of(totals.published)},
      Metric{"delivered_total", "counter", "deliveries of queues", of(totals.delivered)},
      Metric{"acked_total", "counter", "copies acknowledged", of(totals.acked)},
      Metric{"rejected_total", "counter", "deliveries rejected", of(totals.rejected)},
      Metric{"redelivered_total", "counter", "deliveries past the first", of(totals.redelivered)},
      Metric{"dead_lettered_total", "counter", "copies set aside", of(totals.dead_lettered)},
      Metric{"expired_total", "counter", "copies that expired", of(totals.expired)},
      Metric{"deleted_total", "counter", "copies removed unsettled", of(totals.deleted)},
      Metric{"topic_published_total", "counter", "messages published to topics",
             of(totals.topic_published + open.topic_published)},
      Metric{"topic_delivered_total", "counter", "messages sent to topic subscriptions",
             of(totals.topic_delivered + open.topic_delivered)},
      Metric{"payloads", "gauge", "payloads kept", of(totals.payload_count)},
      Metric{"payload_bytes", "gauge", "their bytes, before compression", of(totals.payload_bytes)},
      Metric{"payloads_corrupt", "gauge", "payloads that failed their digest",
             of(totals.payload_corrupt)}};
  return page_of(metrics);
}

// What the process knows by itself, however its stores are.
std::string own_page(const State& state) {
  const std::array metrics{
      Metric{"connections", "gauge", "clients connected", of(greeted_clients(state))},
      Metric{"store_latency_seconds", "gauge", "the slowest of the last answers of the queue store",
             slowest(state.queue_latency)},
      Metric{"payload_store_latency_seconds", "gauge",
             "the slowest of the last looks at the payload store",
             slowest(state.checkup(Store::payloads).latency)},
      Metric{"fallbacks_total", "counter", "payloads that went inline for want of their store",
             of(fallbacks(state))}};
  return page_of(metrics) + page_of(breaker_metrics(state));
}

}  // namespace

void scrape(State& state, Ticket ticket) {
  run_sweep(state);
  AskStats ask;
  ask.destination = kNoDestination;
  // Without the store the page is shorter: what it counts is left out.
  const auto then = [&state, ticket](const Result<View>& view) {
    const auto* stats = view ? std::get_if<StatsPage>(&*view) : nullptr;
    std::string text = stats == nullptr ? "" : totals_page(state, stats->totals);
    state.effects.emplace_back(Page{ticket, std::move(text) + own_page(state)});
  };
  state.ask(ask, then, Behalf::bus);
}

}  // namespace reference::core
