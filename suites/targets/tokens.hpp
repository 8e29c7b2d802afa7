// The tokens that a bus demands: made here, where it takes JSON Web Tokens, else as given.
//
// A bus that is launched gets a key of its own with each start of a run: nothing secret stands in a
// target file.
//
// Threads: any; immutable.
// Errors:  "bad_target" where a key cannot be read or made.
// Source:  RFC 7515, RFC 7518, RFC 7519.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "suites/contract/result.hpp"

struct evp_pkey_st;

namespace busproof::targets {

/// What the target file says of tokens.
struct Auth {
  enum class Carry : std::uint8_t { hello, header, subprotocol };
  std::string algorithm = {};    ///< "HS256", "RS256", "ES256"; empty: they are given.
  std::string secret = {};       ///< HS256; empty: one is made.
  std::string private_key = {};  ///< The file of RS256 and ES256, PEM; empty: one is made.
  std::string audience = {}, issuer = {};
  std::string good = {}, expired = {};  ///< Those that are given; empty: none.
  Carry carry = Carry::hello;           ///< How a good one is brought.
};

class Tokens {
 public:
  /// A public key is written below `work`.
  static contract::Result<std::shared_ptr<const Tokens>> make(const Auth& auth,
                                                              const std::filesystem::path& work);

  [[nodiscard]] const Auth& auth() const { return auth_; }
  [[nodiscard]] bool makes() const { return !auth_.algorithm.empty(); }

  /// What a launch may be told of them: "auth_secret", or "auth_public_key", a file.
  [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }

  /// One that is good for who says hello so, and for an hour; nothing where none is given.
  [[nodiscard]] std::optional<std::string> good(const boost::json::object& who = {}) const;

  enum class Sign : std::uint8_t {
    right,
    other_key,   ///< Of the right kind.
    other_kind,  ///< Another algorithm, its key the public one where there is one.
    none,        ///< "alg": "none", and no signature
  };
  struct Wanted {
    std::int64_t ends = 0;  ///< Seconds since 1970.
    std::string audience = {};
    Sign sign = Sign::right;
    boost::json::object who = {};
  };
  /// Only where makes().
  [[nodiscard]] std::string jwt(const Wanted& wanted) const;

  /// Good ones that were changed behind their signature's back.
  [[nodiscard]] std::vector<std::string> altered() const;

  /// What makes them worth keeping from others: the secret that the bus was started with.
  [[nodiscard]] std::string secret() const { return auth_.secret; }

 private:
  Tokens() = default;
  [[nodiscard]] std::string signature(const std::string& text, Sign sign) const;

  Auth auth_;
  std::map<std::string, std::string> values_;
  std::string public_pem_;
  std::shared_ptr<evp_pkey_st> key_, other_key_;
};

/// What of a token nobody may learn: its signature, of a JSON Web Token, else all of it.
std::string secret_part(const std::string& token);

/// So many random bytes as text of twice as many hexadecimal digits.
std::string random_hex(std::size_t bytes);

}  // namespace busproof::targets
