// TLS: how it is configured, and a server that speaks it to clients that do and to some that don't.
// Source: CFG-2, END-9.
#include "reference/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <csignal>
#include <fstream>
#include <map>
#include <thread>

#include "reference/executor/executor.hpp"
#include "reference/executor/random.hpp"
#include "reference/server/server.hpp"
#include "reference/stores/clock.hpp"
#include "reference/stores/memory/payload_store.hpp"
#include "reference/stores/memory/queue_store.hpp"
#include "reference/stores/temporary.hpp"
#include "reference/test_certificate.hpp"

namespace reference {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using Client = ssl::stream<tcp::socket>;

std::map<std::string, std::string> variables;

std::optional<std::string> lookup(const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

/// Files of a test's own.
class Files : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const {
    return folder_.path() + "/" + name;
  }

 private:
  stores::TemporaryDirectory folder_;
};

class TlsConfiguration : public Files {
 protected:
  std::string error(std::map<std::string, std::string> given) {
    variables = std::move(given);
    return read_tls(tls, lookup).value_or("");
  }
  Tls tls;
};

TEST_F(TlsConfiguration, IsOffWhereNothingIsSaid) {
  EXPECT_EQ(error({}), "");
  EXPECT_FALSE(tls.context);
}

TEST_F(TlsConfiguration, TakesACertificateAndItsKey) {
  const auto made = make_test_certificate(at("good"));
  EXPECT_EQ(error({{"REFBUS_TLS_CERT", made.certificate}, {"REFBUS_TLS_KEY", made.key}}), "");
  EXPECT_TRUE(tls.context);
  EXPECT_FALSE(tls.warning);
}

TEST_F(TlsConfiguration, SaysWhichFileIsWrongAndWhy) {
  const auto good = make_test_certificate(at("good")), other = make_test_certificate(at("other"));
  const auto locked = make_test_certificate(at("locked"), {.passphrase = "open sesame"});
  std::ofstream(at("empty"));
  const struct {
    std::string certificate, key, client_ca, said;
  } kTries[] = {
      {"", good.key, "", "REFBUS_TLS_CERT= is not allowed: REFBUS_TLS_KEY"},
      {"", "", good.certificate, "REFBUS_TLS_CERT= is not allowed: REFBUS_TLS_CLIENT_CA"},
      {good.certificate, "", "", "REFBUS_TLS_KEY= is not allowed"},
      {at("none"), good.key, "", "REFBUS_TLS_CERT=" + at("none") + " is not allowed: No such file"},
      {at("empty"), good.key, "", "is not allowed: the file is empty"},
      {good.key, good.key, "", "holds no certificate"},
      {good.certificate, at("none"), "", "REFBUS_TLS_KEY=" + at("none")},
      {good.certificate, good.certificate, "", "holds no private key"},
      {good.certificate, other.key, "", "does not fit the certificate in " + good.certificate},
      {locked.certificate, locked.key, "", "passphrase"},
      {good.certificate, good.key, good.key, "REFBUS_TLS_CLIENT_CA=" + good.key},
  };
  for (const auto& [certificate, key, client_ca, said] : kTries) {
    const auto why = error({{"REFBUS_TLS_CERT", certificate},
                            {"REFBUS_TLS_KEY", key},
                            {"REFBUS_TLS_CLIENT_CA", client_ca}});
    EXPECT_NE(why.find(said), std::string::npos) << why << "\nand not: " << said;
  }
}

TEST_F(TlsConfiguration, WarnsOfACertificateOutOfItsTime) {
  const auto old = make_test_certificate(at("old"), {.from = -7'200, .until = -3'600});
  EXPECT_EQ(error({{"REFBUS_TLS_CERT", old.certificate}, {"REFBUS_TLS_KEY", old.key}}), "");
  EXPECT_NE(tls.warning.value_or("").find("expired"), std::string::npos);
  const auto early = make_test_certificate(at("early"), {.from = 3'600, .until = 7'200});
  EXPECT_EQ(error({{"REFBUS_TLS_CERT", early.certificate}, {"REFBUS_TLS_KEY", early.key}}), "");
  EXPECT_NE(tls.warning.value_or("").find("not valid yet"), std::string::npos);
}

class TlsServer : public Files {
 protected:
  void serve(std::map<std::string, std::string> more = {},
             core::Ms header_time = core::Ms(60'000)) {
    variables = {{"REFBUS_TLS_CERT", made_.certificate}, {"REFBUS_TLS_KEY", made_.key}};
    variables.merge(more);
    Tls tls;
    ASSERT_EQ(read_tls(tls, lookup).value_or(""), "");
    server::ServerSettings settings{.listen = {"127.0.0.1", 0},
                                    .control = std::nullopt,
                                    .bounds = {1U << 24U, core::Ms(60'000), core::Ms(120'000)}};
    settings.tls = tls.context;
    settings.header_time = header_time;
    core::Settings core;
    core.started = std::chrono::steady_clock::now();
    executor_.emplace(std::move(core), queues_, payloads_, policies_, random_, nullptr, nullptr);
    server_.emplace(std::move(settings), *executor_);
    ASSERT_FALSE(server_->open());
    executor_->start(server_->outlet());
    serving_ = std::thread([this] { server_->serve(); });
    const auto address = server_->address();
    port_ = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  void SetUp() override {
    made_ = make_test_certificate(at("server"));
    trust_.load_verify_file(made_.certificate);
    trust_.set_verify_mode(ssl::verify_peer);
  }
  void TearDown() override {
    if (!serving_.joinable()) return;
    EXPECT_EQ(status("/livez"), 200U) << "it is still up";
    std::raise(SIGTERM);
    serving_.join();
    executor_->end();
  }

  tcp::socket plain() {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), port_});
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return socket;
  }
  Client secure() {
    Client client(plain(), trust_);
    client.set_verify_callback(ssl::host_name_verification("localhost"));
    return client;
  }
  /// What the connection ended with: eof, where it did so properly.
  template <typename Connection>
  static error_code end_of(Connection& connection) {
    error_code failed;
    std::string rest(4'096, '\0');
    while (!failed) connection.read_some(asio::buffer(rest), failed);
    return failed;
  }
  static http::response<http::string_body> get(Client& client, const std::string& target,
                                               bool keep) {
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, "localhost");
    request.keep_alive(keep);
    http::write(client, request);
    http::response<http::string_body> response;
    beast::flat_buffer buffer;
    http::read(client, buffer, response);
    return response;
  }
  unsigned status(const std::string& target) {
    auto client = secure();
    client.handshake(ssl::stream_base::client);
    return get(client, target, true).result_int();
  }

  asio::io_context io_;
  TestCertificate made_;
  ssl::context trust_{ssl::context::tls_client};

 private:
  stores::SystemClock clock_;
  stores::memory::MemoryQueueStore queues_{clock_};
  stores::memory::MemoryPayloadStore payloads_{clock_};
  core::Policies policies_;
  executor::SystemRandom random_;
  std::optional<executor::Executor> executor_;
  std::optional<server::Server> server_;
  std::thread serving_;
  unsigned short port_ = 0;
};

TEST_F(TlsServer, ShowsPagesAndEndsWithALastWord) {
  serve();
  auto client = secure();
  client.handshake(ssl::stream_base::client);
  EXPECT_EQ(get(client, "/readyz", true).result_int(), 200U);
  EXPECT_EQ(get(client, "/payloads/none", true).result_int(), 404U);
  EXPECT_EQ(get(client, "/livez", false).result_int(), 200U);
  EXPECT_EQ(end_of(client), asio::error::eof);
  auto other = secure();
  other.handshake(ssl::stream_base::client);
  EXPECT_EQ(get(other, "/payloads/none", false).result_int(), 404U) << "by the side door, too";
  EXPECT_EQ(end_of(other), asio::error::eof);
}

TEST_F(TlsServer, CarriesMessagesOfAnySize) {
  serve();
  beast::websocket::stream<Client> client(secure());
  client.next_layer().handshake(ssl::stream_base::client);
  client.handshake("localhost", "/ws/connect");
  client.read_message_max(0);
  const auto ask = [&](const std::string& method, const std::string& params) {
    client.write(asio::buffer(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" +
                              params + "}"));
    beast::flat_buffer buffer;
    client.read(buffer);
    return beast::buffers_to_string(buffer.data());
  };
  const std::string hello =
      ask("bus/hello", R"({"protocol":["1.0"],"client":{"name":"test","version":"1"}})");
  EXPECT_NE(hello.find("capabilities"), std::string::npos) << hello;
  for (const std::size_t size : {1U, 16'383U, 16'384U, 900'000U}) {
    const std::string said = ask("bus/nothing", '"' + std::string(size, 'x') + '"');
    EXPECT_NE(said.find("error"), std::string::npos) << said;
    // What many a message says leaves together.
    const std::string one = R"({"jsonrpc":"2.0","id":1,"method":"bus/nothing"})";
    constexpr int kMany = 200;
    for (int i = 0; i < kMany; ++i) client.write(asio::buffer(one));
    for (int i = 0; i < kMany; ++i) {
      beast::flat_buffer buffer;
      client.read(buffer);
      EXPECT_NE(beast::buffers_to_string(buffer.data()).find("error"), std::string::npos);
    }
  }
  error_code failed;
  client.close(beast::websocket::close_code::normal, failed);
  EXPECT_FALSE(failed) << failed.message();
}

TEST_F(TlsServer, EndsWhoSpeaksNoTls) {
  serve();
  // Longer than a record's header: of less the rest is waited for.
  for (const std::string said :
       {"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "nothing that anyone knows"}) {
    auto client = plain();
    asio::write(client, asio::buffer(said));
    EXPECT_EQ(end_of(client), asio::error::eof) << said;
  }
}

TEST_F(TlsServer, GivesAHandshakeNoMoreTimeThanAHeader) {
  serve({}, core::Ms(2'000));
  auto silent = plain(), half = plain();
  auto shaken = secure();
  // Half of a record's header and length: the rest never comes.
  asio::write(half, asio::buffer(std::string_view("\x16\x03\x01\x02\x00\x01", 6)));
  shaken.handshake(ssl::stream_base::client);
  EXPECT_EQ(end_of(silent), asio::error::eof);
  EXPECT_EQ(end_of(half), asio::error::eof);
  EXPECT_EQ(end_of(shaken), ssl::error::stream_truncated);
}

TEST_F(TlsServer, SpeaksNothingOlderThanTls12) {
  serve();
  SSL_CTX_set_cipher_list(trust_.native_handle(), "DEFAULT@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(trust_.native_handle(), TLS1_VERSION);
  for (const auto& [newest, taken] : {std::pair(TLS1_1_VERSION, false), {TLS1_2_VERSION, true}}) {
    SSL_CTX_set_max_proto_version(trust_.native_handle(), newest);
    auto client = secure();
    error_code failed;
    client.handshake(ssl::stream_base::client, failed);
    EXPECT_EQ(!failed, taken) << failed.message();
  }
}

TEST_F(TlsServer, AgreesOnHttp11Alone) {
  serve();
  const auto chosen = [&](std::string_view offered) -> std::string {
    auto client = secure();
    SSL_set_alpn_protos(client.native_handle(),
                        reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
    error_code failed;
    client.handshake(ssl::stream_base::client, failed);
    if (failed) return "refused";
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.native_handle(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  };
  EXPECT_EQ(chosen("\x02h2\x08http/1.1"), "http/1.1");
  EXPECT_EQ(chosen("\x02h2"), "refused");
}

TEST_F(TlsServer, LetsInOnlyClientsThatItsAuthorityVouchesFor) {
  const auto own = make_test_certificate(at("client")), other = make_test_certificate(at("other"));
  serve({{"REFBUS_TLS_CLIENT_CA", own.certificate}});
  const auto lets_in = [&](const TestCertificate* shown) {
    ssl::context context(ssl::context::tls_client);
    if (shown != nullptr) {
      context.use_certificate_chain_file(shown->certificate);
      context.use_private_key_file(shown->key, ssl::context::pem);
    }
    Client client(plain(), context);
    error_code failed;
    client.handshake(ssl::stream_base::client, failed);
    // In TLS 1.3 a client hears of it afterwards.
    http::request<http::empty_body> request(http::verb::get, "/livez", 11);
    http::response<http::string_body> response;
    beast::flat_buffer buffer;
    if (!failed) http::write(client, request, failed);
    if (!failed) http::read(client, buffer, response, failed);
    return !failed && response.result_int() == 200;
  };
  EXPECT_FALSE(lets_in(nullptr));
  EXPECT_FALSE(lets_in(&other));
  EXPECT_TRUE(lets_in(&own));
  trust_.use_certificate_chain_file(own.certificate);
  trust_.use_private_key_file(own.key, ssl::context::pem);
}

}  // namespace
}  // namespace reference
