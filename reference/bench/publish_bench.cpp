// publish_bench [IN_FLIGHT...]: durable publishes of 1 KB a second through the WebSocket, against
// the bare store: the same statements in the same batches, on a fresh one in the same process.
//
// What the ratio says: how much of the store's speed is left once requests are read, ordered,
// answered and sent by a client on the same machine. The data lies below $TMPDIR (or /tmp), with
// REFBUS_STORE=postgres or redis on a server started for this, or on the one that SUPABASE_URL or
// REDIS_URL names, which keeps what was published there: what a commit costs decides both figures.
// On PostgreSQL also against one INSERT of as many bytes after the other, each a commit.
//
// Errors: 70 where an answer is not a result, or the bus cannot be reached.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "reference/bench/own_server.hpp"
#include "reference/bench/running_bus.hpp"
#include "reference/stores/postgres/connection.hpp"
#include "reference/stores/postgres/dsn.hpp"

namespace {

namespace fs = std::filesystem;
namespace beast = boost::beast;
using boost::asio::ip::tcp;
using reference::Config;
using reference::bench::free_port;
using reference::bench::RunningBus;
using reference::bench::seams_of;
using reference::core::Answer;
using reference::core::Enqueue;
using reference::core::Question;
using reference::core::Shift;
using reference::core::Step;
using reference::stores::QueueStore;
using Seconds = std::chrono::duration<double>;

constexpr int kMessages = 60'000;
constexpr int kPayload = 1024;
constexpr int kOneByOne = 3'000;
constexpr std::size_t kReadBytes = 65'536;
constexpr std::uint64_t kSomeInstant = 1'700'000'000'000;

/// What passed: how many steps were in each batch, and one of them.
struct Passed {
  std::vector<std::size_t> batches;
  std::optional<Step> step;
};

/// Notes what passes. Not the steps themselves: copies of them would be paid for by the bus.
class Noting final : public QueueStore {
 public:
  Noting(std::unique_ptr<QueueStore> inner, Passed& passed)
      : inner_(std::move(inner)), passed_(passed) {}

  reference::core::Result<std::vector<Answer>> apply(std::span<const Step> batch,
                                                     Shift shift) override {
    passed_.batches.push_back(batch.size());
    if (!passed_.step) passed_.step = batch.front();
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
  Passed& passed_;
};

/// The same batches again, of publishes that differ as those did: in what names them.
std::vector<std::vector<Step>> again(const Passed& passed) {
  std::mt19937_64 bits(1);
  std::vector<std::vector<Step>> batches;
  std::uint64_t count = 0;
  for (const std::size_t size : passed.batches) {
    auto& batch = batches.emplace_back(size, *passed.step);
    for (Step& step : batch) {
      auto& enqueue = std::get<Enqueue>(step.ops.at(0));
      enqueue.id =
          reference::core::make_transaction_id(kSomeInstant + ++count / 50, bits(), bits());
      enqueue.identity = {bits(), bits()};
    }
  }
  return batches;
}

/// Speaks WebSocket by hand once it is connected, so that it costs little beside the bus: requests
/// leave together, and the mask is zero.
class Client {
 public:
  explicit Client(unsigned short port) : socket_(io_) {
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
    add(R"({"jsonrpc":"2.0","id":0,"method":"bus/hello","params":{"protocol":["1.0"],)"
        R"("client":{"name":"bench","version":"1"}}})");
    send();
    for (int answered = 0; answered == 0;) answered = take_answers();
  }

  /// How long it takes until all are answered.
  Seconds publish(int in_flight) {
    const std::string payload(kPayload, 'x');
    const auto start = std::chrono::steady_clock::now();
    int sent = 0;
    for (int answered = 0; answered < kMessages; answered += take_answers()) {
      for (; sent < kMessages && sent < answered + in_flight; ++sent)
        add(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"bus/publish","params":)"
                        R"({{"destination":"bench","mode":"queue","event":{{"specversion":"1.0",)"
                        R"("id":"{}","source":"bench","type":"t","data":"{}"}}}}}})",
                        sent + 1, sent, payload));
      send();
    }
    return std::chrono::steady_clock::now() - start;
  }

 private:
  static constexpr char kTwoBytes = 126;  ///< the length that says: it stands in two bytes

  void add(std::string_view text) {
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

  void send() {
    boost::asio::write(socket_, boost::asio::buffer(out_));
    out_.clear();
  }

  /// How many are whole after one read.
  int take_answers() {
    const std::size_t before = in_.size();
    in_.resize(before + kReadBytes);
    in_.resize(before + socket_.read_some(boost::asio::buffer(in_.data() + before, kReadBytes)));
    std::string_view left = in_;
    int count = 0;
    for (; const auto frame = first_frame(left); ++count) {
      if (frame->find("\"result\"") == std::string_view::npos)
        throw std::runtime_error("not a result: " + std::string(frame->substr(0, 200)));
      left.remove_prefix(static_cast<std::size_t>(frame->end() - left.begin()));
    }
    in_.erase(0, in_.size() - left.size());
    return count;
  }

  /// The first frame's text, once it is whole. Answers are shorter than 64 KiB and in one frame.
  static std::optional<std::string_view> first_frame(std::string_view bytes) {
    const auto at = [&](std::size_t i) -> std::size_t {
      return static_cast<unsigned char>(bytes[i]);
    };
    if (bytes.size() < 4) return std::nullopt;
    const bool wide = at(1) == kTwoBytes;
    const std::size_t size = wide ? (at(2) << 8U) + at(3) : at(1);
    const std::size_t head = wide ? 4 : 2;
    if (bytes.size() < head + size) return std::nullopt;
    return bytes.substr(head, size);
  }

  boost::asio::io_context io_;
  tcp::socket socket_;
  std::string out_, in_;
};

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// On SQLite below `folder`; on PostgreSQL, where the environment names one, in a schema of its
/// own.
Config config_of(const fs::path& folder) {
  Config config;
  if (const auto error = reference::read_environment(config, from_environment))
    throw std::runtime_error(error->message);
  config.data = folder.string();
  config.postgres.schema = folder.parent_path().filename().string() + folder.filename().string();
  config.redis_prefix = config.data + ':';
  return config;
}

namespace postgres = reference::stores::postgres;

/// The schema of one measurement, gone with it; nothing on SQLite.
class Scratch {
 public:
  explicit Scratch(const Config& config) : schema_(config.postgres.schema) {
    if (config.store != reference::StoreKind::postgres) return;
    const auto& place = config.postgres;
    const auto dsn = postgres::complete_dsn(place.address, place.password, schema_);
    if (!dsn) throw std::runtime_error(dsn.error().detail());
    connection_ = std::make_unique<postgres::Connection>(*dsn);
    connection_->open();
    drop();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (connection_) drop();
  }

  /// Commits a second, one after the other; nothing on SQLite.
  std::optional<double> one_by_one() {
    if (!connection_) return std::nullopt;
    connection_->execute("CREATE SCHEMA IF NOT EXISTS \"" + schema_ + "\";" +
                         "CREATE TABLE one_by_one (id bigserial PRIMARY KEY, body text)");
    constexpr postgres::Query kInsert{"one", "INSERT INTO one_by_one (body) VALUES ($1)"};
    const auto body = postgres::args(std::string(kPayload, 'x'));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kOneByOne; ++i) connection_->run(kInsert, body);
    return kOneByOne / Seconds(std::chrono::steady_clock::now() - start).count();
  }

 private:
  void drop() { connection_->execute("DROP SCHEMA IF EXISTS \"" + schema_ + "\" CASCADE"); }
  std::string schema_;
  std::unique_ptr<postgres::Connection> connection_;
};

struct Figures {
  double bus, bare;
  std::size_t batches;
  std::optional<double> one_by_one;
};

Seconds through_the_socket(const Config& config, reference::Seams seams, int in_flight) {
  const RunningBus bus(config, std::move(seams));
  return Client(config.listen.port).publish(in_flight);
}

Figures measure(int in_flight, const fs::path& folder) {
  Passed passed;
  auto config = config_of(folder / "bus");
  config.listen.port = free_port();
  Scratch beside(config);
  auto seams = seams_of(config);
  seams.queues = std::make_unique<Noting>(std::move(seams.queues), passed);
  const Seconds through = through_the_socket(config, std::move(seams), in_flight);
  const auto one_by_one = beside.one_by_one();

  config = config_of(folder / "bare");
  const Scratch bare_scratch(config);
  auto fresh = seams_of(config);
  if (!fresh.queues->migrate()) throw std::runtime_error("the bare store has no schema");
  const auto batches = again(passed);
  const auto start = std::chrono::steady_clock::now();
  for (const auto& batch : batches)
    if (!fresh.queues->apply(batch, Shift{0})) throw std::runtime_error("a batch failed");
  const Seconds bare = std::chrono::steady_clock::now() - start;
  return {kMessages / through.count(), kMessages / bare.count(), batches.size(), one_by_one};
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
    const reference::bench::OwnServer server(from_environment("REFBUS_STORE").value_or(""));
    for (const int in_flight : windows) {
      const Figures figures = measure(in_flight, folder / std::to_string(in_flight));
      std::cout << fmt::format(
          "{} in flight: {:.0f} publishes/s through the socket, {:.0f}/s bare in {} batches; ratio "
          "{:.2f} (bar 0.70)\n",
          in_flight, figures.bus, figures.bare, figures.batches, figures.bus / figures.bare);
      if (figures.one_by_one)
        std::cout << fmt::format("  {:.0f}/s one by one; {:.1f} times as many (bar {})\n",
                                 *figures.one_by_one, figures.bus / *figures.one_by_one,
                                 in_flight >= 512 ? 5 : 3);
    }
    fs::remove_all(folder);
  } catch (const std::exception& broke) {
    std::cerr << "publish_bench: " << broke.what() << '\n';
    return 70;
  }
  return 0;
}
