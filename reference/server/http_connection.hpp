// One accepted connection until it is a WebSocket, a transfer of the side door, or gone: the
// handshake of TLS, then plain HTTP.
//
// Threads: the connection's strand.
// Errors: who takes too long for the handshake and the header, says what is no HTTP
// or no TLS, or sends too much is cut off.
// Source: END-5, END-6, END-9, HLT-3, SEC-5.
#pragma once

#include "reference/server/gate.hpp"
#include "reference/server/session.hpp"
#include "reference/server/sessions.hpp"
#include "reference/server/side_door.hpp"

namespace reference::server {

/// What all connections of a listener share; outlives them.
struct Shared {
  executor::Executor& executor;
  Sessions& sessions;
  Bounds bounds;
  const Gate* gate;                          ///< null: anyone may come in
  boost::asio::ssl::context* tls = nullptr;  ///< null: bare TCP
  core::Ms header_time{10'000};              ///< for the handshake and the next header
};

/// Serves the connection, which keeps itself alive until it ends.
void serve_http(Line line, Shared shared, core::Role role);

}  // namespace reference::server
