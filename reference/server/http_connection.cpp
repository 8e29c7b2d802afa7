#include "reference/server/http_connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace reference::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr core::Ms kLeaveTime{2'000};
constexpr std::uint32_t kHeaderBytes = 16'384;
constexpr std::uint64_t kBodyBytes = 65'536;
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

// One accepted socket until it is a WebSocket or gone.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(Line line, Shared shared, core::Role role)
      : stream_(std::move(line.stream)),
        timer_(stream_.get_executor()),
        shared_(shared),
        role_(role),
        buffer_(std::move(line.buffer)) {}

  // One time is for the handshake and the first request's header together.
  void start() {
    limit_time(shared_.header_time);
    auto* const tls = stream_.tls();
    if (tls == nullptr) return read_header();
    tls->async_handshake(asio::ssl::stream_base::server,
                         [self = shared_from_this()](error_code error) {
                           if (error) return self->cut();
                           self->read_header();
                         });
  }

  void read() {
    limit_time(shared_.header_time);
    read_header();
  }

 private:
  void limit_time(core::Ms time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->cut();
    });
  }

  void read_header() {
    header_.emplace();
    header_->header_limit(kHeaderBytes);
    header_->body_limit(boost::none);  // what may come is told by what is asked
    http::async_read_header(stream_, buffer_, *header_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error)
                                self->timer_.cancel();
                              else
                                self->read_body();
                            });
  }

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
      return serve_side_door({std::move(stream_), std::move(buffer_)}, *header_, shared_.executor,
                             std::move(back));
    }
    if (header_->content_length().value_or(0) > kBodyBytes) return cut();
    parser_.emplace(std::move(*header_));
    parser_->body_limit(kBodyBytes);
    http::async_read(stream_, buffer_, *parser_,
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
      start_session(std::move(stream_), std::move(request), shared_.executor, shared_.sessions,
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
      asio::post(self->stream_.get_executor(), [self, held, page = std::move(page)] {
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
    http::async_write(stream_, *response_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->cut();
                        if (self->response_->keep_alive()) return self->read();
                        self->leave();
                      });
  }

  // A peer that reads nothing may keep the last word waiting.
  void leave() {
    limit_time(kLeaveTime);
    stream_.async_farewell([self = shared_from_this()](error_code /*unsaid*/) { self->cut(); });
  }

  void cut() {
    error_code ignored;
    timer_.cancel();
    stream_.socket().close(ignored);
  }

  Stream stream_;
  asio::steady_timer timer_;
  Shared shared_;
  core::Role role_;
  beast::flat_buffer buffer_;
  std::optional<HeaderParser> header_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

}  // namespace

void serve_http(Line line, Shared shared, core::Role role) {
  std::make_shared<HttpConnection>(std::move(line), shared, role)->start();
}

}  // namespace reference::server
