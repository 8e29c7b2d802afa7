// publish_bench [IN_FLIGHT...]: durable publishes of 1 KB a second through the WebSocket, against
// the bare store: the same steps in the same batches, applied to a fresh one in the same process.
//
// What the ratio says: how much of the store's speed is left once requests are read, ordered,
// answered and sent by a client on the same machine. The data lies below $TMPDIR (or /tmp): what a
// commit costs there decides both figures. With REFBUS_STORE=redis it is the server at REDIS_URL,
// which keeps what was published there.
//
// Errors: 70 where an answer is not a result, or the bus cannot be reached.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "reference/run.hpp"

namespace {

namespace fs = std::filesystem;
namespace beast = boost::beast;
using reference::Config;
using reference::core::Answer;
using reference::core::Question;
using reference::core::Shift;
using reference::core::Step;
using reference::stores::QueueStore;
using Seconds = std::chrono::duration<double>;

constexpr int kMessages = 60'000;
constexpr int kPayload = 1024;

using Batches = std::vector<std::vector<Step>>;

/// Keeps what passes, for the bare store to be given the same.
class Recording final : public QueueStore {
 public:
  Recording(std::unique_ptr<QueueStore> inner, Batches& batches)
      : inner_(std::move(inner)), batches_(batches) {}

  reference::core::Result<std::vector<Answer>> apply(std::span<const Step> batch,
                                                     Shift shift) override {
    batches_.emplace_back(batch.begin(), batch.end());
    return inner_->apply(batch, shift);
  }
  reference::core::Result<reference::core::View> look(const Question& question,
                                                      Shift shift) override {
    return inner_->look(question, shift);
  }
  reference::core::Result<reference::core::Swept> sweep(int at_most, int attempts_max,
                                                        Shift shift) override {
    return inner_->sweep(at_most, attempts_max, shift);
  }
  reference::core::Result<void> migrate() override { return inner_->migrate(); }

 private:
  std::unique_ptr<QueueStore> inner_;
  Batches& batches_;
};

class Client {
 public:
  explicit Client(unsigned short port) : socket_(io_) {
    const boost::asio::ip::tcp::endpoint where(boost::asio::ip::address_v4::loopback(), port);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    boost::system::error_code failed;
    do {
      socket_.next_layer().close();
      socket_.next_layer().connect(where, failed);
    } while (failed && std::chrono::steady_clock::now() < deadline);
    if (failed) throw std::runtime_error("the bus does not listen: " + failed.message());
    socket_.next_layer().set_option(boost::asio::ip::tcp::no_delay(true));
    socket_.set_option(
        beast::websocket::stream_base::decorator([](beast::websocket::request_type& request) {
          request.set(beast::http::field::sec_websocket_protocol, "busproof.v1");
        }));
    socket_.handshake("127.0.0.1", "/ws/connect");
    send(R"({"jsonrpc":"2.0","id":0,"method":"bus/hello","params":{"protocol":["1.0"],)"
         R"("client":{"name":"bench","version":"1"}}})");
    take_answer();
  }

  /// How long it takes until all are answered.
  Seconds publish(int in_flight) {
    const std::string payload(kPayload, 'x');
    const auto start = std::chrono::steady_clock::now();
    int sent = 0;
    for (int answered = 0; answered < kMessages; ++answered) {
      for (; sent < kMessages && sent < answered + in_flight; ++sent)
        send(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"bus/publish","params":)"
                         R"({{"destination":"bench","mode":"queue","event":{{"specversion":"1.0",)"
                         R"("id":"{}","source":"bench","type":"t","data":"{}"}}}}}})",
                         sent + 1, sent, payload));
      take_answer();
    }
    return std::chrono::steady_clock::now() - start;
  }

 private:
  void send(const std::string& text) { socket_.write(boost::asio::buffer(text)); }

  void take_answer() {
    buffer_.clear();
    socket_.read(buffer_);
    const std::string_view text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    if (text.find("\"result\"") == std::string_view::npos)
      throw std::runtime_error("not a result: " + std::string(text));
  }

  boost::asio::io_context io_;
  beast::websocket::stream<boost::asio::ip::tcp::socket> socket_;
  beast::flat_buffer buffer_;
};

unsigned short free_port() {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor probe(io, {boost::asio::ip::address_v4::loopback(), 0});
  return probe.local_endpoint().port();
}

reference::Seams seams_of(const Config& config) {
  auto seams = reference::make_seams(config);
  if (std::holds_alternative<int>(seams)) throw std::runtime_error("no store in " + config.data);
  return std::move(std::get<reference::Seams>(seams));
}

struct Figures {
  double bus, bare;
  std::size_t batches;
};

Config config_from_environment() {
  Config config;
  const auto wrong = reference::read_environment(config, [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  if (wrong) throw std::runtime_error(wrong->message);
  return config;
}

Figures measure(int in_flight, const fs::path& folder) {
  Batches batches;
  Config config = config_from_environment();
  config.listen.port = free_port();
  config.data = (folder / "bus").string();
  config.redis_prefix = config.data + ':';
  auto seams = seams_of(config);
  seams.queues = std::make_unique<Recording>(std::move(seams.queues), batches);
  std::thread bus([&] { reference::run(config, std::move(seams)); });
  const Seconds through = Client(config.listen.port).publish(in_flight);
  std::raise(SIGTERM);
  bus.join();

  config.data = (folder / "bare").string();
  config.redis_prefix = config.data + ':';
  auto fresh = seams_of(config);
  if (!fresh.queues->migrate()) throw std::runtime_error("the bare store has no schema");
  const auto start = std::chrono::steady_clock::now();
  for (const auto& batch : batches)
    if (!fresh.queues->apply(batch, Shift{0})) throw std::runtime_error("a batch failed");
  const Seconds bare = std::chrono::steady_clock::now() - start;
  return {kMessages / through.count(), kMessages / bare.count(), batches.size()};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> windows;
  for (int i = 1; i < argc; ++i) windows.push_back(std::atoi(argv[i]));
  if (windows.empty()) windows = {64, 512};
  const fs::path folder =
      fs::temp_directory_path() /
      fmt::format("publish-bench-{}", std::hash<std::thread::id>()(std::this_thread::get_id()));
  try {
    for (const int in_flight : windows) {
      const Figures figures = measure(in_flight, folder / std::to_string(in_flight));
      std::cout << fmt::format(
          "{} in flight: {:.0f} publishes/s through the socket, {:.0f}/s bare in {} batches; ratio "
          "{:.2f} (bar 0.70)\n",
          in_flight, figures.bus, figures.bare, figures.batches, figures.bus / figures.bare);
    }
    fs::remove_all(folder);
  } catch (const std::exception& broke) {
    std::cerr << "publish_bench: " << broke.what() << '\n';
    return 70;
  }
  return 0;
}
