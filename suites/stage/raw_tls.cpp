#include "suites/stage/raw_tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include <boost/asio/ssl/context.hpp>

namespace busproof::stage {
namespace {

constexpr std::size_t kPiece = 65'536;

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    // The socket has a limit of its own for that.
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

RawTls::RawTls(std::shared_ptr<const targets::Trust> trust, const std::string& host)
    : trust_(std::move(trust)), ssl_(SSL_new(trust_->context().native_handle()), SSL_free) {
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl_.get());
  trust_->expect(ssl_.get(), host);
}

std::string RawTls::unsent() {
  BIO* const out = SSL_get_wbio(ssl_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  const int taken = BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max(taken, 0)));
  return bytes;
}

std::string RawTls::shake_hands(int socket, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::string piece(kPiece, '\0');
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const int want = SSL_get_error(ssl_.get(), result);
    if (!send_all(socket, unsent())) return "TLS: the connection broke";
    if (result == 1) return {};
    if (want != SSL_ERROR_WANT_READ) {
      const std::string doubt = targets::Trust::doubt(ssl_.get());
      const char* const reason = ERR_reason_error_string(ERR_get_error());
      return doubt.empty() ? std::string("TLS: ") + (reason == nullptr ? "failed" : reason) : doubt;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
      return "TLS: no answer in time";
    const auto count = ::recv(socket, piece.data(), piece.size(), MSG_DONTWAIT);
    if (count <= 0) return "TLS: the connection ended";
    BIO_write(SSL_get_rbio(ssl_.get()), piece.data(), static_cast<int>(count));
  }
}

std::string RawTls::seal(std::string_view plain) {
  // A buffer in memory takes all of it at once.
  if (!plain.empty()) SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  return unsent();
}

std::optional<std::string> RawTls::open(std::string_view sealed) {
  BIO_write(SSL_get_rbio(ssl_.get()), sealed.data(), static_cast<int>(sealed.size()));
  std::string plain, piece(kPiece, '\0');
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (count > 0) {
      plain.append(piece, 0, static_cast<std::size_t>(count));
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), count);
    // The last word of TLS is not the connection's end: that is seen on the socket.
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN) return plain;
    return std::nullopt;
  }
}

}  // namespace busproof::stage
