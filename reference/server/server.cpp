// Accepting, plain HTTP, and the way down. Source: END-5, END-6, END-9, HLT-3, SEC-5.
#include "reference/server/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include "reference/executor/log.hpp"
#include "reference/server/session.hpp"
#include "reference/server/sessions.hpp"
#include "reference/server/side_door.hpp"

namespace reference::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kHeaderTime = std::chrono::seconds(10);
constexpr std::uint32_t kHeaderBytes = 16'384;
constexpr std::uint64_t kBodyBytes = 65'536;
constexpr core::Ms kCloseTime{1'500};
constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";
constexpr const char* kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

// The number of a connection, as its page's address ends.
std::optional<core::Conn> parse_conn(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text != std::to_string(number)) return std::nullopt;
  return core::Conn{number};
}

struct Shared {
  executor::Executor& executor;
  Sessions& sessions;
  Bounds bounds;
  const Gate* gate;  ///< null: anyone may come in
};

// One accepted socket until it is a WebSocket or gone.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(Line line, Shared shared, core::Role role)
      : socket_(std::move(line.socket)),
        timer_(socket_.get_executor()),
        shared_(shared),
        role_(role),
        buffer_(std::move(line.buffer)) {}

  void read() {
    header_.emplace();
    header_->header_limit(kHeaderBytes);
    header_->body_limit(boost::none);  // what may come is told by what is asked
    timer_.expires_after(kHeaderTime);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->cut();
    });
    http::async_read_header(socket_, buffer_, *header_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error)
                                self->timer_.cancel();
                              else
                                self->read_body();
                            });
  }

 private:
  void read_body() {
    const auto& request = header_->get();
    const auto method = request.method();
    const bool moves =
        method == http::verb::get || method == http::verb::head || method == http::verb::put;
    if (role_ == core::Role::client && moves && is_side_door(request.target()) &&
        lets_in(request)) {
      timer_.cancel();
      auto back = [shared = shared_, role = role_](Line line) {
        std::make_shared<HttpConnection>(std::move(line), shared, role)->read();
      };
      return serve_side_door({std::move(socket_), std::move(buffer_)}, *header_, shared_.executor,
                             std::move(back));
    }
    if (header_->content_length().value_or(0) > kBodyBytes) return cut();
    parser_.emplace(std::move(*header_));
    parser_->body_limit(kBodyBytes);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       self->timer_.cancel();
                       if (!error) self->answer(self->parser_->release());
                     });
  }

  void answer(HttpRequest request) {
    const std::string_view target = request.target();
    const auto path = target.substr(0, target.find('?'));
    const bool here = role_ == core::Role::control || path == "/ws/connect";
    if (here && beast::websocket::is_upgrade(request)) {
      if (!lets_connect(request)) return;
      start_session(std::move(socket_), std::move(request), shared_.executor, shared_.sessions,
                    role_, shared_.bounds);
      return;
    }
    const bool get = request.method() == http::verb::get || request.method() == http::verb::head;
    if (role_ == core::Role::client && path == "/livez" && get)
      return write(
          request,
          shared_.executor.alive() ? http::status::ok : http::status::internal_server_error,
          "alive\n");
    if (role_ == core::Role::client && path == "/readyz" && get) {
      const bool ready = shared_.executor.ready();
      return write(request, ready ? http::status::ok : http::status::service_unavailable,
                   ready ? "ready\n" : "not ready\n");
    }
    if (role_ == core::Role::client && !here && !lets_in(request)) return write_no_token(request);
    if (role_ == core::Role::client && path == "/metrics" && get) return write_metrics(request);
    if (role_ == core::Role::client && path.starts_with("/ws/") && !here && get)
      return write_connections(request, path);
    if (role_ == core::Role::client && is_side_door(path))
      return write(request, http::status::method_not_allowed, "GET, HEAD or PUT\n");
    if (here) return write(request, http::status::upgrade_required, "WebSocket only\n");
    write(request, http::status::not_found, "not found\n");
  }

  // Control has a token of its own in each call.
  [[nodiscard]] bool lets_in(const HttpRequest::header_type& request) const {
    return shared_.gate == nullptr || role_ == core::Role::control ||
           shared_.gate->takes_token(request);
  }

  // Whether that handshake may go on; answered where it may not.
  bool lets_connect(const HttpRequest& request) {
    if (shared_.gate == nullptr || role_ == core::Role::control) return true;
    if (!shared_.gate->takes_origin(request)) {
      write(request, http::status::forbidden, "not from this origin\n");
      return false;
    }
    if (shared_.gate->takes_handshake(request)) return true;
    write_no_token(request);
    return false;
  }

  void write_no_token(const HttpRequest& request) {
    write(request, http::status::unauthorized, "a good token is needed\n");
  }

  // Who is connected.
  void write_connections(const HttpRequest& request, std::string_view path) {
    constexpr std::string_view kOne = "/ws/connections/";
    using executor::Asked;
    const auto session = session_in(request);
    std::optional<boost::json::object> told;
    if (path == "/ws/connections")
      told = shared_.executor.connected(Asked::all, session);
    else if (path == "/ws/stats")
      told = shared_.executor.connected(Asked::numbers, session);
    else if (const auto conn =
                 path.starts_with(kOne) ? parse_conn(path.substr(kOne.size())) : std::nullopt)
      told = shared_.executor.connected(Asked::one, session, *conn);
    if (!told) return write(request, http::status::not_found, "not found\n");
    write(request, http::status::ok, boost::json::serialize(*told) + '\n', kJson);
  }

  void write_metrics(const HttpRequest& request) {
    auto held = std::make_shared<HttpRequest>(request);
    auto self = shared_from_this();
    shared_.executor.scrape([self, held](std::string page) {
      asio::post(self->socket_.get_executor(), [self, held, page = std::move(page)] {
        self->write(*held, http::status::ok, page, kPrometheus);
      });
    });
  }

  void write(const HttpRequest& request, http::status status, std::string_view text,
             const char* type = kPlain) {
    response_.emplace(status, request.version());
    response_->set(http::field::content_type, type);
    response_->set(http::field::cache_control, "no-store");
    if (status == http::status::method_not_allowed)
      response_->set(http::field::allow, "GET, HEAD, PUT");
    if (status == http::status::unauthorized)
      response_->set(http::field::www_authenticate, "Bearer");
    if (status == http::status::upgrade_required) response_->set(http::field::upgrade, "websocket");
    response_->keep_alive(request.keep_alive());
    response_->content_length(text.size());
    if (request.method() != http::verb::head) response_->body() = text;
    http::async_write(socket_, *response_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error && self->response_->keep_alive()) return self->read();
                        self->cut();
                      });
  }

  void cut() {
    error_code ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  Shared shared_;
  core::Role role_;
  beast::flat_buffer buffer_;
  std::optional<HeaderParser> header_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

class Listener {
 public:
  Listener(asio::io_context& context, Shared shared, core::Role role)
      : context_(context),
        acceptor_(asio::make_strand(context)),
        retry_(acceptor_.get_executor()),
        shared_(shared),
        role_(role) {}

  std::optional<std::string> open(const Address& address) {
    error_code error;
    tcp::resolver resolver(context_);
    const auto found =
        resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
    if (error) return "cannot resolve " + address.host + ": " + error.message();
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return "cannot listen on " + address.host + ":" + std::to_string(address.port) + ": " +
             error.message();
    return std::nullopt;
  }

  void accept() {
    acceptor_.async_accept(
        asio::make_strand(context_), [this](error_code error, tcp::socket socket) {
          if (!acceptor_.is_open()) return;
          if (error) return accept_later();
          error_code ignored;
          socket.set_option(tcp::no_delay(true), ignored);
          std::make_shared<HttpConnection>(Line{std::move(socket), {}}, shared_, role_)->read();
          accept();
        });
  }

  void close() {
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
      retry_.cancel();
    });
  }

  [[nodiscard]] std::string address() const {
    error_code ignored;
    const auto bound = acceptor_.local_endpoint(ignored);
    const auto host = bound.address().to_string();
    return (bound.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(bound.port());
  }

 private:
  // Out of descriptors, say: waiting costs less than spinning.
  void accept_later() {
    retry_.expires_after(core::Ms(50));
    retry_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  asio::io_context& context_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  Shared shared_;
  core::Role role_;
};

}  // namespace

struct Server::Parts {
  Parts(ServerSettings given, executor::Executor& executor_given)
      : settings(std::move(given)),
        executor(executor_given),
        sessions(executor),
        signals(context, SIGTERM, SIGINT),
        clients(context, {executor, sessions, settings.bounds, settings.gate.get()},
                core::Role::client),
        control(context, {executor, sessions, settings.bounds, nullptr}, core::Role::control) {}

  ServerSettings settings;
  executor::Executor& executor;
  asio::io_context context;
  Sessions sessions;
  asio::signal_set signals;
  Listener clients;
  Listener control;
};

Server::Server(ServerSettings settings, executor::Executor& executor)
    : parts_(std::make_unique<Parts>(std::move(settings), executor)) {}

Server::~Server() = default;

executor::Outlet& Server::outlet() { return parts_->sessions; }

std::optional<std::string> Server::open() {
  if (auto failed = parts_->clients.open(parts_->settings.listen)) return failed;
  if (parts_->settings.control)
    if (auto failed = parts_->control.open(*parts_->settings.control)) return failed;
  return std::nullopt;
}

std::string Server::address() const { return parts_->clients.address(); }

std::optional<std::string> Server::control_address() const {
  if (!parts_->settings.control) return std::nullopt;
  return parts_->control.address();
}

void Server::serve() {
  auto& parts = *parts_;
  parts.clients.accept();
  if (parts.settings.control) parts.control.accept();
  auto work = asio::make_work_guard(parts.context);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < parts.settings.threads; ++i)
    threads.emplace_back([&parts] { parts.context.run(); });

  std::mutex mutex;
  std::condition_variable changed;
  bool signalled = false;
  bool empty = false;
  const auto set = [&](bool& what) {
    const std::lock_guard lock(mutex);
    what = true;
    changed.notify_all();
  };
  parts.signals.async_wait([&](error_code error, int) {
    if (!error) set(signalled);
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return signalled; });
  }
  executor::log(executor::Level::info, "stopping");
  parts.clients.close();
  parts.control.close();
  parts.executor.stop(parts.settings.shutdown - 2 * kCloseTime);
  parts.sessions.close_all([&] { set(empty); });
  {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kCloseTime, [&] { return empty; });
  }
  work.reset();
  parts.context.stop();
  for (auto& thread : threads) thread.join();
  executor::log(executor::Level::info, "stopped");
}

}  // namespace reference::server
