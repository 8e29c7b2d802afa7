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
};

// Methods of capabilities that hello does not claim.
constexpr std::array<std::string_view, 4> kUnclaimed{"bus/upload_open", "bus/upload_append",
                                                     "bus/upload_status", "bus/upload_commit"};

std::optional<Fault> admit(const State& state, const Connection& from, const Request& request,
                           const Method* method) {
  const bool unclaimed =
      std::find(kUnclaimed.begin(), kUnclaimed.end(), request.method) != kUnclaimed.end();
  if (method == nullptr && !unclaimed) return Fault{Kind::method_not_found, "no such method"};
  if (!from.greeted && request.method != "bus/hello")
    return Fault{Kind::hello_first, "bus/hello comes first"};
  if (unclaimed) return Fault{Kind::not_supported, "hello does not claim this"};
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
  if (!from->throttled &&
      (from->open_requests >= kOpenRequestsMax || from->open_bytes >= kOpenBytesMax)) {
    from->throttled = true;
    state.effects.emplace_back(Throttle{conn, true});
  }
  const auto* method = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& known) {
    return known.name == request.method;
  });
  if (method == kMethods.end()) method = nullptr;
  const Reply reply{conn, request.id, request.notification, request.bytes};
  if (const auto fault = admit(state, *from, request, method)) {
    state.refuse(reply, *fault);
    return;
  }
  Call call{reply, Params(request.params(), state.settings.limits)};
  method->call(state, call);
}

}  // namespace reference::core
