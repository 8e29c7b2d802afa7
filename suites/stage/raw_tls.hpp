// RawTls: what a raw peer says, sealed as TLS has it, and what it hears, opened. The bytes go over
// the peer's own socket; nothing is sent here but the handshake.
//
// Threads: one at a time.
// Errors:  in words, for people.
// Source:  RFC 8446.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "suites/targets/trust.hpp"

struct ssl_st;

namespace busproof::stage {

class RawTls {
 public:
  /// The other end is to be `host`.
  RawTls(std::shared_ptr<const targets::Trust> trust, const std::string& host);

  /// Over a connected socket; why it failed, or nothing.
  std::string shake_hands(int socket, std::chrono::milliseconds limit);

  /// As it goes over the wire.
  std::string seal(std::string_view plain);

  /// What those bytes from the wire complete; nothing where they are no TLS, or an alert.
  std::optional<std::string> open(std::string_view sealed);

 private:
  std::string unsent();

  std::shared_ptr<const targets::Trust> trust_;
  std::shared_ptr<ssl_st> ssl_;
};

}  // namespace busproof::stage
