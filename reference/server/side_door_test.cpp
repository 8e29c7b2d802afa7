// The side door over a socket: what goes in comes out, in whole and in part, and whatever else is
// sent there, the bus stays up. Source: STORE-1, CHUNK-3, CHUNK-5, END-9, SEC-2.
#include "reference/server/side_door.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <csignal>
#include <thread>

#include "reference/server/server.hpp"
#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"

namespace reference::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kChunk = 65'536;
constexpr std::size_t kSize = 5 * kChunk + 123;

class Dice : public core::Random {
 public:
  std::uint64_t next() override { return state_ = state_ * 6'364'136'223'846'793'005U + 1; }

 private:
  std::uint64_t state_ = 7;
};

core::Settings settings() {
  core::Settings made;
  made.limits.chunk_bytes = kChunk;
  made.limits.payload_bytes_max = 8U << 20U;
  made.started = std::chrono::steady_clock::now();
  made.version = "test";
  return made;
}

std::string some_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::uint64_t state = 99;
  for (char& byte : bytes) {
    state = state * 6'364'136'223'846'793'005U + 1;
    byte = static_cast<char>(state >> 56U);
  }
  return bytes;
}

/// Of each piece, the next read fails or comes out wrong where a test says so.
class Unsound : public stores::memory::MemoryPayloadStore {
 public:
  using MemoryPayloadStore::MemoryPayloadStore;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::atomic<std::uint32_t> failing{kNone}, wrong{kNone};

  core::Result<std::vector<core::Piece>> pieces(const core::TransactionId& id, std::uint32_t first,
                                                std::uint32_t count) override {
    std::uint32_t expected = first;
    if (!id.empty() && failing.compare_exchange_strong(expected, kNone))
      return tl::unexpected(core::StoreError::did_not_happen("on purpose"));
    auto found = MemoryPayloadStore::pieces(id, first, count);
    expected = first;
    if (found && !found->empty() && wrong.compare_exchange_strong(expected, kNone))
      found->front().stored.front() ^= 1;
    return found;
  }
};

using Fields = std::vector<std::pair<std::string, std::string>>;
using Answer = http::response<http::string_body>;

class SideDoor : public ::testing::Test {
 protected:
  SideDoor() {
    EXPECT_FALSE(server_.open());
    executor_.start(server_.outlet());
    serving_ = std::thread([this] { server_.serve(); });
    const auto address = server_.address();
    port_ = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  ~SideDoor() override {
    std::raise(SIGTERM);
    serving_.join();
    executor_.end();
  }

  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), port_});
    return socket;
  }
  Answer ask(tcp::socket& socket, http::verb verb, const std::string& target,
             const Fields& fields = {}, std::string body = {}) {
    http::request<http::string_body> request(verb, target, 11);
    request.set(http::field::host, "localhost");
    for (const auto& [name, value] : fields) request.set(name, value);
    request.body() = std::move(body);
    if (verb == http::verb::put) request.prepare_payload();
    http::write(socket, request);
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.skip(verb == http::verb::head);
    beast::flat_buffer buffer;
    http::read(socket, buffer, parser);
    return parser.release();
  }
  Answer ask(http::verb verb, const std::string& target, const Fields& fields = {},
             std::string body = {}) {
    auto socket = connect();
    return ask(socket, verb, target, fields, std::move(body));
  }
  json::object call(const std::string& method, const std::string& params) {
    beast::websocket::stream<tcp::socket> stream(connect());
    stream.handshake("localhost", "/ws/connect");
    const auto say = [&](const std::string& text) {
      stream.write(asio::buffer(text));
      beast::flat_buffer buffer;
      stream.read(buffer);
      return json::parse(beast::buffers_to_string(buffer.data())).as_object();
    };
    say(R"({"jsonrpc":"2.0","id":0,"method":"bus/hello","params":{"protocol":["1.0"],)"
        R"("client":{"name":"test","version":"1"}}})");
    const auto answer =
        say(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}");
    return answer.contains("result") ? answer.at("result").as_object() : answer;
  }
  std::string open(std::size_t size) {
    const auto made = call("bus/upload_open", R"({"datasize":)" + std::to_string(size) + "}");
    return "/payloads/" + std::string(made.at("upload").as_string());
  }
  std::string put(const std::string& bytes) {
    const auto path = open(bytes.size());
    const auto done = ask(http::verb::put, path, {{"Repr-Digest", digest_of(bytes)}}, bytes);
    EXPECT_EQ(done.result(), http::status::created) << done.body();
    return path;
  }
  /// The bytes that come before the connection ends, short of what was announced.
  std::string get_short(const std::string& path) {
    auto socket = connect();
    http::write(socket, http::request<http::empty_body>(http::verb::get, path, 11));
    http::response_parser<http::string_body> parser;
    beast::flat_buffer buffer;
    error_code error;
    http::read(socket, buffer, parser, error);
    EXPECT_TRUE(error);
    return parser.get().body();
  }
  static std::string digest_of(const std::string& bytes) {
    return core::digest_text(core::sha256(bytes));
  }

  stores::SystemClock clock_;
  stores::memory::MemoryQueueStore queues_{clock_};
  Unsound payloads_{clock_};
  core::Policies policies_;
  Dice dice_;
  executor::Executor executor_{settings(), queues_, payloads_, policies_, dice_, nullptr, nullptr};
  Server server_{
      {{"127.0.0.1", 0}, {}, {1U << 20U, core::Ms(30'000), core::Ms(60'000)}, 2, core::Ms(3'200)},
      executor_};
  std::thread serving_;
  asio::io_context io_;
  unsigned short port_ = 0;
};

TEST_F(SideDoor, WhatIsPutIsGot) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{kChunk}, kSize, std::size_t{3} << 20U}) {
    const auto bytes = some_bytes(size);
    const auto path = put(bytes);
    const auto got = ask(http::verb::get, path);
    EXPECT_EQ(got.result(), http::status::ok);
    EXPECT_EQ(got.body(), bytes) << size;
    EXPECT_EQ(got["Repr-Digest"], digest_of(bytes));
    const auto head = ask(http::verb::head, path);
    EXPECT_EQ(head[http::field::content_length], std::to_string(size));
    EXPECT_EQ(head[http::field::etag], got[http::field::etag]);
  }
}

TEST_F(SideDoor, AnInlineMessageIsServedWithItsType) {
  const auto made =
      call("bus/publish", R"({"destination":"q","mode":"queue","event":{"specversion":"1.0",)"
                          R"("id":"1","source":"s","type":"t","datacontenttype":"text/css",)"
                          R"("data":"body {}"}})");
  const auto got =
      ask(http::verb::get, "/payloads/" + std::string(made.at("transaction_id").as_string()));
  EXPECT_EQ(got.body(), "body {}");
  EXPECT_EQ(got[http::field::content_type], "text/css");
  EXPECT_EQ(got["X-Content-Type-Options"], "nosniff");
}

TEST_F(SideDoor, AnyRangeIsThatSlice) {
  const auto bytes = some_bytes(kSize);
  const auto path = put(bytes);
  auto socket = connect();
  for (const auto& [first, last] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 0},
                                                        {kChunk - 1, kChunk},
                                                        {kChunk, 2 * kChunk - 1},
                                                        {10, kSize - 1},
                                                        {kSize - 1, kSize - 1},
                                                        {0, kSize - 1}}) {
    const auto range = std::to_string(first) + '-' + std::to_string(last);
    const auto got = ask(socket, http::verb::get, path, {{"Range", "bytes=" + range}});
    EXPECT_EQ(got.result(), http::status::partial_content);
    EXPECT_EQ(got.body(), bytes.substr(first, last - first + 1)) << range;
    EXPECT_EQ(got[http::field::content_range], "bytes " + range + '/' + std::to_string(kSize));
  }
  const auto behind =
      ask(socket, http::verb::get, path, {{"Range", "bytes=" + std::to_string(kSize) + '-'}});
  EXPECT_EQ(behind.result(), http::status::range_not_satisfiable);
  EXPECT_EQ(behind[http::field::content_range], "bytes */" + std::to_string(kSize));
}

TEST_F(SideDoor, AFailedReadEndsTheDownloadAndHarmsNothing) {
  const auto bytes = some_bytes(kSize);
  const auto path = put(bytes);
  for (const std::uint32_t piece : {1U, 2U, 5U}) {
    payloads_.failing = piece;
    EXPECT_TRUE(get_short(path) == bytes.substr(0, piece * kChunk)) << piece;
    EXPECT_TRUE(ask(http::verb::get, path).body() == bytes) << piece;
  }
  payloads_.failing = 0;
  EXPECT_EQ(ask(http::verb::get, path).result(), http::status::service_unavailable);
  EXPECT_TRUE(ask(http::verb::get, path).body() == bytes);
}

TEST_F(SideDoor, AWrongPieceNeverLeaves) {
  const auto bytes = some_bytes(kSize);
  for (const std::uint32_t piece : {1U, 4U, 5U}) {
    const auto path = put(bytes);
    payloads_.wrong = piece;
    EXPECT_TRUE(get_short(path) == bytes.substr(0, piece * kChunk)) << piece;
  }
}

TEST_F(SideDoor, ConditionsAreHonoured) {
  const auto bytes = some_bytes(1'000);
  const auto path = put(bytes);
  const std::string etag(ask(http::verb::head, path)[http::field::etag]);
  const auto status = [&](const Fields& fields) {
    return ask(http::verb::get, path, fields).result_int();
  };
  EXPECT_EQ(status({{"If-None-Match", etag}}), 304U);
  EXPECT_EQ(status({{"If-None-Match", "\"other\""}}), 200U);
  EXPECT_EQ(status({{"If-Match", "\"other\""}}), 412U);
  EXPECT_EQ(status({{"If-Match", etag}}), 200U);
  EXPECT_EQ(status({{"Range", "bytes=0-1"}, {"If-Range", etag}}), 206U);
  EXPECT_EQ(status({{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}), 200U);
  EXPECT_EQ(status({{"Range", "bytes=0-1"}, {"If-Range", "Sat, 01 Jan 2022 00:00:00 GMT"}}), 200U);
}

TEST_F(SideDoor, AnUploadGoesOnFromWhereItIs) {
  const auto bytes = some_bytes(kSize);
  const auto path = open(kSize);
  const auto half = kChunk + 1'000;
  const auto range = [&](std::size_t from) {
    return "bytes " + std::to_string(from) + '-' + std::to_string(kSize - 1) + "/*";
  };
  EXPECT_EQ(ask(http::verb::get, path).result(), http::status::not_found);
  EXPECT_EQ(ask(http::verb::put, path, {}, bytes.substr(0, half)).result(), http::status::ok);
  const auto wrong =
      ask(http::verb::put, path, {{"Content-Range", range(half + 1)}}, bytes.substr(half + 1));
  EXPECT_EQ(wrong.result(), http::status::conflict);
  EXPECT_NE(wrong.body().find("\"expected\":" + std::to_string(half)), std::string::npos)
      << wrong.body();
  {
    auto torn = connect();
    const std::string text = "PUT " + path +
                             " HTTP/1.1\r\nHost: x\r\nContent-Range: " + range(half) +
                             "\r\nContent-Length: " + std::to_string(kSize - half) + "\r\n\r\n" +
                             bytes.substr(half, 2 * kChunk);
    asio::write(torn, asio::buffer(text));
    torn.shutdown(tcp::socket::shutdown_send);
    error_code ended;
    char one = 0;
    asio::read(torn, asio::buffer(&one, 1), ended);
    EXPECT_TRUE(ended) << "a torn body is answered with nothing";
  }
  const auto at = half + 2 * kChunk;
  const auto badly =
      ask(http::verb::put, path,
          {{"Content-Range", range(at)}, {"Repr-Digest", digest_of("other")}}, bytes.substr(at));
  EXPECT_EQ(badly.result(), http::status::bad_request) << badly.body();
  const auto done = call("bus/upload_commit", R"({"upload":")" + path.substr(path.rfind('/') + 1) +
                                                  R"(","datadigest":")" + digest_of(bytes) + "\"}");
  EXPECT_TRUE(done.contains("dataref")) << json::serialize(done);
  EXPECT_EQ(ask(http::verb::get, path).body(), bytes);
}

TEST_F(SideDoor, WhatIsNotThereOrNotAllowedIsSaid) {
  const auto path = open(10);
  const std::string unknown = "/payloads/" + std::string(path.size() - 10, '0');
  for (const std::string& name :
       {unknown, std::string("/payloads/"), std::string("/payloads/../livez"),
        std::string("/payloads/%00"), std::string("/payloads/%zz"), std::string("/payloads/'--"),
        "/payloads/" + std::string(8'000, 'a'),
        std::string("/payloads/urn%3Abusproof%3Apayload%3A")})
    EXPECT_EQ(ask(http::verb::get, name).result(), http::status::not_found) << name.substr(0, 60);
  EXPECT_EQ(ask(http::verb::put, unknown, {}, "x").result(), http::status::not_found);
  EXPECT_EQ(ask(http::verb::put, path, {}, "eleven bytes").result(),
            http::status::payload_too_large);
  EXPECT_EQ(ask(http::verb::put, path, {{"Repr-Digest", "none"}}, "x").result(),
            http::status::bad_request);
  EXPECT_EQ(ask(http::verb::put, path, {{"Content-Encoding", "gzip"}}, "x").result(),
            http::status::bad_request);
  const auto deleted = ask(http::verb::delete_, path);
  EXPECT_EQ(deleted.result(), http::status::method_not_allowed);
  EXPECT_EQ(deleted[http::field::allow], "GET, HEAD, PUT");
}

TEST_F(SideDoor, WhoSaysNothingOrHalfOfItKeepsNobodyFromBeingServed) {
  const auto bytes = some_bytes(kSize);
  const auto path = put(bytes);
  std::vector<tcp::socket> idle;
  const std::vector<std::string> halves{"", "G", "GET /payl", "GET " + path + " HTTP/1.1\r\nHost",
                                        "PUT " + path + " HTTP/1.1\r\nContent-Length: 99\r\n\r\nx"};
  for (int i = 0; i < 200; ++i) {
    idle.push_back(connect());
    asio::write(idle.back(), asio::buffer(halves[static_cast<std::size_t>(i) % halves.size()]));
  }
  // Who reads nothing of a large answer neither.
  for (int i = 0; i < 20; ++i) {
    idle.push_back(connect());
    const std::string text = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
    asio::write(idle.back(), asio::buffer(text));
  }
  for (const std::string& rubbish :
       {std::string("\0\0\0\0\r\n\r\n", 8), std::string("GET / HTTP/9.9\r\n\r\n"),
        "GET " + std::string(100'000, 'a'),
        std::string("GET /payloads/\0x HTTP/1.1\r\n\r\n", 29)}) {
    auto socket = connect();
    error_code ignored;
    asio::write(socket, asio::buffer(rubbish), ignored);
    char one = 0;
    asio::read(socket, asio::buffer(&one, 1), ignored);
    EXPECT_TRUE(ignored) << "an answer to rubbish";
  }
  EXPECT_EQ(ask(http::verb::get, path).body(), bytes);
}

}  // namespace
}  // namespace reference::server
