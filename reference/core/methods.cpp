// The table of methods, and what every request must pass before its method is called.
#include <algorithm>
#include <array>

#include "reference/core/state.hpp"

namespace reference::core {
namespace {

struct Method {
  std::string_view name;
  void (*call)(State&, Call&);
};

constexpr std::array kMethods{
    Method{"bus/ack", ack},
    Method{"bus/audit", audit},
    Method{"bus/correlated", correlated},
    Method{"bus/credit", set_credit},
    Method{"bus/dead_letters", dead_letters},
    Method{"bus/delete", remove},
    Method{"bus/extend", extend},
    Method{"bus/health", health},
    Method{"bus/hello", hello},
    Method{"bus/inspect", inspect},
    Method{"bus/pending", pending},
    Method{"bus/publish", publish},
    Method{"bus/publish_batch", publish_batch},
    Method{"bus/purge", purge},
    Method{"bus/redrive", redrive},
    Method{"bus/reject", reject},
    Method{"bus/retrieve", retrieve},
    Method{"bus/stats", stats},
    Method{"bus/subscribe", subscribe},
    Method{"bus/unsubscribe", unsubscribe},
    Method{"bus/upload_append", upload_append},
    Method{"bus/upload_commit", upload_commit},
    Method{"bus/upload_open", upload_open},
    Method{"bus/upload_status", upload_status},
};

constexpr std::string_view kAppend = "bus/upload_append";

// Methods of a capability that hello does not claim.
bool unclaimed(const State& state, const Request& request) {
  return !state.settings.uploads && request.method.starts_with("bus/upload_");
}

std::optional<Fault> admit(const State& state, const Connection& from, const Request& request,
                           const Method* method) {
  if (method == nullptr) return Fault{Kind::method_not_found, "no such method"};
  if (!from.greeted && request.method != "bus/hello")
    return Fault{Kind::hello_first, "bus/hello comes first"};
  if (unclaimed(state, request)) return Fault{Kind::not_supported, "hello does not claim this"};
  if (state.stopping) return Fault{Kind::closed, "shutting down"};
  if (request.lone_surrogate) return invalid_argument("a string holds half of a surrogate pair");
  return std::nullopt;
}

}  // namespace

void dispatch(State& state, Conn conn, Request request) {
  auto* from = state.connection(conn);
  if (from == nullptr || from->closing) return;
  if (from->role == Role::control) {
    control(state, conn, std::move(request));
    return;
  }
  ++from->open_requests;
  from->open_bytes += request.bytes;
  const bool append = request.method == kAppend;
  if (append) from->open_appends += request.bytes;
  if (!from->throttled && (from->open_requests >= kOpenRequestsMax ||
                           from->open_bytes >= kOpenBytesMax || appends_enough(state, *from))) {
    from->throttled = true;
    state.effects.emplace_back(Throttle{conn, true});
  }
  const auto* method = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& known) {
    return known.name == request.method;
  });
  if (method == kMethods.end()) method = nullptr;
  const Reply reply{conn, request.id, request.notification, request.bytes, append};
  if (const auto fault = admit(state, *from, request, method)) {
    state.refuse(reply, *fault);
    return;
  }
  Call call{reply, Params(request.params(), state.settings.limits)};
  method->call(state, call);
}

}  // namespace reference::core
