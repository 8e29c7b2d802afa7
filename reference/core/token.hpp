// JSON Web Tokens (RFC 7519, signed as RFC 7515 and 7518 say): who their bearer is, and until when.
//
// How a token must be signed is fixed by the configuration; what the token says of that only has to
// agree. The time comes in as data.
//
// Threads: pure; an Authority is immutable. Errors: the first Flaw that counts.
// Source: SEC-3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference/core/ids.hpp"

struct evp_pkey_st;

namespace reference::core {

class Policies;

enum class Algorithm : std::uint8_t { hs256, rs256, es256 };

std::optional<Algorithm> parse_algorithm(std::string_view name);

/// What a token may lack.
enum class Flaw : std::uint8_t {
  malformed,
  not_signed,  ///< its algorithm is `none`
  algorithm,   ///< it is another one than the configured
  signature,
  expired,
  not_yet,
  audience,
  issuer,
};

/// The end of a sentence that begins "the token".
std::string_view flaw_text(Flaw flaw);

/// What tokens are held to.
class Authority {
 public:
  /// `key` is the secret of HS256, else a public key as PEM; why it is none, where it can't be.
  static std::variant<std::shared_ptr<Authority>, std::string> make(Algorithm algorithm,
                                                                    std::string key);

  std::optional<std::string> audience{};  ///< where there is one, a token must be meant for it
  std::optional<std::string> issuer{};    ///< and must come from there

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }

  /// Whether that is the signature of `text` under `algorithm` and this key.
  [[nodiscard]] bool signed_by_it(Algorithm algorithm, std::string_view text,
                                  std::string_view signature) const;
  /// As make() has checked them.
  Authority(Algorithm algorithm, std::string key, std::shared_ptr<evp_pkey_st> pkey);

 private:
  Algorithm algorithm_;
  std::string key_;
  std::shared_ptr<evp_pkey_st> pkey_;  ///< null for HS256
};

/// Who a token says that its bearer is.
struct Bearer {
  std::optional<std::string> session, user, agent, workspace;
  Instant ends = 0;

  /// Whether it is the same one, whenever its token ends.
  [[nodiscard]] bool same_as(const Bearer& other) const;
};

std::variant<Bearer, Flaw> read_token(const Authority& authority, const Policies& policies,
                                      std::string_view token, Instant now);

}  // namespace reference::core
