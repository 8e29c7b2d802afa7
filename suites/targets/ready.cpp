#include "suites/targets/ready.hpp"

#include <sys/socket.h>

#include <fstream>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace busproof::targets {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kBetweenLooks{10};
constexpr std::chrono::seconds kCommandLimit{5};

/// A connected socket with a receive timeout, or nothing.
std::optional<tcp::socket> connect_to(asio::io_context& context, const std::string& host,
                                      const std::string& port) {
  error_code failed;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(host, port, failed);
  if (failed) return std::nullopt;
  tcp::socket socket(context);
  asio::connect(socket, found, failed);
  if (failed) return std::nullopt;
  const timeval limit{1, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return socket;
}

bool tcp_answers(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  asio::io_context context;
  return connect_to(context, address.substr(0, colon), address.substr(colon + 1)).has_value();
}

bool http_says_200(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return false;
  asio::io_context context;
  const std::string port = parsed->has_port() ? std::string(parsed->port()) : "80";
  auto socket = connect_to(context, parsed->host_address(), port);
  if (!socket) return false;
  const auto target = parsed->encoded_target();
  const std::string request =
      fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", std::string(target.data(), target.size()),
                  parsed->host_address());
  error_code failed;
  asio::write(*socket, asio::buffer(request), failed);
  char status[12] = {};  // "HTTP/1.1 200"
  asio::read(*socket, asio::buffer(status), failed);
  return std::string_view(status, sizeof status).ends_with(" 200");
}

bool log_says(const std::filesystem::path& log, const std::string& pattern) {
  std::ifstream file(log);
  std::stringstream text;
  text << file.rdbuf();
  return std::regex_search(text.str(), std::regex(pattern));
}

bool command_succeeds(const std::vector<std::string>& command) {
  auto child = process::Process::start({.command = command});
  return child && child->wait(kCommandLimit) && child->ending() == "exited with 0";
}

bool holds(const Ready& ready, const std::filesystem::path& log) {
  switch (ready.how) {
    case Ready::How::hello:
      return true;
    case Ready::How::tcp:
      return tcp_answers(ready.what);
    case Ready::How::http:
      return http_says_200(ready.what);
    case Ready::How::log:
      return log_says(log, ready.what);
    case Ready::How::command:
      return command_succeeds(ready.command);
  }
  return false;
}

}  // namespace

bool wait_until_ready(const Ready& ready, process::Process& process,
                      const std::filesystem::path& log) {
  const auto deadline = std::chrono::steady_clock::now() + ready.within;
  while (!holds(ready, log)) {
    // Waiting for its end is also how time passes between two looks.
    if (process.wait(kBetweenLooks)) return false;
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

}  // namespace busproof::targets
