#include "suites/targets/ready.hpp"

#include <fstream>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "suites/targets/http_page.hpp"

namespace busproof::targets {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kBetweenLooks{10};
constexpr std::chrono::seconds kCommandLimit{5}, kPageLimit{1};

bool tcp_answers(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  asio::io_context context;
  error_code failed;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(address.substr(0, colon), address.substr(colon + 1), failed);
  if (failed) return false;
  tcp::socket socket(context);
  asio::connect(socket, found, failed);
  return !failed;
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

bool holds(const Ready& ready, const std::filesystem::path& log,
           const std::shared_ptr<const Trust>& trust) {
  switch (ready.how) {
    case Ready::How::hello:
      return true;
    case Ready::How::tcp:
      return tcp_answers(ready.what);
    case Ready::How::http: {
      const auto page = get_page(ready.what, kPageLimit, trust);
      return page && page->status == 200;
    }
    case Ready::How::log:
      return log_says(log, ready.what);
    case Ready::How::command:
      return command_succeeds(ready.command);
  }
  return false;
}

}  // namespace

bool wait_until_ready(const Ready& ready, process::Process& process,
                      const std::filesystem::path& log, const std::shared_ptr<const Trust>& trust) {
  const auto deadline = std::chrono::steady_clock::now() + ready.within;
  while (!holds(ready, log, trust)) {
    // Waiting for its end is also how time passes between two looks.
    if (process.wait(kBetweenLooks)) return false;
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

std::string why_unready(const Ready& ready, const std::shared_ptr<const Trust>& trust) {
  if (ready.how != Ready::How::http) return {};
  const auto page = get_page(ready.what, kPageLimit, trust);
  return fmt::format("; {}: {}", ready.what,
                     page ? fmt::format("status {}", page->status) : page.error().detail());
}

}  // namespace busproof::targets
