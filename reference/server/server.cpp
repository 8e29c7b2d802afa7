// Accepting, and the way down. Source: END-5, END-6.
#include "reference/server/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include "reference/executor/log.hpp"
#include "reference/server/http_connection.hpp"
#include "reference/server/sessions.hpp"

namespace reference::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr core::Ms kCloseTime{1'500};

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
          auto stream = shared_.tls == nullptr ? Stream(std::move(socket))
                                               : Stream(std::move(socket), *shared_.tls);
          serve_http({std::move(stream), {}}, shared_, role_);
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
        clients(context, shared(settings.gate.get()), core::Role::client),
        control(context, shared(nullptr), core::Role::control) {}

  Shared shared(const Gate* gate) {
    return {executor, sessions, settings.bounds, gate, settings.tls.get(), settings.header_time};
  }

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
