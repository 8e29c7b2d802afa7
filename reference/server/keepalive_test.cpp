// A server on loopback with a client that does as peers do: reads or does not, speaks or does not.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <thread>

#include "reference/executor/executor.hpp"
#include "reference/executor/random.hpp"
#include "reference/server/session.hpp"
#include "reference/stores/clock.hpp"
#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"

namespace reference::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr core::Ms kPing{80}, kNever{600'000};
// More than the kernel takes for a peer that reads nothing.
constexpr std::size_t kTooMuch = 16U * 1'048'576;

class Deaf : public executor::Outlet {
  void send(core::Conn /*conn*/, std::string /*text*/) override {}
  void cut_off(core::Conn /*conn*/, std::string /*last*/) override {}
  void throttle(core::Conn /*conn*/, bool /*paused*/) override {}
};

class Keepalive : public testing::Test, public Roster {
 protected:
  Keepalive() : client_(io_) {
    executor_.start(outlet_);
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    client_.next_layer().open(tcp::v4());
    client_.next_layer().set_option(asio::socket_base::receive_buffer_size(8'192));
    client_.next_layer().connect(acceptor.local_endpoint());
    // A strand, as the server gives each connection one.
    Stream::Socket socket(asio::make_strand(served_));
    acceptor.accept(socket);
    thread_ =
        std::thread([this, socket = std::move(socket)]() mutable { serve(std::move(socket)); });
    client_.handshake("refbus", "/ws/connect");
  }
  ~Keepalive() override {
    beast::error_code ignored;
    client_.next_layer().close(ignored);
    thread_.join();
    executor_.end();
  }

  core::Conn add(const std::shared_ptr<Session>& session, core::Role role, std::string) override {
    executor_.opened(core::Conn{1}, role);
    session->send(std::string(kTooMuch, 'x'));
    session->send("last");
    return core::Conn{1};
  }
  void remove(core::Conn conn) override { executor_.closed(conn); }

  void serve(Stream::Socket socket) {
    beast::flat_buffer buffer;
    HttpRequest request;
    beast::http::read(socket, buffer, request);
    start_session(Stream(std::move(socket)), std::move(request), executor_, *this,
                  core::Role::client, {1'048'576, kPing, kNever});
    served_.run();
  }

  asio::io_context io_, served_;
  stores::SystemClock clock_;
  stores::memory::MemoryQueueStore queues_{clock_};
  stores::memory::MemoryPayloadStore payloads_{clock_};
  core::Policies policies_;
  executor::SystemRandom random_;
  executor::Executor executor_{{}, queues_, payloads_, policies_, random_, nullptr, nullptr};
  Deaf outlet_;
  ws::stream<Stream::Socket> client_;
  std::thread thread_;
};

TEST_F(Keepalive, APeerThatSpeaksAndReadsNothingHasOnePingWaiting) {
  std::size_t pings = 0;
  client_.control_callback([&](ws::frame_type kind, beast::string_view /*said*/) {
    pings += kind == ws::frame_type::ping ? 1 : 0;
  });
  // Each silence is long enough for a ping, which cannot go out.
  for (int spoken = 0; spoken < 5; ++spoken) {
    asio::steady_timer(io_, 2 * kPing).wait();
    client_.write(asio::buffer(std::string_view("{}")));
  }
  beast::flat_buffer buffer;
  client_.read_message_max(2 * kTooMuch);
  client_.read(buffer);
  EXPECT_EQ(buffer.size(), kTooMuch) << "the session lives, and what it had to say is whole";
  buffer.clear();
  client_.read(buffer);
  EXPECT_EQ(beast::buffers_to_string(buffer.data()), "last");
  EXPECT_GE(pings, 1U) << "it went out as soon as it could";
}

}  // namespace
}  // namespace reference::server
