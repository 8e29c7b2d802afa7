// bus/stats. Source: STA-1, STA-2, BRK-8, PUB-8, SEC-7.
#include <algorithm>
#include <numeric>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

constexpr int kDestinationsMost = 1'000;

json::object totals_object(const Totals& totals, const Count& uncounted) {
  return {{"published", totals.published},
          {"delivered", totals.delivered},
          {"acked", totals.acked},
          {"rejected", totals.rejected},
          {"redelivered", totals.redelivered},
          {"dead_lettered", totals.dead_lettered},
          {"expired", totals.expired},
          {"deleted", totals.deleted},
          {"topic_published", totals.topic_published + uncounted.topic_published},
          {"topic_delivered", totals.topic_delivered + uncounted.topic_delivered}};
}

json::object counts_object(const Counts& counts) {
  return {{"accepted", counts.accepted}, {"acked", counts.acked},     {"ready", counts.ready},
          {"leased", counts.leased},     {"delayed", counts.delayed}, {"dead", counts.dead},
          {"expired", counts.expired},   {"deleted", counts.deleted}};
}

// Live subscriptions by exact name, of the destinations in (after, last].
std::map<std::string, std::int64_t> subscribers(const State& state, const AskStats& asked,
                                                const std::optional<std::string>& last) {
  std::map<std::string, std::int64_t> live;
  for (const auto& [id, subscription] : state.subscriptions) {
    const auto& name = subscription.destination;
    if (subscription.pattern || subscription.ending || name <= asked.after) continue;
    if (!asked.shown(name)) continue;
    if (asked.destination ? name == *asked.destination : !last || name <= *last) ++live[name];
  }
  return live;
}

json::object destinations_object(const State& state, const AskStats& asked, const StatsPage& page) {
  auto live = subscribers(state, asked, page.next);
  if (asked.destination && asked.shown(*asked.destination)) live.try_emplace(*asked.destination, 0);
  json::object destinations;
  for (const auto& [name, groups] : page.destinations) {
    live.try_emplace(name, 0);
    json::object counted;
    for (const auto& [group, counts] : groups) counted[group] = counts_object(counts);
    destinations[state.show(name)] = json::object{{"groups", std::move(counted)}};
  }
  for (const auto& [name, count] : live) {
    auto& entry = destinations[state.show(name)];
    if (!entry.is_object()) entry = json::object{{"groups", json::object()}};
    entry.get_object()["subscribers"] = count;
  }
  return destinations;
}

json::object stats_result(const State& state, const AskStats& asked, const StatsPage& page) {
  json::object result{{"totals", totals_object(page.totals, uncounted(state, asked.tenant))},
                      {"destinations", destinations_object(state, asked, page)},
                      {"payloads",
                       {{"count", page.totals.payload_count},
                        {"bytes", page.totals.payload_bytes},
                        {"corrupt", page.totals.payload_corrupt}}},
                      {"fallbacks", fallbacks(state, asked.tenant)},
                      {"connections", greeted_clients(state, asked.tenant)}};
  if (state.settings.limits.breaker.enabled)
    result["breakers"] = {{"payloads", breaker_object(state.guard(Store::payloads))},
                          {"queues", breaker_object(state.guard(Store::queues))}};
  if (page.next) result["cursor"] = state.show(*page.next);
  return result;
}

}  // namespace

std::int64_t greeted_clients(const State& state, const std::optional<std::string>& tenant) {
  return std::count_if(state.connections.begin(), state.connections.end(), [&](const auto& entry) {
    const auto& one = entry.second;
    return one.role == Role::client && one.greeted && (!tenant || one.caller.tenant == *tenant);
  });
}

std::int64_t fallbacks(const State& state, const std::optional<std::string>& tenant) {
  return std::accumulate(state.fallbacks.begin(), state.fallbacks.end(), std::int64_t{0},
                         [&](std::int64_t sum, const auto& entry) {
                           return !tenant || entry.first == *tenant ? sum + entry.second : sum;
                         });
}

void stats(State& state, Call& call) {
  AskStats ask;
  const Conn conn = call.reply.conn;
  if (call.params.has("destination"))
    ask.destination = state.keep(conn, call.params.name("destination"));
  ask.after = state.keep(conn, call.params.optional_text("cursor").value_or(""));
  if (state.tenants.apart()) ask.tenant = state.connection(conn)->caller.tenant;
  ask.limit = kDestinationsMost;
  ask.shown = shown_to(state, call.reply.conn);
  if (const auto& fault = call.params.fault()) return state.refuse(call.reply, *fault);
  run_sweep(state);
  const Reply reply = call.reply;
  state.ask(ask, [&state, reply, ask](const Result<View>& view) {
    if (!view) return state.refuse(reply, store_fault(view.error()));
    state.answer(reply, stats_result(state, ask, std::get<StatsPage>(*view)));
  });
}

}  // namespace reference::core
