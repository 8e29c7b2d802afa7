#include "suites/targets/http_page.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

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
  Get(asio::io_context& context, http::request<http::empty_body> request)
      : stream_(context), request_(std::move(request)) {
    parser_.body_limit(kPageMost);
  }

  void start(const tcp::resolver::results_type& where, std::chrono::milliseconds limit) {
    stream_.expires_after(limit);
    stream_.async_connect(where, [this](error_code failed, const tcp::endpoint&) {
      if (ended(failed)) return;
      http::async_write(stream_, request_, [this](error_code unsent, std::size_t) {
        if (ended(unsent)) return;
        http::async_read(stream_, buffer_, parser_,
                         [this](error_code unread, std::size_t) { ended(unread); });
      });
    });
  }

  [[nodiscard]] contract::Result<HttpPage> page() {
    if (failed_) return contract::refused("unreachable", failed_.message());
    auto response = parser_.release();
    return HttpPage{response.result_int(), std::move(response.body())};
  }

 private:
  bool ended(error_code failed) {
    failed_ = failed;
    return static_cast<bool>(failed);
  }

  beast::tcp_stream stream_;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  error_code failed_;
};

}  // namespace

contract::Result<HttpPage> get_page(const std::string& url, std::chrono::milliseconds limit) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http")
    return contract::refused("unreachable", url + " is no http://HOST:PORT/PATH");
  asio::io_context context;
  error_code failed;
  tcp::resolver resolver(context);
  const std::string port = parsed->has_port() ? std::string(parsed->port()) : "80";
  const auto where = resolver.resolve(parsed->host_address(), port, failed);
  if (failed) return contract::refused("unreachable", failed.message());
  const auto target = parsed->encoded_target();
  http::request<http::empty_body> request(http::verb::get, {target.data(), target.size()},
                                          kVersion);
  request.set(http::field::host, parsed->host_address() + ":" + port);
  request.set(http::field::connection, "close");
  Get get(context, std::move(request));
  get.start(where, limit);
  context.run();
  return get.page();
}

}  // namespace busproof::targets
