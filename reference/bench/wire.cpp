#include "reference/bench/wire.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

namespace reference::bench {
namespace {

namespace beast = boost::beast;
using boost::asio::ip::tcp;

constexpr std::size_t kReadBytes = 65'536;
constexpr char kTwoBytes = 126;  // the length that says: it stands in two bytes
constexpr unsigned kControl = 8;

struct Frame {
  bool control;
  std::string_view text;
};

/// The first frame, once it is whole. Each is shorter than 64 KiB and a message of its own.
std::optional<Frame> first_frame(std::string_view bytes) {
  const auto at = [&](std::size_t i) -> std::size_t {
    return static_cast<unsigned char>(bytes[i]);
  };
  if (bytes.size() < 2) return std::nullopt;
  const bool wide = at(1) == kTwoBytes;
  const std::size_t head = wide ? 4 : 2;
  if (bytes.size() < head) return std::nullopt;
  const std::size_t size = wide ? (at(2) << 8U) + at(3) : at(1);
  if (bytes.size() < head + size) return std::nullopt;
  return Frame{(at(0) & kControl) != 0, bytes.substr(head, size)};
}

}  // namespace

Wire::Wire(unsigned short port) : socket_(io_) {
  const tcp::endpoint where(boost::asio::ip::address_v4::loopback(), port);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  boost::system::error_code failed;
  do {
    socket_.close();
    socket_.connect(where, failed);
  } while (failed && std::chrono::steady_clock::now() < deadline);
  if (failed) throw std::runtime_error("the bus does not listen: " + failed.message());
  socket_.set_option(tcp::no_delay(true));
  beast::websocket::stream<tcp::socket&> upgrade(socket_);
  upgrade.set_option(
      beast::websocket::stream_base::decorator([](beast::websocket::request_type& request) {
        request.set(beast::http::field::sec_websocket_protocol, "busproof.v1");
      }));
  upgrade.handshake("127.0.0.1", "/ws/connect");
  call(R"({"jsonrpc":"2.0","id":0,"method":"bus/hello","params":{"protocol":["1.0"],)"
       R"("client":{"name":"bench","version":"1"}}})");
}

void Wire::add(std::string_view text) {
  constexpr char kText = '\x81', kMasked = '\x80';
  out_ += kText;
  if (text.size() < kTwoBytes) {
    out_ += static_cast<char>(kMasked | static_cast<char>(text.size()));
  } else {
    out_ += static_cast<char>(kMasked | kTwoBytes);
    out_ += static_cast<char>(text.size() >> 8U);
    out_ += static_cast<char>(text.size());
  }
  out_.append(4, '\0').append(text);
}

void Wire::send() {
  boost::asio::write(socket_, boost::asio::buffer(out_));
  out_.clear();
}

void Wire::take(const std::function<void(std::string_view)>& each) {
  const std::size_t before = in_.size();
  in_.resize(before + kReadBytes);
  in_.resize(before + socket_.read_some(boost::asio::buffer(in_.data() + before, kReadBytes)));
  std::string_view left = in_;
  while (const auto frame = first_frame(left)) {
    if (!frame->control) each(frame->text);
    left.remove_prefix(static_cast<std::size_t>(frame->text.end() - left.begin()));
  }
  in_.erase(0, in_.size() - left.size());
}

std::string Wire::call(std::string_view text) {
  add(text);
  send();
  std::string answer;
  while (answer.empty()) take([&](std::string_view said) { answer = said; });
  demand_result(answer);
  return answer;
}

void demand_result(std::string_view answer) {
  if (answer.find("\"result\"") == std::string_view::npos)
    throw std::runtime_error("not a result: " + std::string(answer.substr(0, 200)));
}

}  // namespace reference::bench
