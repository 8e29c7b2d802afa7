// bus/hello: versions, and what this bus claims. Source: END-1, API-4, CFG-1.
#include <algorithm>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

namespace json = boost::json;

json::array algorithms(const State& state) {
  json::array names{codec_text(Codec::gzip)};
  if (state.settings.has_zstd) names.emplace_back(codec_text(Codec::zstd));
  return names;
}

json::object capabilities(const State& state) {
  const auto window = state.settings.limits.dedupe_window.count();
  json::object claimed{{"routing", {{"fallback", state.settings.fallback ? "inline" : "none"}}},
                       {"store", {{"keeps", "until_expiry"}}},
                       {"integrity", {{"inline", true}}},
                       {"chunking", json::object()},
                       {"compression", {{"algorithms", algorithms(state)}}},
                       {"ttl",
                        {{"on_expiry", state.settings.expiry.dead_letters ? "dead_letter" : "drop"},
                         {"archive", state.settings.expiry.archive}}},
                       {"queue",
                        {{"lease", "timed"},
                         {"lease_of", "subscription"},
                         {"counts", "exact"},
                         {"fanout", "atomic"},
                         {"release", "frees"},
                         {"release_counts", true},
                         {"attempts", "exact"},
                         {"late_ack", "refused"},
                         {"ack", "durable"},
                         {"extend", "any"},
                         {"redelivered", "place"},
                         {"reject_delay", "any"},
                         {"overflow", overflow_text(state.settings.limits.overflow)}}},
                       {"groups", json::object()},
                       {"priority", json::object()},
                       {"delay", json::object()},
                       {"dead_letter", {{"reason", "given"}, {"attempts", "exact"}}},
                       {"redrive", json::object()},
                       // A node counts its own.
                       {"topic", {{"receivers", state.settings.shared ? "none" : "exact"}}},
                       {"patterns", {{"grammar", "redis_glob"}, {"escape", true}}},
                       {"correlation", json::object()},
                       {"batch", json::object()},
                       {"dedupe", {{"window_ms", window}}},
                       {"audit", json::object()},
                       {"agents", {{"fromagent", "refused"}}},
                       {"health", json::object()},
                       {"connections", json::object()},
                       {"stats", {{"since", "creation"}}},
                       {"config", json::object()}};
  if (state.settings.limits.breaker.enabled && state.settings.enabled)
    claimed["breaker"] = {{"probe", "call"},
                          {"closes_after", state.settings.limits.breaker.closes_after},
                          {"counts", "calls"}};
  if (const auto most = state.settings.limits.messages_max)
    claimed["queue"].as_object()["messages_max"] = *most;
  if (state.settings.authority) claimed["auth"] = {{"kind", "jwt"}};
  if (state.settings.shared) claimed["multi_node"] = json::object();
  if (state.settings.tenancy) claimed["tenancy"] = json::object();
  if (state.settings.uploads) {
    claimed["upload"] = json::object();
    claimed["payload.http"] = {{"path", "/payloads/"}};
  }
  if (state.settings.control_token) {
    for (const auto* hook :
         {"control.clock", "control.sweep", "control.corrupt", "control.state", "control.reset"})
      claimed[hook] = json::object();
    claimed["control.backend"] = {{"payloads", "payloads"}, {"queues", "queues"}};
  }
  return claimed;
}

json::value or_none(std::optional<std::int64_t> limit) {
  return limit ? json::value(*limit) : json::value(nullptr);
}

json::object limits(const Limits& limits) {
  return {{"inline_bytes_max", limits.inline_bytes_max},
          {"payload_bytes_max", limits.payload_bytes_max},
          {"message_bytes_max", limits.message_bytes_max},
          {"retrieve_bytes_max", limits.retrieve_bytes_max},
          {"chunk_threshold_bytes", limits.chunk_threshold_bytes},
          {"chunk_bytes", limits.chunk_bytes},
          {"upload_ttl_ms", limits.upload_ttl.count()},
          {"uploads_max", limits.uploads_max},
          {"buffer_bytes_max", limits.buffer_bytes_max},
          {"ttl_default_ms", limits.ttl_default.count()},
          {"ttl_max_ms", limits.ttl_max.count()},
          {"ttl_grace_ms", 1'000},
          {"lease_default_ms", limits.lease_default.count()},
          {"lease_max_ms", limits.lease_max.count()},
          {"redelivery_grace_ms", 1'000},
          {"delay_max_ms", limits.delay_max.count()},
          {"delay_grace_ms", 1'000},
          {"time_granularity_ms", 10},
          {"attempts_max", limits.attempts_max},
          {"backoff",
           {{"base_ms", limits.backoff.base.count()},
            {"factor", limits.backoff.factor},
            {"cap_ms", limits.backoff.cap.count()},
            {"jitter", 0}}},
          {"priority",
           {{"min", limits.priority_min},
            {"max", limits.priority_max},
            {"default", limits.priority_default}}},
          {"credit_default", limits.credit_default},
          {"credit_max", limits.credit_max},
          {"batch_max", limits.batch_max},
          {"name_bytes_max", limits.name_bytes_max},
          {"json_depth_max", limits.json_depth_max},
          {"retain_settled_ms", nullptr},
          {"connections_max", or_none(limits.connections_max)},
          {"publish_per_s", or_none(limits.publish_per_s)},
          {"breaker",
           {{"failures", limits.breaker.failures},
            {"open_ms", limits.breaker.open.count()},
            {"probes", limits.breaker.probes},
            {"call_timeout_ms", limits.breaker.call_timeout.count()}}},
          {"health_interval_ms", limits.health_interval.count()},
          // As many looks as its usual latency is told from, and what a look may take.
          {"health",
           {{"degraded_ms", 50},
            {"unhealthy_ms", 200},
            {"detect_ms", 2'000 + 3 * limits.health_interval.count()}}},
          {"wakeup_ms", 1'000},
          {"propagation_ms", 1'000},
          {"counts_settle_ms", 500},
          {"ping_ms", limits.ping.count()},
          {"idle_ms", limits.idle.count()},
          {"shutdown_ms", 5'000},
          {"recovery_ms", 10'000},
          {"answer_ms", 10'000}};
}

bool offers(const json::array& versions, std::string_view version) {
  return std::any_of(versions.begin(), versions.end(), [&](const json::value& offered) {
    return offered.is_string() && offered.get_string() == version;
  });
}

// What a first hello must hold; the fault where it doesn't.
std::optional<Fault> check_first(Params& params, std::size_t name_bytes_max) {
  const auto* versions = params.array("protocol");
  if (auto* client = params.object("client"); client != nullptr) {
    for (const auto* name : {"name", "version"}) {
      const auto* value = client->if_contains(name);
      if (value == nullptr || !value->is_string())
        params.fail(invalid_params("client." + std::string(name) + " must be a string"));
    }
  }
  for (const auto* name : {"token", "session_id", "user_id", "agent_id", "workspace_id"})
    params.optional_text(name);
  if (versions != nullptr) {
    for (const auto& version : *versions)
      if (!version.is_string()) params.fail(invalid_params("protocol must hold strings"));
    if (!params.fault() && !offers(*versions, "1.0"))
      return Fault{Kind::unsupported_version,
                   "this bus speaks protocol 1.0",
                   true,
                   {{"supported", json::array{"1.0"}}, {"requested", *versions}}};
  }
  if (const auto id = params.optional_text("agent_id"); id && !is_agent_id(*id, name_bytes_max))
    params.fail(
        invalid_argument("agent_id must not be empty nor hold a colon, a sign of a pattern "
                         "or NUL, and its inbox' name must fit"));
  if (const auto id = params.optional_text("workspace_id");
      id && !is_workspace_id(*id, name_bytes_max))
    params.fail(invalid_argument("workspace_id must not be empty nor hold NUL, and fit a name"));
  return params.fault();
}

// Whom the audit names: the agent, the user, or the client's own name.
std::string who(Params& params) {
  for (const auto* name : {"agent_id", "user_id"})
    if (auto given = params.optional_text(name); given && !given->empty()) return *given;
  const auto& client = *params.object("client");
  return std::string(client.at("name").get_string()) + ' ' +
         std::string(client.at("version").get_string());
}

}  // namespace

std::string tenant_of(const State& state, const std::optional<std::string>& session) {
  if (!state.tenants.apart() || !session) return {};
  return state.tenants.mark_of(state.policies.tenant_of(*session));
}

json::object hello_result(const State& state) {
  json::object guarantees{{"delivery", "at_least_once"},
                          {"durability", state.settings.durability},
                          {"ordering", "per_destination"}};
  if (const auto window = state.settings.loss_window)
    guarantees["loss_window_ms"] = window->count();
  return {{"protocol", "1.0"},
          {"server", {{"name", "refbus"}, {"version", state.settings.version}}},
          {"capabilities", capabilities(state)},
          {"limits", limits(state.settings.limits)},
          {"guarantees", std::move(guarantees)}};
}

// Those of the control endpoint are not counted, nor those that have yet to say hello.
bool is_full(const State& state) {
  const auto most = state.settings.limits.connections_max;
  return most && std::count_if(state.connections.begin(), state.connections.end(),
                               [](const auto& one) { return one.second.greeted; }) >= *most;
}

void hello(State& state, Call& call) {
  auto& from = *state.connection(call.reply.conn);
  if (from.greeted) {
    // A renewal carries the token and nothing else.
    if (call.params.only("token")) return renew(state, call);
    return state.refuse(call.reply, {Kind::conflict, "this connection has said hello"});
  }
  if (const auto fault = check_first(call.params, state.settings.limits.name_bytes_max)) {
    state.refuse(call.reply, *fault);
    return;
  }
  auto bearer = authenticate(state, from, call.params);
  if (const auto* fault = std::get_if<Fault>(&bearer)) return state.refuse(call.reply, *fault);
  if (is_full(state)) {
    state.refuse(call.reply, {Kind::rate_limited, "as many connections as may be are open"});
    return;
  }
  from.greeted = true;
  from.session = call.params.optional_text("session_id");
  from.who = who(call.params);
  from.caller = {call.params.optional_text("agent_id"), call.params.optional_text("workspace_id")};
  if (auto& named = std::get<std::optional<Bearer>>(bearer)) {
    from.session = named->session;
    from.caller = {named->agent, named->workspace};
    from.who = named->agent ? *named->agent : named->user.value_or(from.who);
    admit_bearer(state, call.reply.conn, std::move(*named));
  }
  // Whoever said so: all that the connection names from here on is that tenant's.
  from.caller.tenant = tenant_of(state, from.session);
  state.answer(call.reply, hello_result(state));
}

}  // namespace reference::core
