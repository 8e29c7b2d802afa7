// A connection as everything above it sees it: bare TCP, or TLS over it.
//
// Reading and writing go the same way on both; who cares finds the TLS by tls(), for the handshake,
// and the socket below by socket().
//
// Threads: the socket's strand.
// Errors: the socket's own and those of TLS. A peer that goes without a last word is an error on
// TLS (stream_truncated) where it is the end of the file on TCP.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/container/static_vector.hpp>
#include <utility>
#include <variant>

namespace reference::server {

class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket>;
  using Error = boost::system::error_code;
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

  /// As Asio's own: a read or a write of what fits into the first few buffers.
  template <typename Sequence, typename Token>
  auto async_read_some(const Sequence& sequence, Token&& token) {
    return boost::asio::async_initiate<Token, void(Error, std::size_t)>(
        [this](auto handler, const auto& into) { read(into, std::move(handler)); }, token,
        first_of<boost::asio::mutable_buffer>(sequence));
  }
  template <typename Sequence, typename Token>
  auto async_write_some(const Sequence& sequence, Token&& token) {
    return boost::asio::async_initiate<Token, void(Error, std::size_t)>(
        [this](auto handler, const auto& from) { write(from, std::move(handler)); }, token,
        first_of<boost::asio::const_buffer>(sequence));
  }

  /// Says the last word of TLS and does not wait for the peer's, who may have none; nothing on TCP.
  void async_farewell(boost::asio::any_completion_handler<void(Error)> handler);

 private:
  // One type of handler and one of buffers for all who read and write: what TLS and TCP do with
  // them is built once, and not for every operation of every protocol above.
  using Handler = boost::asio::any_completion_handler<void(Error, std::size_t)>;
  static constexpr std::size_t kBuffers = 16;
  template <typename Buffer>
  using Buffers = boost::container::static_vector<Buffer, kBuffers>;

  template <typename Buffer, typename Sequence>
  static Buffers<Buffer> first_of(const Sequence& sequence) {
    Buffers<Buffer> first;
    const auto end = boost::asio::buffer_sequence_end(sequence);
    for (auto at = boost::asio::buffer_sequence_begin(sequence); at != end; ++at) {
      if (first.size() == kBuffers) break;
      if (const Buffer buffer(*at); buffer.size() > 0) first.push_back(buffer);
    }
    return first;
  }

  void read(const Buffers<boost::asio::mutable_buffer>& into, Handler handler);
  void write(const Buffers<boost::asio::const_buffer>& from, Handler handler);

  std::variant<Socket, Tls> way_;
};

}  // namespace reference::server
