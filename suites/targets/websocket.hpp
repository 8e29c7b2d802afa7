// The WebSocket driver: one text frame is one JSON-RPC object, subprotocol busproof.v1.
//
// Errors: "unreachable" with what the network or the server said; "not_a_bus" for a server that
//         will not speak the protocol, or whose certificate is not believed; "bad_address" for a
//         URL that is no ws:// or wss:// address.
#pragma once

#include <memory>
#include <string>

#include "suites/targets/reactor.hpp"
#include "suites/targets/transport.hpp"
#include "suites/targets/trust.hpp"

namespace busproof::targets {

/// A connector for ws://HOST[:PORT]/PATH, or for wss:// with a `trust`.
contract::Result<std::unique_ptr<Connector>> websocket_connector(
    Reactor& reactor, const std::string& url, std::shared_ptr<const Trust> trust = {});

}  // namespace busproof::targets
