// A stream that can hold small writes back, so that many messages leave in one system call.
//
// While it holds, a write is copied and done at once; the first that comes without goes out behind
// all that was held. Whoever holds must write again: there is no timer.
//
// Threads: the stream's strand.
// Errors: the stream's own, at the write that goes out.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "reference/server/stream.hpp"

namespace reference::server {

class GatheringSocket {
 public:
  using executor_type = Stream::executor_type;
  using lowest_layer_type = Stream::Socket;

  explicit GatheringSocket(Stream stream) : stream_(std::move(stream)) {}

  executor_type get_executor() { return stream_.get_executor(); }
  Stream::Socket& socket() { return stream_.socket(); }
  Stream& stream() { return stream_; }

  /// From here on writes are held (or not).
  void hold(bool holding) { holding_ = holding; }

  /// How often more was asked for: one that grows shows that the peer says something.
  [[nodiscard]] std::uint64_t reads() const { return reads_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    ++reads_;
    return stream_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const std::size_t size = boost::asio::buffer_size(buffers);
    Way way = Way::behind;
    if (holding_ && !is_control_frame(buffers, size) && held_.size() + size <= kHeldBytes)
      way = Way::held;
    else if (held_.empty())
      way = Way::direct;
    if (way != Way::direct) append(buffers, size);
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
        Write<Buffers>{*this, buffers, size, way}, token, stream_);
  }

 private:
  static constexpr std::size_t kHeldBytes = 65'536;

  // Pings, pongs and the last word never wait: nothing need follow them. What is mistaken for one,
  // being the rest of a message, only goes out sooner.
  template <typename Buffers>
  static bool is_control_frame(const Buffers& buffers, std::size_t size) {
    constexpr std::size_t kLargest = 127;
    std::uint8_t first = 0;
    boost::asio::buffer_copy(boost::asio::buffer(&first, 1), buffers);
    return size <= kLargest && (first & 0x0FU) >= 0x08U;
  }

  enum class Way { direct, held, behind };  ///< behind: behind all that was held

  template <typename Buffers>
  struct Write {
    GatheringSocket& self;
    Buffers buffers;
    std::size_t size;
    Way way;
    bool started = false;

    template <typename Operation>
    void operator()(Operation& operation, boost::system::error_code error = {},
                    std::size_t bytes = 0) {
      if (std::exchange(started, true)) return done(operation, error, bytes);
      // A copy, since the operation takes the original along.
      const Buffers whole = buffers;
      if (way == Way::direct)
        self.stream_.async_write_some(whole, std::move(operation));
      else if (way == Way::held)
        boost::asio::post(self.get_executor(), std::move(operation));
      else
        boost::asio::async_write(self.stream_, boost::asio::buffer(self.held_),
                                 std::move(operation));
    }

    template <typename Operation>
    void done(Operation& operation, boost::system::error_code error, std::size_t bytes) {
      if (way == Way::behind) self.held_.clear();
      operation.complete(error, way == Way::direct ? bytes : (error ? 0 : size));
    }
  };

  template <typename Buffers>
  void append(const Buffers& buffers, std::size_t size) {
    const std::size_t before = held_.size();
    held_.resize(before + size);
    boost::asio::buffer_copy(boost::asio::buffer(held_.data() + before, size), buffers);
  }

  Stream stream_;
  std::string held_;
  bool holding_ = false;
  std::uint64_t reads_ = 0;
};

// Found by Beast beside the type: how a WebSocket ends the connection below it.
inline void beast_close_socket(GatheringSocket& socket) {
  boost::system::error_code ignored;
  socket.socket().close(ignored);
}
inline void teardown(boost::beast::role_type role, GatheringSocket& socket,
                     boost::system::error_code& error) {
  boost::beast::websocket::teardown(role, socket.socket(), error);
}
template <typename Handler>
void async_teardown(boost::beast::role_type role, GatheringSocket& socket, Handler&& handler) {
  namespace asio = boost::asio;
  const auto executor = asio::get_associated_executor(handler, socket.get_executor());
  socket.stream().async_farewell(
      asio::bind_executor(executor, [role, &socket, handler = std::forward<Handler>(handler)](
                                        boost::system::error_code /*unsaid*/) mutable {
        boost::beast::websocket::async_teardown(role, socket.socket(), std::move(handler));
      }));
}

}  // namespace reference::server
