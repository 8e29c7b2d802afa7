// Source: ROUTE-1..4, STORE-7, TTL-2, TTL-7, AGT-5, AGT-6, SUM-1.
#include "reference/core/publication.hpp"

#include <cstring>

namespace reference::core {
namespace {

std::optional<Mode> parse_mode(std::string_view text) {
  if (text == "queue") return Mode::queue;
  if (text == "topic") return Mode::topic;
  if (text == "both") return Mode::both;
  return std::nullopt;
}

// What makes an event the same again: destination, source and id. Topics know no repeats.
std::optional<Identity> identity_of(const Publication& item) {
  if (item.mode == Mode::topic) return std::nullopt;
  const auto hash = sha256(std::to_string(item.destination.size()) + ':' + item.destination +
                           item.event.identity);
  Identity identity{};
  std::memcpy(identity.data(), hash.data(), sizeof identity);
  return identity;
}

}  // namespace

std::variant<Publication, Fault> read_publication(State& state, const Caller& caller,
                                                  Params params) {
  const auto& limits = state.settings.limits;
  Publication item;
  auto* event = params.object("event");
  const std::string mode = params.text("mode");
  item.destination = state.tenants.keep(caller.tenant, params.name("destination"));
  item.ttl = params.optional_ms("ttl_ms", Ms(1), limits.ttl_max).value_or(limits.ttl_default);
  const auto delay = params.optional_ms("delay_ms", Ms(0), limits.delay_max);
  if (params.fault()) return *params.fault();
  const auto parsed = parse_mode(mode);
  if (!parsed) return invalid_argument("mode must be queue, topic or both");
  item.mode = *parsed;
  if (delay && item.mode == Mode::topic) return invalid_argument("a topic knows no delay_ms");
  item.delay = delay.value_or(Ms(0));
  item.ttl = state.policies.time_to_live(item.ttl);

  auto read = read_event(*event, limits);
  if (auto* fault = std::get_if<Fault>(&read)) return std::move(*fault);
  item.event = std::move(std::get<Event>(read));
  if (item.event.type && !state.policies.takes_type(*item.event.type))
    return invalid_argument("event.messagetype must be request, response, notification or command");
  if (item.event.from && !state.policies.may_speak_for(caller, *item.event.from))
    return Fault{Kind::forbidden, "event.fromagent is not this connection's agent"};
  if (item.event.session && tenant_of(state, item.event.session) != caller.tenant)
    return Fault{Kind::forbidden, "event.sessionid is not this connection's session"};
  item.size = item.event.body.bytes.size();
  if (item.size > limits.payload_bytes_max)
    return Fault{Kind::payload_too_large,
                 "a payload has at most " + std::to_string(limits.payload_bytes_max) + " bytes"};
  item.route = state.policies.route(item.event.body, limits.inline_bytes_max);
  item.chunk = limits.chunk_bytes;
  if (item.event.upload) {
    if (!state.settings.uploads) return kNoUpload;
    item.upload = state.tenants.keep(caller.tenant, *item.event.upload);
    item.route = Route::reference;
  }
  item.id = state.tenants.keep(caller.tenant, state.make_id());
  item.identity = identity_of(item);
  return item;
}

bool beyond_rate(State& state, const Reply& reply, std::size_t count) {
  const auto per_s = state.settings.limits.publish_per_s;
  if (!per_s) return false;
  const auto wait = state.publish_rate.take(state.now, *per_s, static_cast<std::int64_t>(count));
  if (!wait) return false;
  Fault fault{Kind::rate_limited, "more publishes than publish_per_s"};
  fault.more["retry_after_ms"] = wait->count();
  state.refuse(reply, fault);
  return true;
}

}  // namespace reference::core
