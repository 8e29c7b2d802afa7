// A connection to a bus beneath HTTP and WebSocket: TCP, or TLS over it where trust is given.
//
// Threads: one at a time.
// Errors:  those of the socket and of TLS.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "suites/targets/trust.hpp"

namespace busproof::targets {

class Channel {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;
  using lowest_layer_type = Socket;

  /// Over TLS where there is a `trust`.
  Channel(boost::asio::io_context& context, std::shared_ptr<const Trust> trust)
      : socket_(context), trust_(std::move(trust)) {
    if (trust_) tls_.emplace(socket_, trust_->context());
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  Socket& socket() { return socket_; }

  /// Once the socket is connected. Without TLS there is nothing to wait for.
  template <typename Then>
  void async_secure(const std::string& host, Then then) {
    if (!tls_) return then(boost::system::error_code());
    trust_->expect(tls_->native_handle(), host);
    tls_->async_handshake(boost::asio::ssl::stream_base::client, std::move(then));
  }

  /// What an error of async_secure() means, in words for the target's owner.
  [[nodiscard]] std::string why(boost::system::error_code failed) {
    const std::string doubt = tls_ ? Trust::doubt(tls_->native_handle()) : "";
    return doubt.empty() ? "TLS: " + failed.message() : doubt;
  }
  /// Whether it will not pass by itself: the certificate is in doubt, or the peer speaks no TLS.
  [[nodiscard]] bool is_final(boost::system::error_code failed) {
    if (!tls_) return false;
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(failed.value()));
    const bool no_tls = failed.category() == boost::asio::error::get_ssl_category() &&
                        (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
                         reason == SSL_R_PACKET_LENGTH_TOO_LONG);
    return no_tls || !Trust::doubt(tls_->native_handle()).empty();
  }

  /// The token is a handler: what else there is would return another type either way.
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

  /// The last word of TLS; the bus' own is not waited for.
  template <typename Then>
  void async_farewell(Then then) {
    if (!tls_) return then(boost::system::error_code());
    SSL_set_shutdown(tls_->native_handle(), SSL_RECEIVED_SHUTDOWN);
    tls_->async_shutdown(std::move(then));
  }

 private:
  Socket socket_;
  std::shared_ptr<const Trust> trust_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

// Found by Beast beside the type: how a WebSocket ends the connection below it.
inline void beast_close_socket(Channel& channel) {
  boost::system::error_code ignored;
  channel.socket().close(ignored);
}
inline void teardown(boost::beast::role_type role, Channel& channel,
                     boost::system::error_code& error) {
  boost::beast::websocket::teardown(role, channel.socket(), error);
}
template <typename Handler>
void async_teardown(boost::beast::role_type role, Channel& channel, Handler&& handler) {
  const auto executor = boost::asio::get_associated_executor(handler, channel.get_executor());
  channel.async_farewell(boost::asio::bind_executor(
      executor, [role, &channel, handler = std::forward<Handler>(handler)](
                    boost::system::error_code /*unsaid*/) mutable {
        boost::beast::websocket::async_teardown(role, channel.socket(), std::move(handler));
      }));
}

}  // namespace busproof::targets
