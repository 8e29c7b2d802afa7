#include "suites/targets/trust.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <fstream>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

namespace busproof::targets {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using contract::refused;
using contract::Result;

Result<void> wrong(const char* key, const std::string& file, std::string_view what) {
  const bool there = std::ifstream(file).good();
  return refused("bad_target", fmt::format("tls.{}: {} {}", key, file,
                                           there ? what : std::string_view("cannot be read")));
}

Result<void> load(ssl::context& context, const Tls& tls) {
  error_code failed;
  if (tls.ca.empty())
    context.set_default_verify_paths(failed);
  else
    context.load_verify_file(tls.ca, failed);
  if (failed) return wrong("ca", tls.ca, "holds no certificate as PEM");
  if (tls.certificate.empty()) return {};
  context.use_certificate_chain_file(tls.certificate, failed);
  if (failed) return wrong("certificate", tls.certificate, "holds no certificate as PEM");
  context.use_private_key_file(tls.key, ssl::context::pem, failed);
  if (failed || SSL_CTX_check_private_key(context.native_handle()) != 1)
    return wrong("key", tls.key, "is not the certificate's key");
  return {};
}

bool is_address(const std::string& host) {
  error_code failed;
  boost::asio::ip::make_address(host, failed);
  return !failed;
}

}  // namespace

Result<std::shared_ptr<const Trust>> Trust::make(const Tls& tls) {
  std::shared_ptr<Trust> trust(new Trust());  // The constructor is private.
  trust->context_ = std::make_shared<ssl::context>(ssl::context::tls_client);
  trust->insecure_ = tls.insecure;
  SSL_CTX_set_min_proto_version(trust->context_->native_handle(), TLS1_2_VERSION);
  constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(trust->context_->native_handle(), kHttp11.data(), kHttp11.size());
  if (auto loaded = load(*trust->context_, tls); !loaded) {
    ERR_clear_error();
    return tl::make_unexpected(loaded.error());
  }
  trust->context_->set_verify_mode(tls.insecure ? ssl::verify_none : ssl::verify_peer);
  return std::shared_ptr<const Trust>(std::move(trust));
}

void Trust::expect(ssl_st* connection, const std::string& host) const {
  if (!is_address(host))  // As SSL_set_tlsext_host_name(), whose cast is of the old style.
    SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  if (insecure_) return;
  if (is_address(host))
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str());
  else
    SSL_set1_host(connection, host.c_str());
}

std::string Trust::doubt(ssl_st* connection) {
  const long said = SSL_get_verify_result(connection);
  if (said == X509_V_OK || SSL_get_verify_mode(connection) == SSL_VERIFY_NONE) return {};
  return fmt::format(
      "its certificate is not believed: {}; the target's tls.ca names whom to trust, and "
      "tls.insecure: true believes anyone",
      X509_verify_cert_error_string(said));
}

bool is_secure(const std::string& url) {
  return url.starts_with("wss://") || url.starts_with("https://");
}

}  // namespace busproof::targets
