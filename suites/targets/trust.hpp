// Trust: whom the harness believes to be the bus at the other end of TLS, and whom it says to be.
//
// A certificate must be of an authority that is trusted, in its time, and made out to the host that
// was asked for, unless the target says "insecure".
//
// Threads: any; immutable once made.
// Errors:  "bad_target" with the file and what is wrong with it.
// Source:  RFC 8446, RFC 9110 section 4.3.4.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "suites/contract/result.hpp"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl
struct ssl_st;

namespace busproof::targets {

/// What a target says of TLS; files are PEM.
struct Tls {
  std::string ca;           ///< Whom to trust; empty: whom this system trusts.
  std::string certificate;  ///< Shown to a bus that asks for one; empty: none.
  std::string key;          ///< Its key.
  bool insecure = false;    ///< Whoever answers is believed to be the bus.
  bool made = false;        ///< All of these are made, for the bus as well.
};

class Trust {
 public:
  static contract::Result<std::shared_ptr<const Trust>> make(const Tls& tls);

  /// What a client's connections are made of.
  [[nodiscard]] boost::asio::ssl::context& context() const { return *context_; }

  /// Before the handshake: whom it is with.
  void expect(ssl_st* connection, const std::string& host) const;

  /// Why the certificate that was shown is not believed; empty where it is, or none was shown.
  [[nodiscard]] static std::string doubt(ssl_st* connection);

 private:
  Trust() = default;
  std::shared_ptr<boost::asio::ssl::context> context_;
  bool insecure_ = false;
};

/// Whether an address is one of TLS: wss:// or https://.
bool is_secure(const std::string& url);

}  // namespace busproof::targets
