// The listener and its HTTP side: WebSocket upgrades, liveness, readiness.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "reference/executor/executor.hpp"
#include "reference/server/gate.hpp"
#include "reference/server/session.hpp"

namespace reference::server {

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

struct ServerSettings {
  Address listen;
  std::optional<Address> control;
  Bounds bounds;
  std::size_t threads = 2;
  core::Ms shutdown{5'000};
  std::shared_ptr<const Gate> gate{};                ///< null: anyone may come in
  std::shared_ptr<boost::asio::ssl::context> tls{};  ///< null: bare TCP
  core::Ms header_time{10'000};  ///< for a handshake and a request's header, so long
};

class Server {
 public:
  /// `executor` must outlive the server.
  Server(ServerSettings settings, executor::Executor& executor);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Binds and listens; why not, where it can't.
  std::optional<std::string> open();
  /// Serves until SIGTERM or SIGINT, then shuts down: clients get 1001, what was accepted is done.
  void serve();
  /// The address that was bound, `host:port`.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::optional<std::string> control_address() const;
  /// What the executor sends through.
  executor::Outlet& outlet();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace reference::server
