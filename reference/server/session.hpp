// What the server and a WebSocket session know of each other.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <string>

#include "reference/executor/executor.hpp"
#include "reference/server/stream.hpp"

namespace reference::server {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// One WebSocket connection. All methods may be called from any thread.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  virtual void send(std::string text) = 0;
  virtual void throttle(bool paused) = 0;
  /// Writes what was sent, then closes with 1001.
  virtual void go_away() = 0;
  /// Drops what is not yet on its way, writes `last` and closes with 1008. A peer that reads
  /// again within a minute hears it.
  virtual void cut_off(std::string last) = 0;
};

/// Who keeps count of sessions.
class Roster {
 public:
  Roster() = default;
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;
  virtual ~Roster() = default;

  /// The handshake succeeded, and carried that token; the connection's number.
  virtual core::Conn add(const std::shared_ptr<Session>& session, core::Role role,
                         std::string token) = 0;
  virtual void remove(core::Conn conn) = 0;
};

/// What a connection is held to.
struct Bounds {
  std::uint64_t message_bytes_max = 0;
  core::Ms ping{0};  ///< silence after which the peer is pinged
  core::Ms idle{0};  ///< silence after which it is gone
};

/// Answers the upgrade in `request` and serves the connection; keeps itself alive until it ends.
void start_session(Stream stream, HttpRequest request, executor::Executor& executor, Roster& roster,
                   core::Role role, Bounds bounds);

}  // namespace reference::server
