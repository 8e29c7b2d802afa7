// Who is connected, for the endpoint's pages: /ws/connections, /ws/connections/{id}, /ws/stats.
//
// Clients only; who talks to the control hooks is none. Source: END-5.
#include <algorithm>
#include <numeric>
#include <vector>

#include "reference/core/state.hpp"
#include "reference/core/timestamp.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

std::size_t unacked(const State& state, const Connection& connection) {
  const auto& ids = connection.subscriptions;
  return std::accumulate(ids.begin(), ids.end(), std::size_t{0}, [&](std::size_t sum, auto id) {
    return sum + state.subscriptions.at(id).open.size();
  });
}

json::object shown(const State& state, Conn conn, const Connection& connection) {
  json::object one{{"id", std::to_string(static_cast<std::uint64_t>(conn))},
                   {"since", to_rfc3339(connection.since)},
                   {"greeted", connection.greeted},
                   {"subscriptions", connection.subscriptions.size()},
                   {"unacked", unacked(state, connection)},
                   {"unsent_bytes", connection.unsent}};
  if (connection.greeted) one["who"] = connection.who;
  if (connection.caller.agent) one["agent_id"] = *connection.caller.agent;
  if (connection.session) one["session_id"] = *connection.session;
  return one;
}

// Whoever has yet to say hello is of the empty tenant.
bool is_of(const Connection& connection, const std::string& tenant) {
  return connection.role == Role::client && connection.caller.tenant == tenant;
}

}  // namespace

json::object Core::connections(const Session& asks) const {
  const auto tenant = tenant_of(*state_, asks);
  std::vector<Conn> clients;
  for (const auto& [conn, connection] : state_->connections)
    if (is_of(connection, tenant)) clients.push_back(conn);
  std::sort(clients.begin(), clients.end());
  json::array list;
  for (const auto conn : clients)
    list.emplace_back(shown(*state_, conn, state_->connections.at(conn)));
  return {{"count", list.size()}, {"connections", std::move(list)}};
}

std::optional<json::object> Core::connection(Conn conn, const Session& asks) const {
  const auto* found = state_->connection(conn);
  if (found == nullptr || !is_of(*found, tenant_of(*state_, asks))) return std::nullopt;
  return shown(*state_, conn, *found);
}

json::object Core::connection_stats(const Session& asks) const {
  const auto tenant = tenant_of(*state_, asks);
  std::int64_t connections = 0;
  std::size_t subscriptions = 0, open = 0;
  for (const auto& [conn, connection] : state_->connections) {
    if (!is_of(connection, tenant)) continue;
    ++connections;
    subscriptions += connection.subscriptions.size();
    open += unacked(*state_, connection);
  }
  return {{"connections", connections},
          {"greeted", greeted_clients(*state_, tenant)},
          {"subscriptions", subscriptions},
          {"unacked", open}};
}

}  // namespace reference::core
