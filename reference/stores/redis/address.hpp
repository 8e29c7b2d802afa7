// Where a Redis server is and how to be let in: what REDIS_URL says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace reference::stores::redis {

struct Address {
  std::string socket;  ///< path of a unix socket; empty: host and port
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string user;
  std::string password;
  int database = 0;

  /// For people: without user and password.
  [[nodiscard]] std::string text() const;
  bool operator==(const Address&) const = default;
};

/// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` or `unix:///PATH[?db=DATABASE]`; a string
/// says what is wrong with it, and never holds the password.
std::variant<Address, std::string> parse_url(const std::string& url);

}  // namespace reference::stores::redis
