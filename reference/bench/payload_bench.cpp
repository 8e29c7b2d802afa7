// payload_bench [MEBIBYTES]: a payload (100 MiB) in and out of refbus on PostgreSQL through its
// side door, against bare libpq writing and reading the same chunks, in one run and on one server.
//
// What the ratio says: how much of the server's speed is left once a payload is hashed, cut,
// checked and moved over HTTP by a client on the same machine. Every chunk is a commit on both
// sides. Bytes that compress badly are stored as they are; JSON goes through zstd. The server is
// the one that SUPABASE_URL names, or else one of its own below $TMPDIR (or /tmp), written through
// to the disk. Memory is this process' peak: bus and client, which holds one chunk.
//
// Errors: 70 where an answer is not the one that is wanted, or there is no server.
#include <libpq-fe.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "reference/bench/own_server.hpp"
#include "reference/bench/running_bus.hpp"
#include "reference/stores/postgres/connection.hpp"
#include "reference/stores/postgres/dsn.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
namespace postgres = reference::stores::postgres;
using asio::ip::tcp;
using reference::Config;
using reference::bench::RunningBus;
using reference::core::Codec;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunk = 1'048'576;
constexpr int kRounds = 3;

/// One chunk of a payload; no two are the same.
std::string chunk_of(bool compressible, std::size_t n) {
  std::string bytes;
  bytes.reserve(kChunk);
  std::uint64_t state = n + 1;
  const auto roll = [&] {
    return state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963U;
  };
  while (compressible && bytes.size() < kChunk)
    bytes += fmt::format(R"({{"order":{},"customer":"c-{}","state":"shipped","total":{}.{:02}}},)",
                         roll() >> 44U, roll() >> 52U, roll() >> 54U, (roll() >> 33U) % 100);
  while (!compressible && bytes.size() < kChunk) {
    const auto word = roll() ^ (state >> 29U);
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  bytes.resize(kChunk);
  return bytes;
}

double megabytes_a_second(std::size_t chunks, Clock::time_point start) {
  const std::chrono::duration<double> took = Clock::now() - start;
  return static_cast<double>(chunks * kChunk) / 1e6 / took.count();
}

struct Speed {
  double in = 0, out = 0;
};

/// libpq and nothing else: a commit a chunk, binary both ways.
class Bare {
 public:
  explicit Bare(const std::string& dsn) : link_(PQconnectdb(dsn.c_str()), &PQfinish) {
    check(PQexec(link_.get(),
                 "SET client_min_messages = warning; DROP TABLE IF EXISTS bare_chunk; CREATE TABLE "
                 "bare_chunk (payload "
                 "bigint, n integer, size bigint, digest bytea, body bytea, PRIMARY "
                 "KEY (payload, n)); ALTER TABLE bare_chunk ALTER COLUMN body SET "
                 "STORAGE EXTERNAL"));
  }
  ~Bare() { PQclear(PQexec(link_.get(), "DROP TABLE IF EXISTS bare_chunk")); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  Speed measure(const std::vector<std::string>& chunks, int payload) {
    Speed speed;
    auto start = Clock::now();
    for (std::size_t n = 0; n < chunks.size(); ++n) insert(payload, n, chunks[n]);
    speed.in = megabytes_a_second(chunks.size(), start);
    start = Clock::now();
    for (std::size_t n = 0; n < chunks.size(); ++n)
      if (select(payload, n) != kChunk) throw std::runtime_error("a bare chunk is short");
    speed.out = megabytes_a_second(chunks.size(), start);
    return speed;
  }

 private:
  void check(PGresult* result) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> held(result, &PQclear);
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQerrorMessage(link_.get()));
  }
  void insert(int payload, std::size_t n, const std::string& bytes) {
    const auto id = std::to_string(payload), number = std::to_string(n);
    const std::array<const char*, 3> values{id.c_str(), number.c_str(), bytes.data()};
    const std::array<int, 3> lengths{0, 0, static_cast<int>(bytes.size())};
    const std::array<int, 3> formats{0, 0, 1};
    check(PQexecParams(link_.get(),
                       "INSERT INTO bare_chunk VALUES ($1::bigint, $2::int, 1048576, '\\x00', $3)",
                       3, nullptr, values.data(), lengths.data(), formats.data(), 1));
  }
  std::size_t select(int payload, std::size_t n) {
    const auto id = std::to_string(payload), number = std::to_string(n);
    const std::array<const char*, 2> values{id.c_str(), number.c_str()};
    const std::unique_ptr<PGresult, decltype(&PQclear)> found(
        PQexecParams(link_.get(),
                     "SELECT body FROM bare_chunk WHERE payload = $1::bigint AND n = $2::int", 2,
                     nullptr, values.data(), nullptr, nullptr, 1),
        &PQclear);
    return PQntuples(found.get()) == 1 ? static_cast<std::size_t>(PQgetlength(found.get(), 0, 0))
                                       : 0;
  }
  std::unique_ptr<PGconn, decltype(&PQfinish)> link_;
};

class Client {
 public:
  explicit Client(unsigned short port) : port_(port) { connect(); }

  Speed measure(const std::vector<std::string>& chunks) {
    const auto name = open(chunks.size() * kChunk);
    reference::core::RunningDigest digest;
    for (const auto& chunk : chunks) digest.add(chunk);
    const auto head = fmt::format(
        "PUT /payloads/{} HTTP/1.1\r\nHost: bench\r\nContent-Length: {}\r\nRepr-Digest: {}\r\n\r\n",
        name, chunks.size() * kChunk, reference::core::digest_text(digest.finish()));
    Speed speed;
    auto start = Clock::now();
    asio::write(*socket_, asio::buffer(head));
    for (const auto& chunk : chunks) asio::write(*socket_, asio::buffer(chunk));
    const auto done = read_head("201");
    speed.in = megabytes_a_second(chunks.size(), start);
    take(done);
    start = Clock::now();
    const auto ask = fmt::format("GET /payloads/{} HTTP/1.1\r\nHost: bench\r\n\r\n", name);
    asio::write(*socket_, asio::buffer(ask));
    take(read_head("200"));
    speed.out = megabytes_a_second(chunks.size(), start);
    return speed;
  }

 private:
  void connect() {
    const tcp::endpoint where(asio::ip::address_v4::loopback(), port_);
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    boost::system::error_code failed;
    do {
      socket_ = std::make_unique<tcp::socket>(io_);
      socket_->connect(where, failed);
    } while (failed && Clock::now() < deadline);
    if (failed) throw std::runtime_error("the bus does not listen: " + failed.message());
  }

  std::string open(std::size_t size) {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), port_});
    beast::websocket::stream<tcp::socket> stream(std::move(socket));
    stream.handshake("127.0.0.1", "/ws/connect");
    const auto call = [&](const std::string& text) {
      stream.write(asio::buffer(text));
      beast::flat_buffer buffer;
      stream.read(buffer);
      return json::parse(beast::buffers_to_string(buffer.data())).at("result");
    };
    call(R"({"jsonrpc":"2.0","id":0,"method":"bus/hello","params":{"protocol":["1.0"],)"
         R"("client":{"name":"bench","version":"1"}}})");
    const auto opened = call(fmt::format(
        R"({{"jsonrpc":"2.0","id":1,"method":"bus/upload_open","params":{{"datasize":{}}}}})",
        size));
    return std::string(opened.at("upload").as_string());
  }

  /// The bytes of the body that follows.
  std::size_t read_head(const std::string& status) {
    const auto size = asio::read_until(*socket_, asio::dynamic_buffer(in_), "\r\n\r\n");
    const std::string head = in_.substr(0, size);
    in_.erase(0, size);
    if (head.find(" " + status + " ") == std::string::npos) throw std::runtime_error(head + in_);
    const auto at = head.find("Content-Length: ");
    return static_cast<std::size_t>(std::stoull(head.substr(at + 16)));
  }

  void take(std::size_t bytes) {
    bytes -= in_.size();
    in_.clear();
    std::string room(kChunk, '\0');
    while (bytes > 0)
      bytes -= socket_->read_some(asio::buffer(room.data(), std::min(bytes, room.size())));
  }

  asio::io_context io_;
  unsigned short port_;
  std::unique_ptr<tcp::socket> socket_;
  std::string in_;
};

std::size_t peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6));
  return 0;
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

/// Bus and bare in turns; the medians.
void compare(const char* what, Config config, const std::string& dsn, Codec codec,
             bool compressible, std::size_t count) {
  config.listen.port = reference::bench::free_port();
  config.compression = codec;
  std::vector<std::string> chunks;
  for (std::size_t n = 0; n < count; ++n) chunks.push_back(chunk_of(compressible, n));
  const auto held = peak_kilobytes();
  const RunningBus bus(config, reference::bench::seams_of(config));
  Client client(config.listen.port);
  Bare bare(dsn);
  std::vector<double> bus_in, bus_out, bare_in, bare_out;
  for (int round = 0; round < kRounds; ++round) {
    const auto one = client.measure(chunks);
    const auto other = bare.measure(chunks, round);
    bus_in.push_back(one.in);
    bus_out.push_back(one.out);
    bare_in.push_back(other.in);
    bare_out.push_back(other.out);
  }
  const auto both = [](const std::vector<double>& in, const std::vector<double>& out) {
    return 2 / (1 / median(in) + 1 / median(out));
  };
  std::cout << fmt::format(
      "{}: in {:.0f} MB/s, bare {:.0f} (ratio {:.2f}); out {:.0f} MB/s, bare {:.0f} (ratio "
      "{:.2f}); "
      "in and out {:.2f} (bar 0.80); {:.0f} MB more at its peak than before\n",
      what, median(bus_in), median(bare_in), median(bus_in) / median(bare_in), median(bus_out),
      median(bare_out), median(bus_out) / median(bare_out),
      both(bus_in, bus_out) / both(bare_in, bare_out),
      static_cast<double>(peak_kilobytes() - held) / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t chunks = argc > 1 ? static_cast<std::size_t>(std::atoi(argv[1])) : 100;
  try {
    Config config;
    config.store = reference::StoreKind::postgres;
    const reference::bench::OwnServer server("postgres");
    config.postgres.address = std::getenv("SUPABASE_URL");
    config.postgres.schema = "payload bench";
    const auto dsn = postgres::complete_dsn(config.postgres.address, "", config.postgres.schema);
    if (!dsn) throw std::runtime_error(dsn.error().detail());
    config.limits.payload_bytes_max = chunks * kChunk;
    compare("as it is", config, *dsn, Codec::none, false, chunks);
    compare("JSON with zstd", config, *dsn, Codec::zstd, true, chunks);
    postgres::Connection connection(*dsn);
    connection.open();
    connection.execute("DROP SCHEMA \"payload bench\" CASCADE");
  } catch (const std::exception& broke) {
    std::cerr << "payload_bench: " << broke.what() << '\n';
    return 70;
  }
  return 0;
}
