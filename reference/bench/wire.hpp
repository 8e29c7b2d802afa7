// A client's end of a connection to the bus, by hand once it is connected, so that it costs little
// beside the bus: requests leave together, and the mask is zero.
//
// Threads: one at a time. Errors: std::runtime_error where the bus can't be reached, Boost's where
// the connection breaks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace reference::bench {

class Wire {
 public:
  /// Connects to the bus on this machine and says hello.
  explicit Wire(unsigned short port);

  /// Of 64 KiB at most; leaves with the next send().
  void add(std::string_view text);
  void send();

  /// Waits for more and hands over each text that is whole then.
  void take(const std::function<void(std::string_view)>& each);

  /// Asks and waits for the result.
  std::string call(std::string_view text);

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  std::string out_, in_;
};

/// std::runtime_error where it is an answer without result.
void demand_result(std::string_view answer);

}  // namespace reference::bench
