// Transport: texts out, texts in, over one connection. Connector: makes one.
//
// A transport neither retries, nor buffers beyond its socket, nor looks into the texts.
//
// Threads: send(), close() and cut() from any thread; the listener is called on the reactor's.
// Errors:  what goes wrong once connected ends the connection and is told to on_closed(), once.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "suites/contract/claims.hpp"
#include "suites/contract/result.hpp"
#include "suites/history/clock.hpp"

namespace busproof::targets {

/// How a connection ended.
struct Ending {
  bool by_us = false;
  int code = 0;     ///< The WebSocket close code, or 0.
  std::string why;  ///< For people.
};

class Listener {
 public:
  virtual ~Listener() = default;
  /// One text frame or one line, without its end; `at` is when its last byte was read.
  virtual void on_text(std::string_view text, history::Time at) = 0;
  virtual void on_closed(const Ending& ending, history::Time at) = 0;
  /// A WebSocket ping; the transport answers it by itself, for as long as it reads.
  virtual void on_ping(history::Time) {}
};

class Transport {
 public:
  virtual ~Transport() = default;  ///< Cuts; the listener is not called after it returns.
  virtual void send(std::string text) = 0;
  virtual void close() = 0;  ///< The polite end: a close frame, or the end of our stream.
  virtual void cut() = 0;    ///< The rude end: what is under way is lost.

  /// Whether to go on reading what the bus sends; at most one more piece is read after a false.
  /// Closing reads again.
  virtual void read(bool on) = 0;
};

/// What a WebSocket's handshake carries besides; nothing where empty.
struct Handshake {
  std::string origin = {};
  std::string bearer = {};       ///< The token in `Authorization: Bearer TOKEN`.
  std::string subprotocol = {};  ///< The token as a subprotocol, `bearer.TOKEN`.

  [[nodiscard]] bool empty() const {
    return origin.empty() && bearer.empty() && subprotocol.empty();
  }
};

class Connector {
 public:
  virtual ~Connector() = default;
  /// Waits at most a few seconds. `listener` must outlive the transport.
  virtual contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) = 0;
  /// The same with that handshake; `status` is the HTTP status it was refused with, else 0.
  /// "no_handshake" where the transport has none.
  virtual contract::Result<std::unique_ptr<Transport>> connect_as(Listener& listener,
                                                                  const Handshake& handshake,
                                                                  unsigned& status) {
    status = 0;
    if (handshake.empty()) return connect(listener);
    return contract::refused("no_handshake", "only a WebSocket begins with a handshake");
  }
  /// For people: "websocket ws://127.0.0.1:7077/ws/connect"
  [[nodiscard]] virtual std::string describe() const = 0;
  /// What the rules of the endpoint go by.
  [[nodiscard]] virtual contract::Transport over() const { return contract::Transport::lines; }
  /// False where the bus can be spoken to over one connection alone.
  [[nodiscard]] virtual bool many() const { return true; }
};

}  // namespace busproof::targets
