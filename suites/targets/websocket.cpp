#include "suites/targets/websocket.hpp"

#include <sys/socket.h>

#include <deque>
#include <future>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "suites/targets/channel.hpp"

namespace busproof::targets {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kConnectLimit{5};
constexpr std::chrono::seconds kCloseLimit{2};
constexpr std::size_t kMessageBytesMax = std::size_t{256} << 20;  // A bus may send what it likes.
constexpr std::string_view kSubprotocol = "busproof.v1";

struct Address {
  std::string host, port, path;
};

/// Everything of one connection; touched on the reactor's thread alone.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  Wire(asio::io_context& context, Listener& listener, std::shared_ptr<const Trust> trust)
      : resolver_(context),
        stream_(context, std::move(trust)),
        timer_(context),
        listener_(&listener) {}

  void connect(const Address& address, const Handshake& handshake,
               std::promise<std::string>& done) {
    done_ = &done;
    address_ = address;
    handshake_ = handshake;
    timer_.expires_after(kConnectLimit);
    timer_.async_wait([self = shared_from_this()](error_code failed) {
      if (!failed) self->give_up("no answer within 5 s");
    });
    resolver_.async_resolve(address.host, address.port,
                            [self = shared_from_this()](error_code failed, auto results) {
                              if (failed) return self->give_up(failed.message());
                              self->connect_to(results);
                            });
  }

  void send(std::string text) {
    if (ended_ || closing_) return;
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write_next();
  }

  void read(bool on) {
    reads_ = on;
    if (on && std::exchange(held_, false) && !ended_) read_next();
  }

  void close() {
    if (ended_ || closing_) return;
    closing_ = true;
    read(true);
    timer_.expires_after(kCloseLimit);
    timer_.async_wait([self = shared_from_this()](error_code failed) {
      if (!failed) self->cut();
    });
    if (queue_.empty()) say_goodbye();
  }

  void cut() {
    closing_ = true;
    error_code ignored;
    // A reset: what is under way is lost, as in a crash. Closing alone would wait for a process
    // that another thread is just starting: until it becomes its program it has this socket, too.
    stream_.next_layer().socket().set_option(asio::socket_base::linger(true, 0), ignored);
    const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
    if (stream_.next_layer().socket().is_open())
      ::connect(stream_.next_layer().socket().native_handle(), &nowhere, sizeof nowhere);
    stream_.next_layer().socket().close(ignored);
    end("cut", 0);
  }

  void forget_listener() { listener_ = nullptr; }

  /// Whether trying again is pointless; for when connecting failed.
  [[nodiscard]] bool final() const { return final_; }

  /// The HTTP status of a handshake that was refused, else 0.
  [[nodiscard]] unsigned status() const { return status_; }

 private:
  void connect_to(const tcp::resolver::results_type& results) {
    asio::async_connect(stream_.next_layer().socket(), results,
                        [self = shared_from_this()](error_code failed, const tcp::endpoint&) {
                          if (failed) return self->give_up(failed.message());
                          self->secure();
                        });
  }

  void secure() {
    error_code ignored;
    stream_.next_layer().socket().set_option(tcp::no_delay(true), ignored);
    stream_.next_layer().async_secure(address_.host,
                                      [self = shared_from_this()](error_code failed) {
                                        if (!failed) return self->shake_hands();
                                        auto& channel = self->stream_.next_layer();
                                        self->final_ = channel.is_final(failed);
                                        self->give_up(channel.why(failed));
                                      });
  }

  void shake_hands() {
    stream_.read_message_max(kMessageBytesMax);
    stream_.auto_fragment(false);
    stream_.set_option(websocket::stream_base::decorator(
        [this](websocket::request_type& request) { decorate(request); }));
    stream_.async_handshake(
        response_, fmt::format("{}:{}", address_.host, address_.port), address_.path,
        [self = shared_from_this()](error_code failed) { self->shaken(failed); });
  }

  void decorate(websocket::request_type& request) const {
    std::string subprotocols(kSubprotocol);
    if (!handshake_.subprotocol.empty()) subprotocols += ", bearer." + handshake_.subprotocol;
    request.set(beast::http::field::sec_websocket_protocol, subprotocols);
    request.set(beast::http::field::user_agent, "busproof");
    if (!handshake_.origin.empty()) request.set(beast::http::field::origin, handshake_.origin);
    if (!handshake_.bearer.empty())
      request.set(beast::http::field::authorization, "Bearer " + handshake_.bearer);
  }

  void shaken(error_code failed) {
    if (failed == websocket::error::upgrade_declined) {
      // 502 to 504 come from a proxy whose server is not up yet; all else will not pass by itself.
      status_ = response_.result_int();
      final_ = response_.result_int() < 502 || response_.result_int() > 504;
      return give_up(fmt::format("the server answered HTTP {} where a WebSocket was asked for",
                                 response_.result_int()));
    }
    if (failed) return give_up(failed.message());
    if (response_[beast::http::field::sec_websocket_protocol] !=
        beast::string_view(kSubprotocol.data(), kSubprotocol.size())) {
      final_ = true;
      return give_up("the server does not speak the subprotocol busproof.v1");
    }
    timer_.cancel();
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::ping && listener_ != nullptr)
        listener_->on_ping(history::now());
    });
    report("");
    read_next();
  }

  void read_next() {
    stream_.async_read(buffer_, [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->end(self->reason(failed), self->stream_.reason().code);
      const history::Time at = history::now();
      const auto bytes = self->buffer_.cdata();
      if (self->listener_ != nullptr)
        self->listener_->on_text({static_cast<const char*>(bytes.data()), bytes.size()}, at);
      self->buffer_.consume(self->buffer_.size());
      if (self->reads_)
        self->read_next();
      else
        self->held_ = true;
    });
  }

  [[nodiscard]] std::string reason(error_code failed) const {
    if (failed != websocket::error::closed) return failed.message();
    const auto& said = stream_.reason();
    return fmt::format("close frame {} {}", static_cast<int>(said.code), said.reason.c_str());
  }

  void write_next() {
    stream_.text(true);
    stream_.async_write(asio::buffer(queue_.front()),
                        [self = shared_from_this()](error_code failed, std::size_t) {
                          if (failed) return;  // The read side tells how it ended.
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) return self->write_next();
                          if (self->closing_) self->say_goodbye();
                        });
  }

  void say_goodbye() {
    stream_.async_close(websocket::close_code::normal,
                        [self = shared_from_this()](error_code) { self->end("closed", 1000); });
  }

  void give_up(const std::string& why) {
    error_code ignored;
    resolver_.cancel();
    stream_.next_layer().socket().close(ignored);
    ended_ = true;
    timer_.cancel();
    report(why);
  }

  void report(const std::string& failure) {
    if (auto* done = std::exchange(done_, nullptr)) done->set_value(failure);
  }

  void end(const std::string& why, int code) {
    if (ended_) return;
    ended_ = true;
    timer_.cancel();
    error_code ignored;
    // See cut() for why closing is not enough.
    stream_.next_layer().socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.next_layer().socket().close(ignored);
    if (listener_ != nullptr) listener_->on_closed({closing_, code, why}, history::now());
  }

  tcp::resolver resolver_;
  websocket::stream<Channel> stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  websocket::response_type response_;
  std::deque<std::string> queue_;
  Address address_;
  Handshake handshake_;
  unsigned status_ = 0;
  std::promise<std::string>* done_ = nullptr;
  Listener* listener_;
  bool closing_ = false, ended_ = false, final_ = false;
  bool reads_ = true, held_ = false;
};

class WebSocketTransport : public Transport {
 public:
  WebSocketTransport(Reactor& reactor, std::shared_ptr<Wire> wire)
      : reactor_(reactor), wire_(std::move(wire)) {}
  ~WebSocketTransport() override {
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

class WebSocketConnector : public Connector {
 public:
  WebSocketConnector(Reactor& reactor, std::string url, Address address,
                     std::shared_ptr<const Trust> trust)
      : reactor_(reactor),
        url_(std::move(url)),
        address_(std::move(address)),
        trust_(std::move(trust)) {}

  contract::Result<std::unique_ptr<Transport>> connect(Listener& listener) override {
    unsigned unused = 0;
    return connect_as(listener, {}, unused);
  }

  contract::Result<std::unique_ptr<Transport>> connect_as(Listener& listener,
                                                          const Handshake& handshake,
                                                          unsigned& status) override {
    auto wire = std::make_shared<Wire>(reactor_.context(), listener, trust_);
    std::promise<std::string> done;
    reactor_.post([&] { wire->connect(address_, handshake, done); });
    const std::string failure = done.get_future().get();
    status = wire->status();
    if (!failure.empty())
      return contract::refused(wire->final() ? "not_a_bus" : "unreachable",
                               fmt::format("{}: {}", url_, failure));
    return std::unique_ptr<Transport>(std::make_unique<WebSocketTransport>(reactor_, wire));
  }

  [[nodiscard]] std::string describe() const override { return "websocket " + url_; }
  [[nodiscard]] contract::Transport over() const override { return contract::Transport::websocket; }

 private:
  Reactor& reactor_;
  std::string url_;
  Address address_;
  std::shared_ptr<const Trust> trust_;  // Null: bare TCP.
};

}  // namespace

contract::Result<std::unique_ptr<Connector>> websocket_connector(
    Reactor& reactor, const std::string& url, std::shared_ptr<const Trust> trust) {
  const auto parsed = boost::urls::parse_uri(url);
  const bool secure = is_secure(url);
  if (!parsed || parsed->scheme() != (secure ? "wss" : "ws") || parsed->host().empty())
    return contract::refused(
        "bad_address",
        fmt::format("{}: not an address of the form ws://HOST:PORT/PATH or wss://...", url));
  if (secure && !trust)
    return contract::refused("bad_address", url + ": nobody says whom to trust there");
  Address address;
  address.host = parsed->host_address();
  address.port = parsed->has_port() ? std::string(parsed->port()) : secure ? "443" : "80";
  const auto target = parsed->encoded_target();
  address.path = target.empty() ? "/" : std::string(target.data(), target.size());
  return std::unique_ptr<Connector>(std::make_unique<WebSocketConnector>(
      reactor, url, address, secure ? std::move(trust) : nullptr));
}

}  // namespace busproof::targets
