// Source: CFG-2; RFC 8446, RFC 7301.
#include "reference/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace reference {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr const char* kCertificate = "REFBUS_TLS_CERT";
constexpr const char* kKey = "REFBUS_TLS_KEY";
constexpr const char* kClientCa = "REFBUS_TLS_CLIENT_CA";

std::string wrong(const char* variable, const std::string& file, const std::string& why) {
  return std::string(variable) + "=" + file + " is not allowed: " + why;
}

std::optional<std::string> unreadable(const char* variable, const std::string& file) {
  errno = 0;
  std::ifstream source(file, std::ios::binary);
  if (source && source.peek() != std::ifstream::traits_type::eof()) return std::nullopt;
  return wrong(variable, file, errno == 0 ? "the file is empty" : std::strerror(errno));
}

// HTTP/1.1 is all that is spoken here; who wants something else alone is told so.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* /*unused*/) {
  constexpr std::string_view kSpoken = "\x08http/1.1";
  unsigned char* found = nullptr;
  const auto* spoken = reinterpret_cast<const unsigned char*>(kSpoken.data());
  if (SSL_select_next_proto(&found, size, spoken, kSpoken.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<ssl::context> bare_context() {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Who comes again brings a ticket; nothing is kept of those who never do.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  constexpr unsigned char kName[] = "refbus";
  SSL_CTX_set_session_id_context(native, kName, sizeof kName - 1);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  return context;
}

std::optional<std::string> take_certificate(ssl::context& context, const std::string& file) {
  if (auto why = unreadable(kCertificate, file)) return why;
  error_code failed;
  context.use_certificate_chain_file(file, failed);
  if (!failed) return std::nullopt;
  return wrong(kCertificate, file, "it holds no certificate as PEM");
}

std::optional<std::string> take_key(ssl::context& context, const std::string& certificate,
                                    const std::string& file) {
  if (auto why = unreadable(kKey, file)) return why;
  bool locked = false;
  error_code failed;
  context.set_password_callback(
      [&locked](std::size_t /*at most*/, ssl::context::password_purpose /*unused*/) {
        locked = true;
        return std::string();
      });
  context.use_private_key_file(file, ssl::context::pem, failed);
  context.set_password_callback(
      [](std::size_t /*at most*/, ssl::context::password_purpose /*unused*/) {
        return std::string();
      });
  if (locked) return wrong(kKey, file, "it has a passphrase; a key without one is needed");
  const int reason = failed ? ERR_GET_REASON(static_cast<unsigned long>(failed.value())) : 0;
  const bool other = reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH;
  if (failed && !other) return wrong(kKey, file, "it holds no private key as PEM");
  ERR_clear_error();
  if (!other && SSL_CTX_check_private_key(context.native_handle()) == 1) return std::nullopt;
  ERR_clear_error();
  return wrong(kKey, file, "it does not fit the certificate in " + certificate);
}

std::optional<std::string> take_client_ca(ssl::context& context, const std::string& file) {
  if (auto why = unreadable(kClientCa, file)) return why;
  error_code failed;
  context.load_verify_file(file, failed);
  auto* const names = SSL_load_client_CA_file(file.c_str());
  if (failed || names == nullptr) {
    ERR_clear_error();
    return wrong(kClientCa, file, "it holds no certificates as PEM");
  }
  SSL_CTX_set_client_CA_list(context.native_handle(), names);  // It is the context's now.
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return std::nullopt;
}

std::optional<std::string> doubt_about(ssl::context& context) {
  const X509* const certificate = SSL_CTX_get0_certificate(context.native_handle());
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return "the certificate has expired: clients that verify it stay away";
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    return "the certificate is not valid yet: clients that verify it stay away";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_tls(Tls& tls, Lookup lookup) {
  const auto certificate = lookup(kCertificate), key = lookup(kKey), client_ca = lookup(kClientCa);
  const auto given = [](const std::optional<std::string>& text) { return text && !text->empty(); };
  if (!given(certificate)) {
    for (const auto& [name, other] : {std::pair(kKey, key), std::pair(kClientCa, client_ca)})
      if (given(other))
        return std::string(kCertificate) + "= is not allowed: " + name + " needs a certificate";
    return std::nullopt;
  }
  if (!given(key)) return std::string(kKey) + "= is not allowed: a certificate needs its key";
  auto context = bare_context();
  if (auto why = take_certificate(*context, *certificate)) return why;
  if (auto why = take_key(*context, *certificate, *key)) return why;
  if (given(client_ca))
    if (auto why = take_client_ca(*context, *client_ca)) return why;
  tls.warning = doubt_about(*context);
  tls.context = std::move(context);
  return std::nullopt;
}

}  // namespace reference
