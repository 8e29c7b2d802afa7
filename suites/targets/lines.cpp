#include "suites/targets/lines.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>

namespace busproof::targets {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kConnectLimitMs = 5000;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kLineBytesMax = std::size_t{160} << 20;  // 100 MiB in base64, and room.

/// Everything of one connection; touched on the reactor's thread alone.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  Wire(asio::io_context& context, Listener& listener, int read_fd, int write_fd)
      : in_(context, read_fd), out_(context), listener_(&listener), socket_(read_fd == write_fd) {
    out_.assign(socket_ ? ::fcntl(write_fd, F_DUPFD_CLOEXEC, 0) : write_fd);
  }

  void read_next() {
    in_.async_read_some(asio::buffer(chunk_),
                        [self = shared_from_this()](error_code failed, std::size_t count) {
                          if (failed) return self->end(failed);
                          self->take({self->chunk_.data(), count});
                          if (self->partial_.size() > kLineBytesMax) return self->give_up();
                          if (self->reads_)
                            self->read_next();
                          else
                            self->held_ = true;
                        });
  }

  void read(bool on) {
    reads_ = on;
    if (on && std::exchange(held_, false) && !ended_) read_next();
  }

  void send(std::string text) {
    if (ended_ || closing_) return;
    text.push_back('\n');
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write_next();
  }

  void close() {
    if (ended_ || closing_) return;
    closing_ = true;
    read(true);
    if (queue_.empty()) end_output();
  }

  void cut() {
    closing_ = true;
    error_code ignored;
    out_.close(ignored);
    tell("cut");
  }

  void forget_listener() { listener_ = nullptr; }

 private:
  void take(std::string_view bytes) {
    const history::Time at = history::now();
    for (;;) {
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) break;
      partial_.append(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
      if (partial_.ends_with('\r')) partial_.pop_back();
      if (listener_ != nullptr && !partial_.empty()) listener_->on_text(partial_, at);
      partial_.clear();
    }
    partial_.append(bytes);
  }

  void write_next() {
    asio::async_write(out_, asio::buffer(queue_.front()),
                      [self = shared_from_this()](error_code failed, std::size_t) {
                        if (failed) return;  // The read side tells how it ended.
                        self->queue_.pop_front();
                        if (!self->queue_.empty()) return self->write_next();
                        if (self->closing_) self->end_output();
                      });
  }

  void end_output() {
    error_code ignored;
    if (socket_) ::shutdown(out_.native_handle(), SHUT_WR);
    out_.close(ignored);
  }

  void give_up() {
    const std::string why = fmt::format("the bus sent {} bytes without an end of line: {:.80}...",
                                        partial_.size(), partial_);
    partial_ = {};
    tell(why);
  }

  void end(error_code failed) {
    const bool torn = !partial_.empty();
    std::string why = failed == asio::error::eof ? "end of stream" : failed.message();
    if (torn) why += fmt::format(" after half a line: {:.80}", partial_);
    tell(why);
  }

  void tell(const std::string& why) {
    if (ended_) return;
    ended_ = true;
    error_code ignored;
    // Closing alone would wait for a process that another thread is just starting: until it becomes
    // its program it has this socket, too.
    if (socket_ && in_.is_open()) ::shutdown(in_.native_handle(), SHUT_RDWR);
    in_.close(ignored);
    if (listener_ != nullptr) listener_->on_closed({closing_, 0, why}, history::now());
  }

  asio::posix::stream_descriptor in_, out_;
  std::array<char, kReadBytes> chunk_{};
  std::string partial_;
  std::deque<std::string> queue_;
  Listener* listener_;
  bool socket_;
  bool closing_ = false, ended_ = false;
  bool reads_ = true, held_ = false;
};

class LineTransport : public Transport {
 public:
  LineTransport(Reactor& reactor, std::shared_ptr<Wire> wire)
      : reactor_(reactor), wire_(std::move(wire)) {}
  ~LineTransport() override {
    reactor_.run([this] {
      wire_->forget_listener();
      wire_->cut();
    });
  }
  void send(std::string text) override {
    reactor_.post(
        [wire = wire_, text = std::move(text)]() mutable { wire->send(std::move(text)); });
  }
  void close() override {
    reactor_.post([wire = wire_] { wire->close(); });
  }
  void cut() override {
    reactor_.post([wire = wire_] { wire->cut(); });
  }
  void read(bool on) override {
    reactor_.post([wire = wire_, on] { wire->read(on); });
  }

 private:
  Reactor& reactor_;
  std::shared_ptr<Wire> wire_;
};

/// Connects without blocking beyond the limit; -1 with errno set when it fails.
int connect_within_limit(int family, const sockaddr* address, socklen_t length) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  int error = ::connect(fd, address, length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd ready{fd, POLLOUT, 0};
    socklen_t size = sizeof error;
    error = ::poll(&ready, 1, kConnectLimitMs) == 1 ? 0 : ETIMEDOUT;
    if (error == 0) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return fd;
  ::close(fd);
  errno = error;
  return -1;
}

class TcpConnector : public Connector {
 public:
  TcpConnector(Reactor& reactor, std::string host, std::string port)
      : reactor_(reactor), host_(std::move(host)), port_(std::move(port)) {}

  contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) override {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found);
    if (failed != 0)
      return contract::refused("unreachable",
                               fmt::format("{}: {}", describe(), ::gai_strerror(failed)));
    int fd = -1;
    for (const addrinfo* at = found; at != nullptr && fd < 0; at = at->ai_next)
      fd = connect_within_limit(at->ai_family, at->ai_addr, at->ai_addrlen);
    const int error = errno;
    ::freeaddrinfo(found);
    if (fd < 0)
      return contract::refused("unreachable",
                               fmt::format("{}: {}", describe(), std::strerror(error)));
    return line_transport(reactor_, listener, fd, fd);
  }

  [[nodiscard]] std::string describe() const override {
    return fmt::format("tcp {}:{}", host_, port_);
  }

 private:
  Reactor& reactor_;
  std::string host_, port_;
};

class UnixConnector : public Connector {
 public:
  UnixConnector(Reactor& reactor, std::filesystem::path path)
      : reactor_(reactor), path_(std::move(path)) {}

  contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = path_.string();
    if (path.size() >= sizeof address.sun_path)
      return contract::refused("unreachable", describe() + ": the path is too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = connect_within_limit(
        AF_UNIX, reinterpret_cast<const sockaddr*>(&address),  // The API's own type erasure.
        sizeof address);
    if (fd < 0)
      return contract::refused("unreachable",
                               fmt::format("{}: {}", describe(), std::strerror(errno)));
    return line_transport(reactor_, listener, fd, fd);
  }

  [[nodiscard]] std::string describe() const override { return "unix " + path_.string(); }

 private:
  Reactor& reactor_;
  std::filesystem::path path_;
};

}  // namespace

contract::Result<std::unique_ptr<Connector>> tcp_connector(Reactor& reactor,
                                                           const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size())
    return contract::refused("bad_address", fmt::format("{}: not of the form HOST:PORT", address));
  return std::unique_ptr<Connector>(
      std::make_unique<TcpConnector>(reactor, address.substr(0, colon), address.substr(colon + 1)));
}

std::unique_ptr<Connector> unix_connector(Reactor& reactor, const std::filesystem::path& path) {
  return std::make_unique<UnixConnector>(reactor, path);
}

std::unique_ptr<Transport> line_transport(Reactor& reactor, Listener& listener, int read_fd,
                                          int write_fd) {
  std::shared_ptr<Wire> wire;
  reactor.run([&] {
    wire = std::make_shared<Wire>(reactor.context(), listener, read_fd, write_fd);
    wire->read_next();
  });
  return std::make_unique<LineTransport>(reactor, wire);
}

}  // namespace busproof::targets
