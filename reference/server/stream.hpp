// A connection as everything above it sees it: bare TCP, or TLS over it.
//
// Reading and writing go the same way on both; who cares finds the TLS by tls(), for the handshake,
// and the socket below by socket().
//
// Threads: the socket's strand.
// Errors: the socket's own and those of TLS. A peer that goes without a last word is an error on
// TLS (stream_truncated) where it is the end of the file on TCP.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/append.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>
#include <variant>

namespace reference::server {

class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket>;
  using executor_type = Socket::executor_type;
  using lowest_layer_type = Socket;

  explicit Stream(Socket socket) : way_(std::move(socket)) {}
  /// Nothing passes before the handshake.
  Stream(Socket socket, boost::asio::ssl::context& context)
      : way_(std::in_place_type<Tls>, std::move(socket), context) {}

  executor_type get_executor() { return socket().get_executor(); }
  Tls* tls() { return std::get_if<Tls>(&way_); }  ///< null: bare TCP
  Socket& socket() {
    auto* const tls = this->tls();
    return tls != nullptr ? tls->next_layer() : std::get<Socket>(way_);
  }

  /// The token is a handler: what else there is would return another type either way.
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (auto* const tls = this->tls())
      return tls->async_read_some(buffers, std::forward<Token>(token));
    return std::get<Socket>(way_).async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (auto* const tls = this->tls())
      return tls->async_write_some(buffers, std::forward<Token>(token));
    return std::get<Socket>(way_).async_write_some(buffers, std::forward<Token>(token));
  }

  /// Says the last word of TLS and does not wait for the peer's, who may have none; nothing on TCP.
  template <typename Handler>
  void async_farewell(Handler&& handler) {
    auto* const tls = this->tls();
    if (tls == nullptr)
      return boost::asio::dispatch(
          get_executor(),
          boost::asio::append(std::forward<Handler>(handler), boost::system::error_code()));
    SSL_set_shutdown(tls->native_handle(), SSL_RECEIVED_SHUTDOWN);
    tls->async_shutdown(std::forward<Handler>(handler));
  }

 private:
  std::variant<Socket, Tls> way_;
};

}  // namespace reference::server
