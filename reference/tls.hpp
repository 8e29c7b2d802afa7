// TLS as configured: a certificate with its key, and maybe whose clients may come in.
//
// REFBUS_TLS_CERT and REFBUS_TLS_KEY are files of PEM: the certificate with those between it and
// the root behind it, and its key without a passphrase. They are read once, at the start. With
// REFBUS_TLS_CLIENT_CA, a file of PEM, only who shows a certificate of one of those gets through
// the handshake. TLS 1.2 at least; ALPN: http/1.1.
//
// Threads: values only. Errors: which variable is wrong, and why.
// Source: CFG-2.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace reference {

struct Tls {
  std::shared_ptr<boost::asio::ssl::context> context;  ///< null: not asked for
  /// What is wrong with the certificate and still no reason not to start: it has expired, say.
  std::optional<std::string> warning;
};

/// A variable's value, or nothing where it is not set.
using Lookup = std::optional<std::string> (*)(const std::string& name);

/// Reads them into `tls`; why the bus does not start, where it can't.
std::optional<std::string> read_tls(Tls& tls, Lookup lookup);

}  // namespace reference
