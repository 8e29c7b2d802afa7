#include "reference/bench/running_bus.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <stdexcept>
#include <variant>

namespace reference::bench {

unsigned short free_port() {
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor probe(io, {boost::asio::ip::address_v4::loopback(), 0});
  return probe.local_endpoint().port();
}

Seams seams_of(const Config& config) {
  auto seams = make_seams(config);
  if (std::holds_alternative<int>(seams)) throw std::runtime_error("no store in " + config.data);
  return std::move(std::get<Seams>(seams));
}

RunningBus::RunningBus(const Config& config, Seams seams)
    : thread_([config, held = std::move(seams)]() mutable { run(config, std::move(held)); }) {}

RunningBus::~RunningBus() {
  std::raise(SIGTERM);
  thread_.join();
}

}  // namespace reference::bench
