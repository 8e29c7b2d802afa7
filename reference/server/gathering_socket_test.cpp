// Two sockets over loopback: what is held, what goes out, and in which order.
#include "reference/server/gathering_socket.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <optional>
#include <vector>

namespace reference::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Texts begin with a letter that is no control frame's first byte, where that matters.
class Gathering : public testing::Test {
 protected:
  Gathering() : peer_(io_), ours_(Stream(connected())) {}

  /// What writing said: its error and bytes, once it is through.
  std::pair<error_code, std::size_t> write(const std::string& text) {
    std::optional<std::pair<error_code, std::size_t>> said;
    asio::async_write(ours_, asio::buffer(text),
                      [&](error_code error, std::size_t bytes) { said.emplace(error, bytes); });
    finish([&] { return said.has_value(); });
    return *said;
  }

  template <typename Done>
  void finish(Done done) {
    io_.restart();
    while (!done()) ASSERT_EQ(io_.run_one(), 1U) << "nothing is under way any more";
  }

  std::string read(std::size_t bytes) {
    std::string text(bytes, '\0');
    asio::read(peer_, asio::buffer(text));
    return text;
  }

  asio::io_context io_;
  tcp::socket peer_;
  GatheringSocket ours_;

 private:
  tcp::socket connected() {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    tcp::socket socket(io_);
    socket.connect(acceptor.local_endpoint());
    peer_ = acceptor.accept();
    return socket;
  }
};

TEST_F(Gathering, WritesAtOnceWhereNothingIsHeld) {
  EXPECT_EQ(write("one"), std::pair(error_code(), std::size_t{3}));
  EXPECT_EQ(read(3), "one");
}

TEST_F(Gathering, HoldsUntilAWriteGoesOutAndKeepsTheOrder) {
  ours_.hold(true);
  EXPECT_EQ(write("a 1 "), std::pair(error_code(), std::size_t{4}));
  EXPECT_EQ(write("a 2 "), std::pair(error_code(), std::size_t{4}));
  EXPECT_EQ(peer_.available(), 0U);
  ours_.hold(false);
  EXPECT_EQ(write("three"), std::pair(error_code(), std::size_t{5}));
  EXPECT_EQ(read(13), "a 1 a 2 three");
  EXPECT_EQ(write(" four"), std::pair(error_code(), std::size_t{5}));
  EXPECT_EQ(read(5), " four");
}

TEST_F(Gathering, WritesOutWhatIsTooMuchToHold) {
  ours_.hold(true);
  const std::string half(40'000, 'a');
  write(half);
  EXPECT_EQ(peer_.available(), 0U);
  write(half);
  EXPECT_EQ(read(80'000), half + half);
}

TEST_F(Gathering, LetsNoControlFrameWait) {
  const std::string close = "\x88\x02\x03\xe8", text = "\x81\x02hi";
  ours_.hold(true);
  EXPECT_EQ(write(text), std::pair(error_code(), text.size()));
  EXPECT_EQ(peer_.available(), 0U);
  EXPECT_EQ(write(close), std::pair(error_code(), close.size()));
  EXPECT_EQ(read(text.size() + close.size()), text + close);
}

TEST_F(Gathering, TakesAMessageOfAnySizeInPieces) {
  ours_.hold(true);
  const std::string large(300'000, 'b');
  std::optional<std::size_t> written;
  asio::async_write(ours_, asio::buffer(large), [&](error_code, std::size_t n) { written = n; });
  std::string got(large.size(), '\0');
  std::optional<std::size_t> received;
  asio::async_read(peer_, asio::buffer(got), [&](error_code, std::size_t n) { received = n; });
  finish([&] { return written.has_value(); });
  ours_.hold(false);
  EXPECT_EQ(write("end"), std::pair(error_code(), std::size_t{3}));
  finish([&] { return received.has_value(); });
  EXPECT_EQ(got, large);
  EXPECT_EQ(read(3), "end");
}

TEST_F(Gathering, SaysThatThePeerIsGoneAtTheWriteThatGoesOut) {
  peer_.set_option(tcp::socket::linger(true, 0));
  peer_.close();
  ours_.hold(true);
  EXPECT_FALSE(write("a 1").first);
  ours_.hold(false);
  error_code error;
  for (int i = 0; i < 3 && !error; ++i) error = write("a 2").first;
  EXPECT_TRUE(error);
}

TEST_F(Gathering, CountsHowOftenMoreIsAskedFor) {
  std::string buffer(10, '\0');
  std::optional<std::size_t> got;
  ours_.async_read_some(asio::buffer(buffer), [&](error_code, std::size_t n) { got = n; });
  EXPECT_EQ(ours_.reads(), 1U);
  asio::write(peer_, asio::buffer("x", 1));
  finish([&] { return got.has_value(); });
  EXPECT_EQ(got, 1U);
}

}  // namespace
}  // namespace reference::server
