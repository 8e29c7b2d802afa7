// Method: a server that speaks TLS with a certificate of every kind, and who believes it.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <future>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "suites/targets/certificates.hpp"
#include "suites/targets/http_page.hpp"
#include "suites/targets/target.hpp"
#include "suites/targets/trust.hpp"
#include "suites/targets/websocket.hpp"

namespace busproof::targets {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kLimit{10};

/// Shows a page, and says whatever it is told over a WebSocket; one connection after the other.
class Server {
 public:
  Server(const Certificate& certificate, const std::filesystem::path& clients)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    context_.use_certificate_chain_file(certificate.certificate);
    context_.use_private_key_file(certificate.key, ssl::context::pem);
    if (!clients.empty()) {
      context_.load_verify_file(clients);
      context_.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    }
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Server() {
    io_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string at(const std::string& scheme, const std::string& host) const {
    return scheme + "://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) +
           "/page";
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
      if (failed) return;
      ssl::stream<tcp::socket> stream(std::move(socket), context_);
      error_code ignored;
      stream.handshake(ssl::stream_base::server, ignored);
      if (!ignored) serve(std::move(stream));
      accept();
    });
  }

  static void serve(ssl::stream<tcp::socket> stream) {
    error_code failed;
    beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    http::read(stream, buffer, request, failed);
    if (failed) return;
    if (beast::websocket::is_upgrade(request)) return echo(std::move(stream), request);
    http::response<http::string_body> response(http::status::ok, 11, "a page");
    response.prepare_payload();
    http::write(stream, response, failed);
  }

  static void echo(ssl::stream<tcp::socket> stream,
                   const http::request<http::empty_body>& request) {
    beast::websocket::stream<ssl::stream<tcp::socket>> socket(std::move(stream));
    socket.set_option(
        beast::websocket::stream_base::decorator([](beast::websocket::response_type& response) {
          response.set(http::field::sec_websocket_protocol, "busproof.v1");
        }));
    error_code failed;
    socket.accept(request, failed);
    while (!failed) {
      beast::flat_buffer said;
      socket.read(said, failed);
      if (!failed) socket.write(said.data(), failed);
    }
  }

  asio::io_context io_;
  ssl::context context_{ssl::context::tls_server};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

class Ear : public Listener {
 public:
  void on_text(std::string_view text, history::Time /*at*/) override {
    if (text == awaited) heard.set_value();
  }
  void on_closed(const Ending& ending, history::Time /*at*/) override {
    closed.set_value(ending.why);
  }
  std::string awaited = std::string(100'000, 'x');
  std::promise<void> heard;
  std::promise<std::string> closed;
};

class TlsTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(work_ / "other"); }
  void TearDown() override { std::filesystem::remove_all(work_); }

  Authority authority(const std::string& folder = "") {
    return Authority::make(work_ / folder).value();
  }
  static Tls trusting(const Authority& authority) {
    return {.ca = authority.certificate(), .certificate = "", .key = ""};
  }
  static Tls insecure() { return {.ca = "", .certificate = "", .key = "", .insecure = true}; }

  /// What asking for the page and for a WebSocket came to: "" where both were to be had.
  std::string ask(const Server& server, const std::string& host, const Tls& tls) {
    const auto trust = Trust::make(tls).value();
    const auto page = get_page(server.at("https", host), kLimit, trust);
    Ear ear;
    const auto connected =
        websocket_connector(reactor_, server.at("wss", host), trust).value()->connect(ear);
    EXPECT_EQ(page.has_value(), connected.has_value());
    if (page && connected) return page->body == "a page" ? "" : page->body;
    const std::string by_page = page ? "" : page.error().detail();
    EXPECT_NE(connected.error().detail().find(by_page), std::string::npos) << by_page;
    return connected.error().kind() + ": " + connected.error().detail();
  }

  std::filesystem::path work_ =
      std::filesystem::path(testing::TempDir()) / ("tls." + std::to_string(::getpid()));
  Reactor reactor_;
};

TEST_F(TlsTest, WhomTheAuthorityVouchesForIsBelieved) {
  auto known = authority();
  const Server server(known.issue("bus").value(), {});
  EXPECT_EQ(ask(server, "localhost", trusting(known)), "");
  EXPECT_EQ(ask(server, "127.0.0.1", trusting(known)), "") << "by its address as well";
}

TEST_F(TlsTest, AStrangersCertificateIsNotBelieved) {
  auto known = authority(), stranger = authority("other");
  const Server server(stranger.issue("bus").value(), {});
  const std::string why = ask(server, "localhost", trusting(known));
  EXPECT_TRUE(why.starts_with("not_a_bus: ")) << why << ": trying again is of no use";
  EXPECT_NE(why.find("unable to get local issuer"), std::string::npos) << why;
  EXPECT_NE(why.find("tls.ca"), std::string::npos) << why;
  EXPECT_NE(ask(server, "localhost", {}), "") << "nor does this system know it";
  EXPECT_EQ(ask(server, "localhost", insecure()), "");
}

TEST_F(TlsTest, ACertificateForAnotherHostIsNotBelieved) {
  auto known = authority();
  const Server server(known.issue("bus", {.hosts = "DNS:bus.example,IP:127.0.0.2"}).value(), {});
  std::string why = ask(server, "localhost", trusting(known));
  EXPECT_NE(why.find("ostname mismatch"), std::string::npos) << why;
  why = ask(server, "127.0.0.1", trusting(known));
  EXPECT_NE(why.find("IP address mismatch"), std::string::npos) << why;
  EXPECT_EQ(ask(server, "localhost", insecure()), "");
}

TEST_F(TlsTest, ACertificateOutOfItsTimeIsNotBelieved) {
  auto known = authority();
  const Server old(known.issue("old", {.from = -7200, .until = -3600}).value(), {});
  std::string why = ask(old, "localhost", trusting(known));
  EXPECT_NE(why.find("has expired"), std::string::npos) << why;
  const Server early(known.issue("early", {.from = 3600, .until = 7200}).value(), {});
  why = ask(early, "localhost", trusting(known));
  EXPECT_NE(why.find("not yet valid"), std::string::npos) << why;
}

TEST_F(TlsTest, AClientShowsWhoItIs) {
  auto known = authority();
  const auto own = known.issue("client").value();
  const Server server(known.issue("bus").value(), known.certificate());
  Tls tls = trusting(known);
  EXPECT_NE(ask(server, "localhost", tls), "");
  tls.certificate = own.certificate;
  tls.key = own.key;
  EXPECT_EQ(ask(server, "localhost", tls), "");
}

TEST_F(TlsTest, MessagesPassAndTheEndIsHeard) {
  auto known = authority();
  const Server server(known.issue("bus").value(), {});
  Ear ear;
  const auto connector = websocket_connector(reactor_, server.at("wss", "localhost"),
                                             Trust::make(trusting(known)).value());
  const auto transport = connector.value()->connect(ear);
  ASSERT_TRUE(transport) << transport.error().detail();
  (*transport)->send(ear.awaited);
  EXPECT_EQ(ear.heard.get_future().wait_for(kLimit), std::future_status::ready);
  (*transport)->close();
  auto closed = ear.closed.get_future();
  ASSERT_EQ(closed.wait_for(kLimit), std::future_status::ready);
  EXPECT_EQ(closed.get(), "closed");
}

TEST_F(TlsTest, WhoSpeaksNoTlsIsNoReasonToWait) {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  std::thread answering([&] {
    for (int i = 0; i < 2; ++i) {
      tcp::socket socket = acceptor.accept();
      std::array<char, 4096> hello{};
      socket.read_some(asio::buffer(hello));
      asio::write(socket, asio::buffer(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n")));
    }
  });
  const std::string at = "://localhost:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  const auto trust = Trust::make({}).value();
  const auto page = get_page("https" + at, kLimit, trust);
  Ear ear;
  const auto connected = websocket_connector(reactor_, "wss" + at, trust).value()->connect(ear);
  answering.join();
  ASSERT_FALSE(page);
  EXPECT_NE(page.error().detail().find("TLS: "), std::string::npos) << page.error().detail();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind(), "not_a_bus") << connected.error().detail();
}

TEST_F(TlsTest, AnAddressOfTlsNeedsTrust) {
  const auto connector = websocket_connector(reactor_, "wss://localhost:1/", nullptr);
  ASSERT_FALSE(connector);
  EXPECT_EQ(connector.error().kind(), "bad_address");
}

TEST_F(TlsTest, AFileThatIsNoneIsNamed) {
  auto known = authority();
  const auto own = known.issue("one").value(), other = known.issue("two").value();
  const auto why = [](const std::string& ca, const std::string& certificate,
                      const std::string& key) {
    const auto trust = Trust::make({.ca = ca, .certificate = certificate, .key = key});
    return trust ? "" : trust.error().detail();
  };
  EXPECT_EQ(why("/nowhere/ca.pem", "", ""), "tls.ca: /nowhere/ca.pem cannot be read");
  EXPECT_NE(why(own.key, "", "").find("holds no certificate"), std::string::npos);
  EXPECT_NE(why("", own.key, own.key).find("tls.certificate: "), std::string::npos);
  EXPECT_NE(why("", own.certificate, other.key).find("is not the certif"), std::string::npos);
}

TEST_F(TlsTest, ATargetAndItsSiblingsHaveCertificatesOfTheirOwn) {
  const auto file =
      parse_target(
          "launch: {command: [bus], env: {CERT: \"${tls_certificate}\", KEY: \"${tls_key}\", CA: "
          "\"${tls_ca}\"}}\nconnect: {websocket: \"wss://localhost:${port}/\"}\ntls: {made: true}",
          "bus.yaml", "/")
          .value();
  const auto target = Target::make(reactor_, file, work_ / "target");
  ASSERT_TRUE(target) << target.error().detail();
  EXPECT_TRUE((*target)->trust());
  const auto& told = (*target)->file().launch->env;
  const Server server({.certificate = told.at("CERT"), .key = told.at("KEY")}, told.at("CA"));
  EXPECT_TRUE(get_page(server.at("https", "localhost"), kLimit, (*target)->trust()));
  const auto node = (*target)->node(2);
  ASSERT_TRUE(node) << node.error().detail();
  EXPECT_EQ((*node)->file().launch->env, told);
  EXPECT_TRUE(get_page(server.at("https", "localhost"), kLimit, (*node)->trust()));
}

}  // namespace
}  // namespace busproof::targets
