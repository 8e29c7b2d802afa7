// The lines driver: newline-delimited JSON-RPC over a child's stdio, TCP or a Unix socket.
//
// Errors: "unreachable" with what the system said; "not_started" for a command that does not run.
#pragma once

#include <cstdint>

#include <filesystem>
#include <memory>
#include <string>

#include "suites/targets/reactor.hpp"
#include "suites/targets/transport.hpp"

namespace busproof::targets {

/// HOST:PORT
contract::Result<std::unique_ptr<Connector>> tcp_connector(Reactor& reactor,
                                                           const std::string& address);

std::unique_ptr<Connector> unix_connector(Reactor& reactor, const std::filesystem::path& path);

/// A transport over two descriptors (the same one twice for a socket); takes them over.
std::unique_ptr<Transport> line_transport(Reactor& reactor, Listener& listener, int read_fd,
                                          int write_fd);

}  // namespace busproof::targets
