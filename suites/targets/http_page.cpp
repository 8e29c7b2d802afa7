#include "suites/targets/http_page.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "suites/targets/channel.hpp"

namespace busproof::targets {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kPageMost = 64ULL << 20;
constexpr unsigned kVersion = 11;

/// Asks and reads on, step by step, until the page is there or something fails.
class Get {
 public:
  Get(asio::io_context& context, std::string host, std::shared_ptr<const Trust> trust,
      http::request<http::empty_body> request)
      : channel_(context, std::move(trust)),
        timer_(context),
        host_(std::move(host)),
        request_(std::move(request)) {
    parser_.body_limit(kPageMost);
  }

  void start(const tcp::resolver::results_type& where, std::chrono::milliseconds limit) {
    timer_.expires_after(limit);
    timer_.async_wait([this](error_code stopped) {
      if (stopped) return;
      late_ = true;
      error_code ignored;
      channel_.socket().close(ignored);
    });
    asio::async_connect(channel_.socket(), where, [this](error_code failed, const tcp::endpoint&) {
      if (!ended(failed)) secure();
    });
  }

  [[nodiscard]] contract::Result<HttpPage> page() {
    if (!why_.empty()) return contract::refused("unreachable", why_);
    auto response = parser_.release();
    return HttpPage{response.result_int(), std::move(response.body())};
  }

 private:
  void secure() {
    channel_.async_secure(host_, [this](error_code failed) {
      const std::string why = failed ? channel_.why(failed) : "";
      if (!ended(failed)) return ask();
      if (!late_) why_ = why;
    });
  }

  void ask() {
    http::async_write(channel_, request_, [this](error_code unsent, std::size_t) {
      if (ended(unsent)) return;
      http::async_read(channel_, buffer_, parser_, [this](error_code unread, std::size_t) {
        if (!ended(unread)) timer_.cancel();
      });
    });
  }

  bool ended(error_code failed) {
    if (!failed) return false;
    why_ = late_ ? "no answer in time" : failed.message();
    timer_.cancel();
    return true;
  }

  Channel channel_;
  asio::steady_timer timer_;
  std::string host_;
  bool late_ = false;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::string why_;  // Empty where nothing failed.
};

}  // namespace

contract::Result<HttpPage> get_page(const std::string& url, std::chrono::milliseconds limit,
                                    std::shared_ptr<const Trust> trust) {
  const auto parsed = boost::urls::parse_uri(url);
  const bool secure = is_secure(url);
  if (!parsed || parsed->scheme() != (secure ? "https" : "http"))
    return contract::refused("unreachable", url + " is no http://HOST:PORT/PATH or https://...");
  if (secure && !trust)
    return contract::refused("unreachable", url + ": nobody says whom to trust there");
  asio::io_context context;
  error_code failed;
  tcp::resolver resolver(context);
  const std::string port = parsed->has_port() ? std::string(parsed->port()) : secure ? "443" : "80";
  const auto where = resolver.resolve(parsed->host_address(), port, failed);
  if (failed) return contract::refused("unreachable", failed.message());
  const auto target = parsed->encoded_target();
  http::request<http::empty_body> request(http::verb::get, {target.data(), target.size()},
                                          kVersion);
  request.set(http::field::host, parsed->host_address() + ":" + port);
  request.set(http::field::connection, "close");
  Get get(context, parsed->host_address(), secure ? std::move(trust) : nullptr, std::move(request));
  get.start(where, limit);
  context.run();
  return get.page();
}

}  // namespace busproof::targets
